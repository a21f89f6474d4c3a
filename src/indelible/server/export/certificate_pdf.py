"""The certificate of an erasure as a page to print; the JSON beside it is what can be checked."""

from __future__ import annotations

import io
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

_REASONS = {
    "data-subject": "Request of the data subject",
    "authority": "Order of an authority",
    "error": "Secret, or recorded in error",
    "contract": "End of contract",
    "other": "Other",
}
_WHY = {
    "not-chosen": "not asked for",
    "reserved": "facts of the audit trail itself are never erased",
    "floor": "kept by a retention floor",
    "hold": "kept by a hold",
}
_MOST_ENTRIES = 400


def certificate_pdf(certificate: dict[str, Any], tenant: str) -> bytes:
    """One certificate; every text of it is inert."""
    styles = getSampleStyleSheet()
    body, small = styles["BodyText"], ParagraphStyle("small", parent=styles["BodyText"], fontSize=8)
    mono = ParagraphStyle("mono", parent=small, fontName="Courier", fontSize=7, leading=9)
    story: list[Any] = [
        Paragraph("Certificate of erasure", styles["Title"]),
        Paragraph(
            f"The log <b>{_shown(certificate['origin'])}</b> of {_shown(tenant)} has these parts"
            " no more. The entries named below declare it in the log itself.",
            body,
        ),
        Spacer(0, 5 * mm),
    ]
    rows = [
        ("Case", certificate["case"]),
        ("Reason", _REASONS[certificate["reason"]]),
        ("Erasure", certificate["erasure"]),
        ("Requested", f"{certificate['requested_at']} by {certificate['requested_by']}"),
        ("Approved by", certificate["approved_by"] or "nobody: no second person was asked for"),
        ("Done", certificate["done_at"]),
        ("Events", f"{certificate['events']:,}"),
        ("Parts erased", ", ".join(f"{name} {n:,}" for name, n in certificate["erased"].items())),
    ]
    story += [_table([(name, _shown(str(value))) for name, value in rows], body), Spacer(0, 5 * mm)]
    if certificate["left"]:
        story.append(Paragraph("What stays", styles["Heading2"]))
        story += [
            Paragraph(
                f"• {_shown(one['part'])} of {one['events']:,} events of "
                f"{_shown(one['category'])}: {_WHY[one['why']]}"
                + (f" until {one['until']}" if one["until"] else "")
                + (f" ({_shown(', '.join(one['holds']))})" if one["holds"] else ""),
                body,
            )
            for one in certificate["left"]
        ]
    story += [
        Paragraph("What this means", styles["Heading2"]),
        Paragraph(
            "Erasing the person part takes away names and addresses: what is left is pseudonymous."
            " It is anonymous only where the fact is gone as well. That an event existed, its place"
            " in the log, its category and its day of receipt remain, and prove nothing about"
            " anybody. Backups made before the erasure hold what they held.",
            body,
        ),
        Paragraph("How to check it", styles["Heading2"]),
        Paragraph(
            f"<font name='Courier'>indelible verify {_shown(certificate['erasure'])}"
            ".certificate.json</font> checks the file that belongs to this page, without the"
            " service. This page by itself proves nothing.",
            body,
        ),
        Paragraph("Entries", styles["Heading2"]),
    ]
    entries = certificate["entries"]
    for one in entries[:_MOST_ENTRIES]:
        last = one["first"] + one["count"] - 1
        range_ = f"{one['first']}" if one["count"] == 1 else f"{one['first']} to {last}"
        parts = ", ".join(one["parts"])
        story.append(Paragraph(f"entry {one['index']}: {parts} of {range_}", small))
    if len(entries) > _MOST_ENTRIES:
        more = len(entries) - _MOST_ENTRIES
        story.append(Paragraph(f"and {more:,} more, all of them in the JSON", small))
    story += [
        Paragraph("Checkpoint", styles["Heading2"]),
        Paragraph(_shown(certificate["checkpoint"]).replace("\n", "<br/>"), mono),
    ]
    return _built(story, f"Certificate of erasure {certificate['erasure']}")


class Page:
    """A page in the form of a certificate. Every text that it is given is shown, not obeyed."""

    def __init__(self, name: str) -> None:
        styles = getSampleStyleSheet()
        self._name = name
        self._title, self._heading = styles["Title"], styles["Heading2"]
        self._body = styles["BodyText"]
        self._mono = ParagraphStyle(
            "mono", parent=self._body, fontName="Courier", fontSize=7, leading=9
        )
        self._story: list[Any] = []

    def title(self, text: str) -> None:
        """The line on top."""
        self._story.append(Paragraph(_shown(text), self._title))

    def heading(self, text: str) -> None:
        """The line above a part."""
        self._story.append(Paragraph(_shown(text), self._heading))

    def text(self, text: str) -> None:
        """A paragraph."""
        self._story += [Paragraph(_shown(text), self._body), Spacer(0, 3 * mm)]

    def rows(self, rows: list[tuple[str, str]]) -> None:
        """Names and values in two columns."""
        shown = [(name, _shown(value)) for name, value in rows]
        self._story += [_table(shown, self._body), Spacer(0, 5 * mm)]

    def mono(self, text: str) -> None:
        """Text of a machine, line by line."""
        self._story.append(Paragraph(_shown(text).replace("\n", "<br/>"), self._mono))

    def made(self) -> bytes:
        """The whole file."""
        return _built(self._story, self._name)


def _built(story: list[Any], name: str) -> bytes:
    out = io.BytesIO()
    SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=20 * mm,
        rightMargin=20 * mm,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        title=name,
        author="Indelible",
        invariant=True,
    ).build(story)
    return out.getvalue()


def _table(rows: list[tuple[str, str]], style: Any) -> Table:
    cells = [[Paragraph(f"<b>{name}</b>", style), Paragraph(value, style)] for name, value in rows]
    table = Table(cells, colWidths=[35 * mm, 130 * mm])
    table.setStyle(
        TableStyle(
            [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.3, "#999999")]
        )
    )
    return table


def _shown(text: str) -> str:
    """A text that the page shows and does not obey; what its fonts lack is told by its number."""
    safe = "".join(
        one if one == "\n" or (one.isprintable() and ord(one) < 0x100) else f"<U+{ord(one):04X}>"
        for one in text
    )
    return escape(safe)
