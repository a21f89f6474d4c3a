"""Exports: CSV and JSONL, streamed."""

from indelible.server.export.export import Export, Exporter, Format

__all__ = ["Export", "Exporter", "Format"]
