"""The outbox table as a Django model, so that `migrate` makes it."""

from __future__ import annotations

from django.db import models

from indelible.client.outbox import TABLE


class OutboxRow(models.Model):  # type: ignore[misc] # Django ships no types
    """An event that waits for the relay; see `indelible.client.outbox`."""

    id = models.BigAutoField(primary_key=True)
    event_id = models.CharField(max_length=36)
    event = models.TextField()
    problem = models.TextField(null=True)  # the column is shared with other writers

    class Meta:
        """The same table as `indelible outbox create` makes."""

        db_table = TABLE
        app_label = "indelible"
