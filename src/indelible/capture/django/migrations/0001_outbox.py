"""Makes the outbox table."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):  # type: ignore[misc] # Django ships no types
    """First."""

    initial = True
    dependencies = []  # type: ignore[var-annotated] # noqa: RUF012 - Django's own form
    operations = [  # noqa: RUF012 - Django's own form
        migrations.CreateModel(
            name="OutboxRow",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("event_id", models.CharField(max_length=36)),
                ("event", models.TextField()),
                ("problem", models.TextField(null=True)),
            ],
            options={"db_table": "indelible_outbox"},
        ),
    ]
