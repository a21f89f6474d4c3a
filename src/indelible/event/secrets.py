"""
Finds secrets in a text by their look: tokens of vendors, keys, cards, passwords in URLs.

The forms are those that the vendors publish for secret scanners, narrow enough that an ordinary id
is not taken for one.
"""

from __future__ import annotations

import re

_TOKENS = (
    r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",  # JSON web token
    r"\bind_[a-z]_[A-Za-z0-9_]{16,}",  # a key or viewer token of our own
    r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b",  # AWS
    r"\bgh[pousr]_[A-Za-z0-9]{30,}",  # GitHub
    r"\bgithub_pat_[A-Za-z0-9_]{40,}",
    r"\bgl(?:pat|rt|dt|ft|soat|cbt)-[A-Za-z0-9_-]{20,}",  # GitLab
    r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",  # Slack
    r"hooks\.slack\.com/services/[A-Za-z0-9/]{20,}",
    r"\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}",  # Stripe
    r"\bwhsec_[A-Za-z0-9+/=]{16,}",
    r"\bAIza[A-Za-z0-9_-]{35}",  # Google
    r"\bya29\.[A-Za-z0-9_-]{20,}",
    r"\bsk-(?:proj-|ant-|svcacct-)?[A-Za-z0-9_-]{20,}",  # OpenAI, Anthropic
    r"\bnpm_[A-Za-z0-9]{36}",
    r"\bpypi-[A-Za-z0-9_-]{40,}",
    r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",  # SendGrid
    r"\bSK[0-9a-f]{32}\b",  # Twilio
    r"\bdop_v1_[0-9a-f]{64}",  # DigitalOcean
    r"\bhvs\.[A-Za-z0-9_-]{20,}",  # Vault
    r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",  # Shopify
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END[^-]*-----|\Z)",
)
# What follows these words is the secret; the word itself stays readable. Each has the pieces of
# text without which it cannot match, because looking for these costs a tenth.
_AFTER = (
    (("://",), r"(?<=://)[^\s/:@]*:(?P<url>[^\s/@]+)(?=@)"),
    (
        ("earer", "asic", "igest", "EARER", "ASIC", "IGEST"),
        r"\b(?:Bearer|Basic|Digest)\s+(?P<scheme>[A-Za-z0-9._~+/=-]{8,})",
    ),
    (
        ("=", ":"),
        (
            r"(?:passw(?:or)?d|passphrase|passcode|pwd|secret|token|api[_-]?key|access[_-]?key"
            r"|account[_-]?key|private[_-]?key|secret[_-]?key|session[_-]?id|authorization|cookie)"
            r"\\*[\"']?\s*(?:=|:)\s*"
            r"(?P<pair>\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?|\\+[\"'][^\"'\\]*(?:\\+[\"'])?"
            r"|(?:(?:Bearer|Basic|Digest)\s+)?[^\s,;&\"'})]+)"
        ),
    ),
    # A cookie header holds several pairs: all of the line.
    (
        ("ookie", "OOKIE"),
        r"cookie\s*:\s*(?P<cookie>[^\s\"'][^\r\n]*)",
    ),
    # Links that whoever has them may use: S3, Google, Azure.
    (("ignature=", "sig="), r"[?&;](?:x-amz-signature|x-goog-signature|sig)=(?P<link>[^\s&\"'#]+)"),
)
_TOKEN_PIECES = (
    "eyJ", "ind_", "AKIA", "ASIA", "ABIA", "ACCA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_",
    "github_pat_", "gl", "xox", "slack.com", "_live_", "_test_", "whsec_", "AIza", "ya29.", "sk-",
    "npm_", "pypi-", "SG.", "SK", "dop_v1_", "hvs.", "shp", "-----BEGIN",
)  # fmt: skip
_TOKEN = re.compile("|".join(_TOKENS), re.DOTALL)
_FINDERS = tuple(
    (pieces, re.compile(pattern, re.IGNORECASE | re.DOTALL)) for pieces, pattern in _AFTER
)
_DIGITS = re.compile(r"\d{4}[ -]?\d{4}")
_CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-])")
_ISSUER = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:2[2-9]|[3-6]\d|7[01])\d{13}|3[47]\d{13}"
    r"|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}"
)
_SHORTEST = 8
# Short texts without a secret, because endpoints, names and states come again and again; texts
# with one are never kept.
_REMEMBERED, _REMEMBERED_LENGTH = 4096, 128
_clean: set[str] = set()


def find_secrets(text: str) -> list[tuple[int, int]]:
    """Where the text holds secrets: (start, end), in order, none overlapping another."""
    if len(text) < _SHORTEST or text in _clean:
        return []
    found: list[tuple[int, int]] = []
    for piece in _TOKEN_PIECES:
        if piece in text:
            found = [match.span() for match in _TOKEN.finditer(text)]
            break
    for pieces, finder in _FINDERS:
        if any(piece in text for piece in pieces):
            found += [match.span(match.lastgroup or 0) for match in finder.finditer(text)]
    if _DIGITS.search(text):
        found += [match.span() for match in _CARD.finditer(text) if _is_card(match[0])]
    if not found:
        if len(text) <= _REMEMBERED_LENGTH:
            if len(_clean) >= _REMEMBERED:
                _clean.clear()
            _clean.add(text)
        return found
    spans: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def is_known_clean(text: str) -> bool:
    """Whether the text was looked through before and has no secret."""
    return text in _clean


def forms_of_secrets() -> list[str]:
    """The forms that are looked for, as text, to be hashed."""
    return [*_TOKENS, *(pattern for _, pattern in _AFTER), _CARD.pattern, _ISSUER.pattern]


def is_card_number(number: int) -> bool:
    """Whether a number, not a text, is that of a card; times in any unit are none."""
    return 3 * 10**13 <= number < 7 * 10**15 and _is_card(str(number))


def _is_card(text: str) -> bool:
    digits = text.replace(" ", "").replace("-", "")
    if _ISSUER.fullmatch(digits) is None:
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
