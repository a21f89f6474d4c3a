"""Exports of whole filtered sets: one file per format, all streamed from one snapshot."""

from indelible.server.export.export import (
    FORMATS,
    WISH_NAMES,
    Export,
    Exporter,
    Format,
    Wish,
    parse_wish,
)

__all__ = ["FORMATS", "WISH_NAMES", "Export", "Exporter", "Format", "Wish", "parse_wish"]
