"""Events and intents to bytes and back: the same for the store, the socket, the feed and files.

The domain's own dataclasses are the schema; msgspec runs their `__post_init__` on the way in, so one invariant guards
live and recorded data alike. What stands on disk is chosen by us (`TYPE`, `VERSION`), never an import path; an event
type that this version does not know is kept as `Unknown`.
"""

from typing import Any

import msgspec

from ketamon.domain.events import TYPES, Body, Unknown
from ketamon.domain.intents import INTENTS, Intent
from ketamon.domain.people import Proof
from ketamon.errors import Refused
from ketamon.plain import escaped_json
from ketamon.upcasters import upcast, version_of

_encoder = msgspec.json.Encoder()
_decoders: dict[tuple[str, int], Any] = {
    (name, version_of(name)): msgspec.json.Decoder(kind).decode for name, kind in TYPES.items()
}
_intents: dict[str, Any] = {name: msgspec.json.Decoder(kind) for name, kind in INTENTS.items()}


def encode_body(body: Body) -> tuple[str, int, bytes]:
    """Return the type, the version and the JSON of an event's body."""
    if isinstance(body, Unknown):
        return body.type, body.version, body.body.encode()
    return body.TYPE, version_of(body.TYPE), _encoder.encode(body)


def decode_body(type_: str, version: int, data: bytes) -> Body:
    """Read a body back, of an older version too. Raises `ValueError` where the JSON does not fit its type."""
    decode = _decoders.get((type_, version))
    try:
        if decode is None:
            decode = _decoders.get((type_, version_of(type_)))
            if decode is None or version > version_of(type_):
                return Unknown(type=type_, version=version, body=data.decode())
            data = _upcast(type_, version, data)
        body: Body = decode(data)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return body


def _upcast(type_: str, version: int, data: bytes) -> bytes:
    if version < 1:
        raise ValueError(f"there is no version {version} of {type_}")
    try:
        return _encoder.encode(upcast(type_, version, msgspec.json.decode(data, type=dict[str, Any])))
    except (KeyError, TypeError, AttributeError) as error:  # a field that its version has is not there
        raise ValueError(f"it is no {type_} of version {version}: {error!r}") from error


def encode_intent(intent: Intent, proof: Proof = Proof.NAME) -> bytes:
    """Write an intent as one JSON object with its type beside its fields, and how it was known who asked."""
    return _encoder.encode({"type": intent.TYPE, "proof": proof, "body": intent})


def encode_recorded(intent: Intent, proof: Proof, first: int) -> bytes:
    """Write an intent for a recording, with the number of the first event that came of it."""
    return _encoder.encode({"type": intent.TYPE, "proof": proof, "first": first, "body": intent})


class _Envelope(msgspec.Struct):
    type: str
    body: msgspec.Raw
    proof: Proof = Proof.NAME
    first: int = 0


_envelope = msgspec.json.Decoder(_Envelope)


def decode_intent(data: bytes | str) -> tuple[Intent, Proof]:
    """Read an intent. Raises `Refused` with a sentence where it is none.

    The proof counts in a recording only: whoever asks now cannot vouch for themselves.
    """
    return decode_recorded(data)[:2]


def decode_recorded(data: bytes | str) -> tuple[Intent, Proof, int]:
    """Read an intent of a recording, and the number of the first event that came of it then, 0 where it is not told.

    Raises `Refused`.
    """
    try:
        envelope = _envelope.decode(data)
        intent: Intent = _intents[envelope.type].decode(envelope.body)
    except KeyError as error:
        raise Refused(f"this core does not know the request {error}; use the same ketamon on both sides") from error
    except (ValueError, RecursionError) as error:  # msgspec's own errors are ValueErrors too
        raise Refused(f"the request cannot be read: {error}") from error
    return intent, envelope.proof, envelope.first


def encode_json(value: Any) -> bytes:
    """Write anything made of dataclasses and plain values as one line of JSON, which may be shown in a terminal."""
    return escaped_json(_encoder.encode(value))
