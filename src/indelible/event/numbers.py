"""Numbers of cards and bank accounts in a text, told from other numbers by their check digits."""

from __future__ import annotations

import re
from collections.abc import Iterator

_DIGITS = re.compile(r"\d{4}[ .-]?\d{4}")
_CARD = re.compile(
    r"(?<![\w.-])(?:\d{4}(?:\.\d{4}){3}|\d{4}\.\d{6}\.\d{4,5}|\d(?:[ -]?\d){12,18})(?![\w-])"
)
_ISSUER = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:2[2-9]|[3-6]\d|7[01])\d{13}|3[47]\d{13}"
    r"|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}[ \xa0]?[A-Z0-9]{4}")
# How long an account's number is in each country of the IBAN registry.
_IBAN_LENGTHS = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18"
    " DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22"
    " IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19"
    " MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31"
    " SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
)
_LENGTH_OF = {entry[:2]: int(entry[2:]) for entry in _IBAN_LENGTHS.split()}
_SPACES = " \xa0"


def find_numbers(text: str) -> list[tuple[int, int]]:
    """Where numbers of cards and of bank accounts stand."""
    found: list[tuple[int, int]] = []
    if _DIGITS.search(text):
        found += [match.span() for match in _CARD.finditer(text) if _is_card(match[0])]
    found += _ibans(text)
    return found


def forms_of_numbers() -> list[str]:
    """The forms that are looked for, as text, to be hashed."""
    return [_CARD.pattern, _ISSUER.pattern, _IBAN.pattern, _IBAN_LENGTHS]


def is_card_number(number: int) -> bool:
    """Whether a number, not a text, is that of a card; times in any unit are none."""
    return 3 * 10**13 <= number < 7 * 10**15 and _is_card(str(number))


def _is_card(text: str) -> bool:
    digits = text.replace(" ", "").replace("-", "").replace(".", "")
    if _ISSUER.fullmatch(digits) is None:
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    for match in _IBAN.finditer(text):
        start = match.start()
        length = _LENGTH_OF.get(text[start : start + 2])
        if length is None:
            continue
        # With or without a space between the letters, as it is printed and as it is typed.
        signs, at = "", start
        while at < len(text) and len(signs) < length:
            sign = text[at]
            if sign.isascii() and sign.isalnum():
                signs += sign
            elif sign not in _SPACES or text[at - 1] in _SPACES:
                break
            at += 1
        ends = at == len(text) or not text[at].isalnum()
        if ends and len(signs) == length and _is_account(signs.upper()):
            yield start, at


def _is_account(signs: str) -> bool:
    """ISO 13616: letters count from 10, the first four signs go last, 97 leaves 1."""
    return int("".join(str(int(sign, 36)) for sign in signs[4:] + signs[:4])) % 97 == 1
