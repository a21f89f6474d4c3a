"""The Django application: starts the hooks when all models are loaded."""

from __future__ import annotations

from django.apps import AppConfig


class IndelibleConfig(AppConfig):  # type: ignore[misc] # Django ships no types
    """`INSTALLED_APPS += ["indelible.capture.django"]`."""

    name = "indelible.capture.django"
    label = "indelible"
    verbose_name = "Indelible"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Called by Django once."""
        from indelible.capture.django import logins, tasks
        from indelible.capture.django.conf import hook_settings

        logins.listen()
        tasks.listen()
        settings = hook_settings()
        if settings.models and settings.delivery == "trigger":
            from indelible.capture.django import triggers

            triggers.listen()
        elif settings.models:
            from indelible.capture.django.changes import ModelCapture

            ModelCapture(settings).listen()
