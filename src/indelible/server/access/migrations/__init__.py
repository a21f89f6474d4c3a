"""
The schema of the control database, as Alembic revisions written by hand (`versions/`).

One file per step: `revision` is its number as four digits, `down_revision` the one before. A step
goes forward only: an older version of Indelible refuses a newer database, and the backup from
before the upgrade is the way back. What is released is never edited.
"""
