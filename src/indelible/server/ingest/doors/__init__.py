"""
Other doors than `POST /v1/events`: foreign forms in, bodies of events in the shape of the API out.

Pure, one file a form. What they make goes through the same parsing, limits and sealing as all else.
"""

from __future__ import annotations

from indelible.server.ingest.doors.cloudevents import read_cloudevents
from indelible.server.ingest.doors.otlp import OtlpLogs, read_otlp
from indelible.server.ingest.doors.syslog import Framer, read_syslog

__all__ = ["Framer", "OtlpLogs", "read_cloudevents", "read_otlp", "read_syslog"]
