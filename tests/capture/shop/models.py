"""Its models."""

from __future__ import annotations

from django.db import models


class Depot(models.Model):
    name = models.CharField(max_length=50)
    limit = models.DecimalField(max_digits=8, decimal_places=2, default=0)
    api_key = models.CharField(max_length=50, blank=True, default="")
    note = models.TextField(blank=True, default="")
    tags = models.ManyToManyField("Tag", related_name="depots")

    class Meta:
        app_label = "shop"


class Tag(models.Model):
    name = models.CharField(max_length=50)

    class Meta:
        app_label = "shop"


class Gate(models.Model):
    depot = models.ForeignKey(Depot, on_delete=models.CASCADE)
    title = models.CharField(max_length=50)

    class Meta:
        app_label = "shop"
