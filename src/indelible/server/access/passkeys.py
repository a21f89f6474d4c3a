"""
Passkeys (WebAuthn): kept with the public key only, proved by the library `webauthn`.

A passkey is both factors at once, since the device asks for a finger, face or PIN before it signs
(user verification is required). It is bound to the host's name, so a look-alike page gets nothing.
The library takes a second to load and is loaded when it is first needed.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from indelible.clock import Clock
from indelible.errors import Conflict, InvalidRequest, NotFound, Unauthenticated
from indelible.server.access.control import ControlDatabase, Row
from indelible.server.access.outbox import OwnEvent, put
from indelible.server.access.people import Person

MOST = 20
_LONGEST_NAME = 100
_COLUMNS = "id, person, name, public_key, sign_count, transports, created_us, used_us"


class WrongPasskey(Unauthenticated):
    """An answer of an authenticator that proves nothing here."""

    code = "wrong-passkey"

    def __init__(self) -> None:
        super().__init__("this passkey is not known here, or its answer is not right")


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey of a person."""

    id: str
    person_id: str
    name: str
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...]
    created_us: int
    used_us: int | None


class Site(msgspec.Struct, frozen=True):
    """For which host passkeys count, and the address in the browser."""

    host: str
    origins: tuple[str, ...]


class Passkeys:
    """The passkeys of all people. Safe for several threads."""

    def __init__(self, control: ControlDatabase, clock: Clock) -> None:
        self._control = control
        self._clock = clock

    def of_person(self, person_id: str) -> list[Passkey]:
        """A person's passkeys, oldest first."""
        rows = self._control.read(
            f"SELECT {_COLUMNS} FROM passkey WHERE person = ? ORDER BY created_us, id",
            (person_id,),
        )
        return [_passkey(row) for row in rows]

    def offer(self, person: Person, site: Site) -> tuple[dict[str, Any], str]:
        """What the browser makes a passkey of, and its challenge."""
        import webauthn
        from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, structs

        known = self.of_person(person.id)
        if len(known) >= MOST:
            raise Conflict(f"there are {MOST} passkeys already", hint="remove one first")
        options = webauthn.generate_registration_options(
            rp_id=site.host,
            rp_name="Indelible",
            user_name=person.email,
            user_id=person.id.encode(),
            user_display_name=person.name,
            authenticator_selection=structs.AuthenticatorSelectionCriteria(
                resident_key=structs.ResidentKeyRequirement.REQUIRED,
                user_verification=structs.UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[
                structs.PublicKeyCredentialDescriptor(id=base64url_to_bytes(one.id))
                for one in known
            ],
        )
        return _shown(options), bytes_to_base64url(options.challenge)

    def add(
        self,
        person: Person,
        site: Site,
        challenge: str,
        credential: dict[str, Any],
        name: str,
        event: OwnEvent,
    ) -> None:
        """Keeps what the browser made. Raises InvalidRequest, WrongPasskey, Conflict."""
        import webauthn
        from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, structs
        from webauthn.helpers.exceptions import WebAuthnException

        name = name.strip()
        if not name or len(name) > _LONGEST_NAME or not name.isprintable():
            raise InvalidRequest(
                f"the name of a passkey has 1 to {_LONGEST_NAME} printable characters",
                parameter="name",
            )
        try:
            proved = webauthn.verify_registration_response(
                credential=credential,
                expected_challenge=base64url_to_bytes(challenge),
                expected_rp_id=site.host,
                expected_origin=list(site.origins),
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, TypeError, KeyError) as cause:
            raise WrongPasskey from cause
        response = credential.get("response")
        said = response.get("transports") if isinstance(response, dict) else None
        known = {one.value for one in structs.AuthenticatorTransport}
        transports = [one for one in said or () if one in known] if isinstance(said, list) else []
        with self._control.write() as transaction:
            key_id = bytes_to_base64url(proved.credential_id)
            if transaction.execute("SELECT 1 FROM passkey WHERE id = ?", (key_id,)).fetchone():
                raise Conflict("this passkey is kept already")
            (number,) = transaction.execute(
                "SELECT count(*) FROM passkey WHERE person = ?", (person.id,)
            ).fetchone()
            if number >= MOST:  # others were added since it was offered
                raise Conflict(f"there are {MOST} passkeys already", hint="remove one first")
            transaction.execute(
                f"INSERT INTO passkey({_COLUMNS}) VALUES(?, ?, ?, ?, ?, ?, ?, NULL)",
                (key_id, person.id, name, proved.credential_public_key, proved.sign_count,
                 json.dumps(transports), self._clock.now_us()),
            )  # fmt: skip
            put(transaction, person.tenant_id, event)

    def ask(self, site: Site, person_id: str | None) -> tuple[dict[str, Any], str]:
        """What the browser signs, and its challenge; of a known person, with which passkeys."""
        import webauthn
        from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, structs

        allowed = None
        if person_id is not None:
            allowed = [
                structs.PublicKeyCredentialDescriptor(
                    id=base64url_to_bytes(one.id),
                    transports=[structs.AuthenticatorTransport(way) for way in one.transports],
                )
                for one in self.of_person(person_id)
            ]
        options = webauthn.generate_authentication_options(
            rp_id=site.host,
            allow_credentials=allowed,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        )
        return _shown(options), bytes_to_base64url(options.challenge)

    def prove(self, site: Site, challenge: str, credential: dict[str, Any]) -> str:
        """The id of the person whose passkey signed the challenge. Raises WrongPasskey."""
        import webauthn
        from webauthn.helpers import base64url_to_bytes
        from webauthn.helpers.exceptions import WebAuthnException

        key_id = credential.get("id")
        rows = self._control.read(
            f"SELECT {_COLUMNS} FROM passkey WHERE id = ?", (str(key_id)[:2000],)
        )
        if not rows:
            raise WrongPasskey
        known = _passkey(rows[0])
        try:
            proved = webauthn.verify_authentication_response(
                credential=credential,
                expected_challenge=base64url_to_bytes(challenge),
                expected_rp_id=site.host,
                expected_origin=list(site.origins),
                credential_public_key=known.public_key,
                credential_current_sign_count=known.sign_count,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, TypeError, KeyError) as cause:
            raise WrongPasskey from cause
        with self._control.write() as transaction:
            transaction.execute(
                "UPDATE passkey SET sign_count = ?, used_us = ? WHERE id = ?",
                (proved.new_sign_count, self._clock.now_us(), known.id),
            )
        return known.person_id

    def remove(self, person: Person, key_id: str, event: OwnEvent) -> None:
        """Forgets a passkey. Raises NotFound."""
        with self._control.write() as transaction:
            gone = transaction.execute(
                "DELETE FROM passkey WHERE id = ? AND person = ?", (key_id, person.id)
            ).rowcount
            if not gone:
                raise NotFound("there is no such passkey")
            put(transaction, person.tenant_id, event)


def _passkey(row: Row) -> Passkey:
    return Passkey(
        id=row[0],
        person_id=row[1],
        name=row[2],
        public_key=row[3],
        sign_count=row[4],
        transports=tuple(json.loads(row[5])),
        created_us=row[6],
        used_us=row[7],
    )


def _shown(options: Any) -> dict[str, Any]:
    import webauthn

    found: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return found
