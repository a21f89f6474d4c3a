"""
What a search means, in German.

The same parts as in English, put together by the same rules, in main clauses: "für die gilt: der
Vorgang ist AssignRole und der Status ist weder 404 noch 500".
"""

from __future__ import annotations

from typing import Final

from indelible.server.query.filters.base import Clause
from indelible.server.query.filters.numbers import SIGNS, compared
from indelible.server.query.tree import Field, Term, Word

JOINTS: Final = {"and": "und", "or": "oder", "neither": "weder", "nor": "noch"}
# Always, since, until, both, month, day, days, as `explain` puts them together.
TIMES: Final = (
    "zu jeder Zeit", "ab {}", "vor {}", " und ", "im {} {} {}", "am {}, 00:00 bis 24:00 {}",
    "von {} bis {} {}",
)  # fmt: skip
WEEKDAYS: Final = (
    "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag",
)  # fmt: skip
MONTHS: Final = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
    "November", "Dezember",
)  # fmt: skip
SUBJECTS: Final = {
    "actor": "der Akteur", "by": "der Akteur", "behalf": "der Vertretene",
    "endpoint": "der Endpunkt", "route": "die Route", "agent": "das Programm des Nutzers",
    "reason": "der Grund", "target": "das Ziel", "target.id": "die ID des Ziels",
    "target.name": "der Name des Ziels", "target.type": "die Art des Ziels",
    "change": "die Änderung", "change.path": "das geänderte Feld", "before": "der Wert davor",
    "after": "der Wert danach", "device": "das Gerät", "method": "die Methode",
    "operation": "der Vorgang", "outcome": "das Ergebnis", "category": "die Kategorie",
    "kind": "die Art des Akteurs", "severity": "die Schwere", "source": "die Quelle",
    "state": "der Zustand des Jobs", "queue": "die Warteschlange", "worker": "der Worker",
    "request": "die Anfrage", "session": "die Sitzung", "trace": "der Trace",
    "job": "der Job", "index": "der Eintrag", "attempt": "der Versuch",
    "duration": "die Dauer", "ip": "die IP-Adresse", "status": "der Status", "id": "die ID",
}  # fmt: skip
# In the accusative, and how it is denied.
PRESENT: Final = {
    "changes": ("Änderungen", "keine Änderungen"), "target": ("ein Ziel", "kein Ziel"),
    "actor": ("einen benannten Akteur", "keinen benannten Akteur"),
    "behalf": ("einen Vertretenen", "keinen Vertretenen"),
    "ip": ("eine IP-Adresse", "keine IP-Adresse"), "device": ("ein Gerät", "kein Gerät"),
    "agent": ("ein Programm des Nutzers", "kein Programm des Nutzers"),
    "method": ("eine Methode", "keine Methode"), "endpoint": ("einen Endpunkt", "keinen Endpunkt"),
    "category": ("eine Kategorie", "keine Kategorie"),
    "severity": ("eine Schwere", "keine Schwere"),
    "status": ("einen Status", "keinen Status"), "request": ("eine Anfrage", "keine Anfrage"),
    "session": ("eine Sitzung", "keine Sitzung"), "trace": ("einen Trace", "keinen Trace"),
    "source": ("eine Quelle", "keine Quelle"), "job": ("einen Job", "keinen Job"),
    "state": ("einen Zustand", "keinen Zustand"),
    "queue": ("eine Warteschlange", "keine Warteschlange"),
    "worker": ("einen Worker", "keinen Worker"), "reason": ("einen Grund", "keinen Grund"),
    "metadata": ("Metadaten", "keine Metadaten"),
}  # fmt: skip
# Values of closed sets, in words; `query.values` of the screen has the same.
VALUES: Final = {
    "outcome": {
        "success": "Erfolg", "denied": "abgelehnt", "failure": "Fehler", "unknown": "ohne Angabe",
    },
    "kind": {
        "user": "Person", "service": "Dienst", "api_key": "API-Schlüssel", "external": "extern",
        "system": "System", "task": "Aufgabe", "anonymous": "anonym",
    },
    "state": {
        "queued": "wartend", "started": "laufend", "succeeded": "erfolgreich",
        "failed": "fehlgeschlagen", "retried": "wiederholt", "cancelled": "abgebrochen",
    },
}  # fmt: skip
FIRST: Final = {
    "ip": "die Adresse", "device": "das Gerät", "agent": "das Programm des Nutzers",
    "operation": "der Vorgang",
}  # fmt: skip
# English words for comparisons, as the filters write them → German.
_WORDS: Final = dict(
    zip(SIGNS.values(), ("unter ", "höchstens ", "über ", "mindestens "), strict=True)
)
_NEGATIVES: Final = {"ist": "ist nicht", "enthält": "enthält nicht"}


def german_clause(term: Term, english: Clause) -> Clause:
    """The clause of a term; what its value is compared like is told by the English one."""
    if isinstance(term, Word):
        value = english.value.replace("“", "„", 1).removesuffix("”") + "“"
        return Clause(subject="der Text", verb="enthält", negative="enthält nirgends", value=value)
    name = term.value.lower()
    if term.name == "has" and name == "error":
        return Clause(
            subject="das Ereignis", verb="ist", negative="ist nicht", value="fehlgeschlagen"
        )
    if term.name == "has":
        some, none = PRESENT[name]
        return Clause(subject="das Ereignis", verb="hat", negative="hat", value=some, opposite=none)
    if term.name == "first":
        return Clause(
            subject=FIRST[name],
            verb="ist",
            negative="ist nicht",
            value="neu für den Akteur in diesem Zeitraum",
        )
    verb = "enthält" if english.verb == "contains" else "ist"
    value = _value(term, english.value)
    note = f" (N/A zählt als nicht {value})" if english.note else ""
    return Clause(
        subject=SUBJECTS[term.name], verb=verb, negative=_NEGATIVES[verb], value=value, note=note
    )


def _value(field: Field, english: str) -> str:
    if (ours := VALUES.get(field.name, {}).get(field.value.lower())) is not None:
        return ours
    if ".." in field.value and english.startswith("from "):
        low, high = field.value.split("..", 1)
        return f"von {low} bis {high}"
    if field.name in ("status", "index", "attempt", "duration"):
        for word, ours in _WORDS.items():
            if english == compared(field.value.lower()) and english.startswith(word):
                return ours + english.removeprefix(word)
    return english
