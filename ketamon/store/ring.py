"""The key ring: one random key for each session, wrapped by the clinic's key, in `keys.json` in ketamon's home.

    passphrase ──argon2id──▶ clinic's key ──AES-256-GCM──▶ one key per session ──▶ its .ksession and its .kstream

The clinic's key is nowhere on the disk. Another passphrase wraps all session keys anew and touches no session file; the
ring is replaced whole, so a crash leaves the old or the new one. Without its key a session is noise for ever: that is
how one is erased. A copy of the ring keeps what was erased after it was made.

Sources: argon2id with its parameters, RFC 9106; AES-GCM, NIST SP 800-38D (each wrapping has a nonce of its own).
"""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from ketamon.errors import Refused, SourceError, UsageError, VerificationError
from ketamon.store import private

FILE = "keys.json"
NEEDS = "records are encrypted here; install what opens them: pip install 'ketamon[encrypted]'"
SHORTEST = 12
"""Characters of a passphrase at least: a thief tries passphrases on a machine of their own, without any lock."""
_ID, _KEY, _NONCE, _SALT = 16, 32, 12, 16
_NO_TEXT = 0x80
"""The bit that stands in the first byte of every key's name: no SQLite file and no text begins so."""
SEALED = b'{"ketamon-sealed":'
"""How an encrypted stream begins. An encrypted session file begins with the name of its key."""
_CHECK = bytes(_ID)  # what is wrapped under this name is no session's key: it shows whether a passphrase is right


class SessionKey(NamedTuple):
    """The key of one session, and the name it has in the ring, which stands in its files for all to see."""

    id: bytes
    secret: bytes


def new_key() -> SessionKey:
    """Make a key that no ring knows: what it closes cannot be opened once this process has ended."""
    first, *rest = secrets.token_bytes(_ID)
    return SessionKey(bytes([first | _NO_TEXT, *rest]), secrets.token_bytes(_KEY))


class Kdf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the clinic's key is made from the passphrase: argon2id. The bounds keep a forged ring from eating memory."""

    salt: Annotated[bytes, msgspec.Meta(min_length=_SALT, max_length=64)]
    memory_kib: Annotated[int, msgspec.Meta(ge=8, le=1 << 20)] = 1 << 16
    passes: Annotated[int, msgspec.Meta(ge=1, le=64)] = 3
    lanes: Annotated[int, msgspec.Meta(ge=1, le=16)] = 4


def new_kdf() -> Kdf:
    """Choose a salt; the parameters are the second that RFC 9106 recommends, 64 MiB."""
    return Kdf(secrets.token_bytes(_SALT))


class Erased(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a session's key was destroyed (ISO), and who allowed it."""

    at: str
    by: str


class Contents(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"format": "ketamon-keys"}):
    """What stands in the ring; wrapped keys by the name of the key in hex. `system`: its entry in the system's ring."""

    format: Literal[1]
    kdf: Kdf
    check: bytes
    keys: dict[str, bytes] = {}
    erased: dict[str, Erased] = {}
    system: str = ""


@dataclass(frozen=True, slots=True)
class Clinic:
    """The clinic's key, and the salt it was made with: a ring with another salt has another key."""

    salt: bytes
    secret: bytes


def derive(passphrase: str, kdf: Kdf) -> Clinic:
    """Make the clinic's key from the passphrase; it takes about a tenth of a second on purpose."""
    try:
        from argon2.low_level import Type, hash_secret_raw  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise SourceError(NEEDS) from error
    secret = hash_secret_raw(
        passphrase.encode("utf-8", "surrogatepass"), kdf.salt, kdf.passes, kdf.memory_kib, kdf.lanes, _KEY, Type.ID
    )
    return Clinic(kdf.salt, secret)


def aead(secret: bytes) -> Any:
    """Return AES-256-GCM with this key; raise `SourceError` where the extra is missing."""
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise SourceError(NEEDS) from error
    return AESGCM(secret)


def _wrapped(clinic: Clinic, name: bytes, secret: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + bytes(aead(clinic.secret).encrypt(nonce, secret, b"ketamon key" + name))


def _unwrapped(clinic: Clinic, name: bytes, wrapped: bytes) -> bytes | None:
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 (it is there where `aead` is)

    try:
        return bytes(aead(clinic.secret).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], b"ketamon key" + name))
    except (InvalidTag, ValueError):
        return None


