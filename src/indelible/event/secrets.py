"""
Finds secrets in a text by their look: tokens of vendors, keys, cards, passwords in URLs.

The forms are those that the vendors publish for secret scanners, narrow enough that an ordinary id
is not taken for one.
"""

from __future__ import annotations

import re

from indelible.event.numbers import find_numbers, forms_of_numbers

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
_WORDS = (
    r"(?:passw(?:or)?d|passphrase|passcode|pwd|secret|token|api[_-]?key|access[_-]?key"
    r"|account[_-]?key|private[_-]?key|secret[_-]?key|session[_-]?id|authorization|cookie)"
)
# What follows these words is the secret; the word itself stays readable. Each has the pieces of
# text without which it cannot match, because looking for these costs a tenth.
_AFTER = (
    # A password may hold a slash; a port before a path is none.
    (
        ("://",),
        (
            r"(?<=://)[^\s/:@\[]*:(?!\d{1,5}[/?#])"
            r"(?P<url>[^\s/@]+|[^\s@\"'<>]{1,256})(?=@)"
        ),
    ),
    (
        ("earer", "asic", "igest", "EARER", "ASIC", "IGEST"),
        r"\b(?:Bearer|Basic|Digest)\s+(?P<scheme>[A-Za-z0-9._~+/=-]{8,})",
    ),
    (
        ("=", ":"),
        (
            _WORDS + r"\\*[\"']?\s*(?:=|:)\s*"
            r"(?P<pair>\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?|\\+[\"'][^\"'\\]*(?:\\+[\"'])?"
            r"|(?:(?:Bearer|Basic|Digest)\s+)?[^\s,;&\"'})]+)"
        ),
    ),
    # A passphrase has several words: up to the end of the line, a stop, or the next name.
    (
        (":", "hrase="),
        (
            r"(?:(?:passw(?:or)?d|pwd|passwort|kennwort)\\*[\"']?\s*:|passphrase\\*[\"']?\s*[:=])"
            r"[ \t]*(?P<phrase>[^\s,;&\"'})]+(?:[ \t]+(?![^\s,;&\"'})]*[=:])[^\s,;&\"'})]+)*)"
        ),
    ),
    # A query inside of another one, once or several times encoded.
    (
        ("%3", "%253"),
        (
            _WORDS + r"(?:%(?:25){0,3}22)?%(?:25){0,3}3[ad](?:%(?:25){0,3}2[02])*"
            r"(?P<encoded>(?:(?!%(?:25){0,3}2[26])[^\s&\"'])+)"
        ),
    ),
    # A code that OAuth gives for a token.
    (
        ("code=",),
        (
            r"[?&]code=(?P<code>(?=[^\s&\"'#]{0,64}\d)[^\s&\"'#]{16,}"
            r"|[^\s&\"'#]{6,256}+(?=&(?:state|session_state|iss|scope|redirect_uri)=)"
            r"|(?<=authorization_code&code=)[^\s&\"'#]+)"
        ),
    ),
    (
        ("ssn", "SSN", "Ssn", "ecurity", "ECURITY"),
        (
            r"(?<![a-z])(?:ssn|social[ _-]security(?:[ _-](?:number|no\.?))?)\\{0,3}[\"']?\s{0,3}"
            r"(?:[:=#]|is)?\s{0,3}\\{0,3}[\"']?(?P<ssn>\d{3}[ -]?\d{2}[ -]?\d{4})(?!\d)"
        ),
    ),
    (
        ("cvv", "cvc", "otp=", "pin=", "CVV", "CVC"),
        r"(?<![a-z])(?:cv[vc]2?|otp|pin)(?:=|:\s?)(?P<number>\d{3,8})(?!\d)",
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
_MARK = re.compile(r"[\"'\\]*\[redacted(?::[0-9a-f]{8})?\][\"'\\]*")
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
    found += find_numbers(text)
    # What was masked before keeps its mark: a second pass must not take equality from it.
    found = [span for span in found if not _MARK.fullmatch(text, *span)]
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
    return [*_TOKENS, *(pattern for _, pattern in _AFTER), *forms_of_numbers()]
