"""Trust policies: the quorum, and what may not be written."""

from __future__ import annotations

import pytest
from tests.sample_ledger import SeededRandom

from indelible.errors import BadSignature, MalformedProof
from indelible.tlog.policy import parse_policy
from indelible.tlog.signature import ED25519, ED25519_COSIGNATURE, SigningKey, encode_vkey


def vkey(name: str, algorithm: int = ED25519_COSIGNATURE) -> str:
    return encode_vkey(SigningKey.generate(name, SeededRandom(name.encode()), algorithm).vkey)


LOG = f"log {vkey('log.example', ED25519)}\n"
WITNESSES = "".join(f"witness {n} {vkey(n)}\n" for n in ("X1", "X2", "X3", "Y1", "Y2"))
POLICY = f"""# two operators
{LOG}
\t{WITNESSES}
group X 2 X1 X2 X3
group Y any Y1 Y2
 group both all X Y\t
quorum both
"""


@pytest.mark.parametrize(
    ("names", "enough"),
    [
        ("X1 X2 Y1", True),
        ("X1 X3 Y2", True),
        ("X1 Y1 Y2", False),
        ("X1 X2 X3", False),
        ("", False),
    ],
)
def test_a_quorum_of_groups(names: str, enough: bool) -> None:
    policy = parse_policy(POLICY.encode())
    keys = [w.key for w in policy.witnesses if w.name in names.split()]
    if enough:
        policy.check_quorum(keys)
    else:
        with pytest.raises(BadSignature) as caught:
            policy.check_quorum(keys)
        assert caught.value.code == "quorum-not-met"


def test_quorum_none_asks_for_nobody() -> None:
    parse_policy(f"{LOG}quorum none\n".encode()).check_quorum([])


@pytest.mark.parametrize(
    "text",
    [
        LOG,
        f"{LOG}quorum none",
        f"{LOG}quorum none\nquorum none\n",
        "quorum X\n",
        f"{LOG}{LOG}quorum none\n",
        f"{WITNESSES}witness Z {vkey('X1')}\nquorum none\n",
        f"{WITNESSES}witness X1 {vkey('new')}\nquorum none\n",
        f"witness none {vkey('new')}\nquorum none\n",
        f"witness W {vkey('log.example', ED25519)}\nquorum none\n",
        f"{WITNESSES}group G 6 X1 X2\nquorum G\n",
        f"{WITNESSES}group G 0 X1\nquorum G\n",
        f"{WITNESSES}group G 01 X1\nquorum G\n",
        f"{WITNESSES}group G all\nquorum none\n",
        f"{WITNESSES}group G any X1\ngroup H any X1\nquorum G\n",
        f"{WITNESSES}group G any H\nquorum G\n",
        "log\x00 x\nquorum none\n",
        "unknown line\nquorum none\n",
        f"log {vkey('a', ED25519)} url more\nquorum none\n",
    ],
)
def test_bad_policies(text: str) -> None:
    with pytest.raises(MalformedProof):
        parse_policy(text.encode())
