"""An encrypted stream: a plain first line, then each line of the stream closed by itself.

    {"ketamon-sealed":1,"key":"<name of the session's key>","salt":"<of this file>"}
    0 <base64 of nonce ‖ header ‖ tag>
    1 <base64 of nonce ‖ first record ‖ tag>

Lines again, so that a crash tears off one line at most and a damaged one costs itself only. The number is part of what
is authenticated, so a line that is missing, moved or said twice is noticed; a file cut off behind a whole line has no
end, as a plain one. Each line has a random nonce and not a counter: a stream that goes on after a torn line, or from an
older copy, must never use one twice. What stays visible is when and how much was written.

AES-256-GCM (NIST SP 800-38D) with a key of the file's own, made by HKDF-SHA-256 (RFC 5869) from the session's.
"""

import secrets
from base64 import b64decode, b64encode
from binascii import Error as Base64Error

import msgspec

from ketamon.codec import encode_json
from ketamon.errors import SourceError
from ketamon.store.ring import NEEDS, SEALED, SessionKey, aead

_SALT, _NONCE, _LONGEST_NUMBER = 16, 12, 15


class Seal:
    """Closes and opens the lines of one file; `number` is that of the next one."""

    def __init__(self, key: SessionKey, salt: bytes) -> None:
        self.number = 0
        self.first_line = encode_json({"ketamon-sealed": 1, "key": key.id.hex(), "salt": salt.hex()}) + b"\n"
        self._aead = aead(_file_key(key, salt))

    @classmethod
    def new(cls, key: SessionKey) -> "Seal":
        """Make what closes a new file."""
        return cls(key, secrets.token_bytes(_SALT))

    @classmethod
    def of(cls, first_line: bytes, key: SessionKey, name: str) -> "Seal":
        """Make what opens the file `name`; raise `SourceError` where its first line makes no sense."""
        try:
            said = msgspec.json.decode(first_line)
            version, salt = said["ketamon-sealed"], bytes.fromhex(said["salt"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise SourceError(f"{name} is not a recorded stream; choose a .kstream file") from error
        if version != 1:
            raise SourceError(f"{name} was encrypted by a newer ketamon (version {version}); update ketamon")
        return cls(key, salt)

    def close(self, line: bytes) -> bytes:
        """Return a line as it stands in the file."""
        number, self.number = self.number, self.number + 1
        nonce = secrets.token_bytes(_NONCE)
        return b"%d %b\n" % (number, b64encode(nonce + self._aead.encrypt(nonce, line, b"%d" % number)))

    def open(self, line: bytes) -> bytes:
        """Return what a line was before. Raises `ValueError` for one that is damaged, or not at its place.

        Where lines are missing before it, it is opened none the less; `number` tells how many.
        """
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 (an extra, and it is there)

        said, _, body = line.partition(b" ")
        if not said.isdigit() or len(said) > _LONGEST_NUMBER:
            raise ValueError("it has no number")
        try:
            closed = b64decode(body.rstrip(b"\n"), validate=True)
            plain = bytes(self._aead.decrypt(closed[:_NONCE], closed[_NONCE:], said))
        except (Base64Error, InvalidTag) as error:
            raise ValueError("it was changed") from error
        if int(said) < self.number:
            raise ValueError("it is not at its place")
        self.number = int(said) + 1
        return plain


def is_sealed(first_line: bytes) -> bool:
    """Whether a stream that begins so is encrypted."""
    return first_line.startswith(SEALED)


def _file_key(key: SessionKey, salt: bytes) -> bytes:
    try:
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 (an extra)
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415 (as above)
    except ImportError as error:
        raise SourceError(NEEDS) from error
    return HKDF(SHA256(), length=32, salt=salt, info=b"ketamon stream").derive(key.secret)
