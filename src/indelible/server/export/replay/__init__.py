"""Steps as something to paste: a table, or code that sends the same requests again."""

from indelible.server.export.replay.head import Head
from indelible.server.export.replay.replay import FORMATS, replay

__all__ = ["FORMATS", "Head", "replay"]
