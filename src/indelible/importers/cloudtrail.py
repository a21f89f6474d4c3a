"""
AWS CloudTrail log files: `{"Records": [...]}` as delivered to a bucket, or a plain list.

Specified in spec/import.md. Nothing of a record is lost but secrets: what has no field of its own
goes to `metadata`. Who did it is not repeated there, so that erasing a person erases it all.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import IO, Any

from indelible.codec import DecodeError, decode_json
from indelible.importers.fields import present, words
from indelible.importers.record import BadRecord, Record

# The last part of an error code, behind the dot, that says "you may not".
_DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthFailure",
        "AuthorizationError",
        "AuthorizationErrorException",
        "Forbidden",
        "ForbiddenException",
        "NotAuthorized",
        "NotAuthorizedException",
        "OptInRequired",
        "UnauthorizedAccess",
        "UnauthorizedException",
        "UnauthorizedOperation",
    }
)
_PEOPLE = frozenset({"IAMUser", "Root", "IdentityCenterUser", "SAMLUser", "WebIdentityUser"})
_FOREIGN = frozenset({"AWSAccount", "Unknown"})
_SECRETS = frozenset(
    {"sessiontoken", "secretaccesskey", "password", "masteruserpassword", "secretstring",
     "secretbinary", "privatekey", "authtoken", "plaintext"}
)  # fmt: skip
_HIDDEN = "[redacted]"
# Request parameters that name the one thing acted on, most telling first.
_RESOURCE_NAMES = (
    "bucketName", "functionName", "secretId", "instanceId", "dBInstanceIdentifier", "roleName",
    "policyArn", "keyId", "trailName", "logGroupName", "tableName", "queueUrl", "topicArn",
    "routeTableId", "subnetId", "vpcId", "resourceId", "groupId", "name",
)  # fmt: skip
# Fields that became fields of the event.
_USED = frozenset(
    {"userIdentity", "eventTime", "eventSource", "eventName", "sourceIPAddress", "userAgent",
     "eventID", "eventType", "requestID", "errorCode", "errorMessage", "requestParameters",
     "responseElements", "resources"}
)  # fmt: skip


def read_cloudtrail(file: IO[bytes]) -> Iterator[Record | BadRecord]:
    """The events of one log file in order."""
    try:
        content = decode_json(file.read())
    except (DecodeError, RecursionError) as error:
        yield BadRecord(0, f"not JSON: {error}")
        return
    records = content.get("Records") if isinstance(content, dict) else content
    if not isinstance(records, list):
        yield BadRecord(0, 'no CloudTrail log: expected {"Records": [...]}')
        return
    for number, record in enumerate(records, 1):
        try:
            yield Record(number, event_of(record))
        except _Wrong as error:
            yield BadRecord(number, str(error))


class _Wrong(ValueError):
    """A record that cannot be an event."""


def event_of(record: Any) -> dict[str, Any]:
    """One record as an event. Raises ValueError with the reason."""
    if not isinstance(record, dict):
        raise _Wrong("expected an object")
    for name in ("eventID", "eventName", "eventTime"):
        if not isinstance(record.get(name), str) or not record[name]:
            raise _Wrong(f"{name} is missing")
    identity = record.get("userIdentity")
    identity = identity if isinstance(identity, dict) else {}
    event = {
        "id": record["eventID"],
        "stream": "system" if _is_system(record, identity) else "user",
        "operation": record["eventName"],
        "method": _method(record),
        "endpoint": _endpoint(record),
        "status": None,
        "outcome": _outcome(record),
        "occurred_at": record["eventTime"],
        "actor": present(_actor(record, identity)),
        "origin": present(_origin(record)) or None,
        "targets": _targets(record) or None,
        "context": present(
            {"request_id": words(record.get("requestID")), "source": "aws-cloudtrail"}
        ),
        "reason": words(record.get("errorMessage")),
        "metadata": _metadata(record, identity),
    }
    return present(event)


def _is_system(record: dict[str, Any], identity: dict[str, Any]) -> bool:
    return (
        "invokedBy" in identity
        or identity.get("type") == "AWSService"
        or record.get("eventType") == "AwsServiceEvent"
    )


def _method(record: dict[str, Any]) -> str | None:
    if record["eventName"] == "ConsoleLogin":
        return "LoginFailed" if _login_failed(record) else "UserLogin"
    return words(record.get("eventType"))


def _login_failed(record: dict[str, Any]) -> bool:
    answer = record.get("responseElements")
    said = answer.get("ConsoleLogin") if isinstance(answer, dict) else None
    return bool(record.get("errorCode")) or said == "Failure"


def _outcome(record: dict[str, Any]) -> str:
    code = record.get("errorCode")
    if not code:
        failed = record["eventName"] == "ConsoleLogin" and _login_failed(record)
        return "failure" if failed else "success"
    return "denied" if str(code).rsplit(".", 1)[-1] in _DENIED else "failure"


def _endpoint(record: dict[str, Any]) -> str | None:
    source = words(record.get("eventSource"))
    resource = _resource(record)
    return f"{source}/{resource}" if source and resource else source


def _resource(record: dict[str, Any]) -> str | None:
    for item in _resources(record):
        if name := words(item.get("ARN")):
            return name
    parameters = record.get("requestParameters")
    if isinstance(parameters, dict):
        for name in _RESOURCE_NAMES:
            if value := words(parameters.get(name)):
                return value
    return None


def _resources(record: dict[str, Any]) -> list[dict[str, Any]]:
    found = record.get("resources")
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _targets(record: dict[str, Any]) -> list[dict[str, Any]]:
    targets = [
        present({"type": words(item.get("type")), "id": words(item.get("ARN"))})
        for item in _resources(record)
    ]
    if not targets and (resource := _resource(record)):
        targets = [{"id": resource}]
    return targets[:100]


def _actor(record: dict[str, Any], identity: dict[str, Any]) -> dict[str, Any]:
    """Names are names: an e-mail address is never made up from one."""
    kind = identity.get("type")
    session = identity.get("sessionContext")
    session = session if isinstance(session, dict) else {}
    issuer = session.get("sessionIssuer")
    issuer = issuer if isinstance(issuer, dict) else {}
    invoker = words(identity.get("invokedBy"))
    account = words(identity.get("accountId"))
    name = words(identity.get("userName")) or words(issuer.get("userName"))
    return {
        "kind": _actor_kind(kind, account, words(record.get("recipientAccountId"))),
        "id": words(identity.get("principalId"))
        or words(identity.get("arn"))
        or invoker
        or account,
        "name": name or ("root" if kind == "Root" else None) or invoker,
    }


def _actor_kind(kind: Any, account: str | None, owner: str | None) -> str:
    if kind in _FOREIGN or (account and owner and account != owner):
        return "external"
    return "user" if kind in _PEOPLE else "service"


def _origin(record: dict[str, Any]) -> dict[str, Any]:
    """CloudTrail puts the name of a service where there is no address."""
    address = words(record.get("sourceIPAddress"))
    try:
        ipaddress.ip_address(address or "")
        where = {"ip": address}
    except ValueError:
        where = {"device_id": address}
    return {**where, "user_agent": words(record.get("userAgent"))}


def _metadata(record: dict[str, Any], identity: dict[str, Any]) -> dict[str, Any]:
    who = {
        "type": identity.get("type"),
        "account": identity.get("accountId"),
        "access_key": identity.get("accessKeyId") or None,
        "invoked_by": identity.get("invokedBy"),
    }
    rest = {name: value for name, value in record.items() if name not in _USED}
    hidden: dict[str, Any] = _without_secrets(
        {
            "parameters": record.get("requestParameters"),
            "response": record.get("responseElements"),
            "error_code": record.get("errorCode"),
            "identity": present(who) or None,
            "aws": rest or None,
        }
    )
    return present(hidden)


def _without_secrets(value: Any, depth: int = 0) -> Any:
    """Credentials that AWS itself writes into its log are not worth keeping for years."""
    if depth > 50:
        return _HIDDEN
    if isinstance(value, dict):
        return {
            name: _HIDDEN
            if name.lower() in _SECRETS and item is not None
            else _without_secrets(item, depth + 1)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_without_secrets(item, depth + 1) for item in value]
    return value
