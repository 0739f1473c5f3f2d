"""A director's signature on a profile: a small TOML file beside it, named as the profile with `.sig` at the end.

    name = "Dr. Ahn"
    role = "director"
    proof = "pin"
    at = 2026-11-21 08:00:00+00:00
    sha256 = "…"
    meaning = "reviewed and approved for use"

The hash is of the whole text, with what the profile takes from another: whoever changes either has to have it signed
again. It tells a change by mistake. It is no secret: whoever can write the file can write the signature.
"""

import tomllib
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from ketamon.domain.people import Person, Proof, Role
from ketamon.errors import Refused, SourceError
from ketamon.profiles.document import written
from ketamon.profiles.loader import SHIPPED, load

APPROVED = "reviewed and approved for use"


class Standing(StrEnum):
    """What a signature says of the profile as it is now."""

    SIGNED = "signed"
    NOT_SIGNED = "not signed"
    CHANGED = "changed since it was signed"
    UNREADABLE = "not signed: its signature cannot be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who signed, how that was proven, when, which text, and what it means."""

    name: str
    role: Role
    proof: Proof
    at: datetime
    sha256: str
    meaning: str

    def __post_init__(self) -> None:
        if self.role is not Role.DIRECTOR or self.at.tzinfo is None or not self.name.strip():
            raise ValueError("a profile is signed by a director, by name, at a time")


@dataclass(frozen=True, slots=True)
class Signed:
    """How a profile stands, and the signature where there is one that can be read. Its text is for people."""

    standing: Standing
    signature: Signature | None = None

    def __str__(self) -> str:
        if self.signature is None:
            return self.standing
        return f"{self.standing} by {self.signature.role} {self.signature.name} on {self.signature.at:%Y-%m-%d}"


def signature_of(path: Path | None, sha256: str) -> Signed:
    """Say how the profile at `path` (None: the shipped one) stands; `load` gave `sha256`, of its whole text."""
    try:
        text = _beside(path or SHIPPED).read_text("utf-8")
    except FileNotFoundError:
        return Signed(Standing.NOT_SIGNED)
    except (OSError, UnicodeDecodeError):
        return Signed(Standing.UNREADABLE)
    signature = _read(text)
    if signature is None:
        return Signed(Standing.UNREADABLE)
    return Signed(Standing.SIGNED if signature.sha256 == sha256 else Standing.CHANGED, signature)


def sign(path: Path, by: Person, proof: Proof, at: datetime) -> Signature:
    """Sign the profile at `path` as it is now. `proof` says how it is known that it is `by`.

    Raises `Refused` where that is no director, what `load` raises, and `SourceError` where nothing can be written.
    """
    if by.role is not Role.DIRECTOR:
        raise Refused(f"a profile is signed by a director, not by the {by}")
    _, _, digest = load(path)
    at = at.replace(microsecond=0)
    signature = Signature(name=by.name, role=by.role, proof=proof, at=at, sha256=digest, meaning=APPROVED)
    text = "".join(f"{key} = {written(value)}\n" for key, value in asdict(signature).items())
    try:
        _beside(path).write_text(text, "utf-8")
    except OSError as error:
        raise SourceError(
            f"{_beside(path)} cannot be written: {error.strerror}; copy the profile, and sign that"
        ) from error
    return signature


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.sig")


def _read(text: str) -> Signature | None:
    """Return the signature in the text, or None where it is not whole."""
    try:
        table = tomllib.loads(text)
        if {key: type(value) for key, value in table.items()} != _TYPES:
            return None
        return Signature(**(table | {"role": Role(table["role"]), "proof": Proof(table["proof"])}))
    except (ValueError, RecursionError):
        return None


_TYPES = {"name": str, "role": str, "proof": str, "at": datetime, "sha256": str, "meaning": str}