class Ring:
    """The key ring in `folder`. Every question reads the file, so every one can raise its errors.

    `SourceError`: it is missing, cannot be read or written, or is open to others. `VerificationError`: it is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    @property
    def exists(self) -> bool:
        """Whether sessions are encrypted here."""
        return private.read(self.path) is not None

    def contents(self) -> Contents:
        """Return what stands in it."""
        data = private.read(self.path)
        if data is None:
            raise SourceError(f"there is no key ring {self.path}; make one with “ketamon key create”, or restore it")
        try:
            return msgspec.json.decode(data, type=Contents)
        except ValueError as error:
            raise VerificationError(
                f"{self.path} is damaged, or of a newer ketamon ({error}); restore it from a copy"
            ) from error

    def unlock(self, passphrase: str) -> Clinic:
        """Return the clinic's key; raise `SourceError` where the passphrase is not the one."""
        found = self.contents()
        clinic = derive(passphrase, found.kdf)
        if _unwrapped(clinic, _CHECK, found.check) is None:
            raise SourceError(f"this is not the passphrase of {self.path}; give the one it was made with")
        return clinic

    def create(self, passphrase: str, system: str = "") -> None:
        """Make the ring; refuse where there is one."""
        _, fresh = _fresh(passphrase, system)
        private.make(self.path.parent)
        with private.held(self.path.parent) as folder:
            if self.exists:
                raise Refused(
                    f"there is a key ring {self.path} already; “ketamon key rotate” gives it a new passphrase"
                )
            self._save(fresh, folder)

    def rotate(self, old: Clinic, passphrase: str, system: str = "") -> None:
        """Wrap every key by a clinic key of another passphrase, all at once or not at all."""
        clinic, fresh = _fresh(passphrase, system)
        with private.held(self.path.parent) as folder:
            found = self.contents()
            keys = {}
            for name, wrapped in found.keys.items():
                secret = _unwrapped(old, bytes.fromhex(name), wrapped)
                if secret is None:
                    raise VerificationError(
                        f"{self.path}: the key {name} cannot be opened; restore it from a copy (nothing was changed)"
                    )
                keys[name] = _wrapped(clinic, bytes.fromhex(name), secret)
            self._save(msgspec.structs.replace(fresh, keys=keys, erased=found.erased), folder)

    def add(self, clinic: Clinic) -> SessionKey:
        """Make the key of a new session; it is on the disk when this returns."""
        key = new_key()
        with private.held(self.path.parent) as folder:
            found = self.contents()
            if found.kdf.salt != clinic.salt:
                raise SourceError(f"{self.path} has another passphrase now; start again with the new one")
            keys = found.keys | {key.id.hex(): _wrapped(clinic, key.id, key.secret)}
            self._save(msgspec.structs.replace(found, keys=keys), folder)
        return key

    def find(self, clinic: Clinic, name: bytes) -> SessionKey:
        """Return the key of that name."""
        found = self.contents()
        wrapped = self.wrapped(found, name)
        secret = _unwrapped(clinic, name, wrapped)
        if secret is None:
            raise VerificationError(f"{self.path}: the key {name.hex()} is damaged; restore the ring from a copy")
        return SessionKey(name, secret)

    def wrapped(self, found: Contents, name: bytes) -> bytes:
        """Return a wrapped key, or raise `SourceError` that says why there is none."""
        if gone := found.erased.get(name.hex()):
            raise SourceError(f"it was erased at {gone.at} by {gone.by}: its key is destroyed")
        try:
            return found.keys[name.hex()]
        except KeyError:
            raise SourceError(
                f"its key is not in {self.path}: it is no record of ketamon, of another computer, or damaged at its"
                " very beginning; restore the file, or the key ring that belongs to it"
            ) from None

    def erase(self, name: bytes, gone: Erased) -> None:
        """Destroy a session's key; who and when is kept."""
        with private.held(self.path.parent) as folder:
            found = self.contents()
            self.wrapped(found, name)
            keys = {other: wrapped for other, wrapped in found.keys.items() if other != name.hex()}
            erased = found.erased | {name.hex(): gone}
            self._save(msgspec.structs.replace(found, keys=keys, erased=erased), folder)

    def _save(self, contents: Contents, folder: int) -> None:
        data = msgspec.json.format(msgspec.json.encode(contents), indent=1) + b"\n"
        private.replace(self.path, data, folder)


def _fresh(passphrase: str, system: str) -> tuple[Clinic, Contents]:
    if len(passphrase) < SHORTEST:
        raise UsageError(f"a passphrase has at least {SHORTEST} characters; five words of no poem are good")
    kdf = new_kdf()
    clinic = derive(passphrase, kdf)
    return clinic, Contents(1, kdf, _wrapped(clinic, _CHECK, secrets.token_bytes(_KEY)), system=system)


def name_in(path: Path) -> bytes | None:
    """Return the name of the key that closes a file: None for a plain one, and for one that is too short for any."""
    try:
        with path.open("rb") as file:
            begin = file.read(128)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from error
    if begin.startswith(SEALED):
        try:
            return bytes.fromhex(msgspec.json.decode(begin.partition(b"\n")[0])["key"])
        except (ValueError, KeyError, TypeError) as error:
            raise SourceError(f"{path} is not a recorded stream; choose a .kstream file") from error
    return begin[:_ID] if len(begin) > _ID and begin[0] & _NO_TEXT else None
