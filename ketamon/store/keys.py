"""The keys this process holds: the clinic's once somebody gave the passphrase, and those of sessions it has opened.

The passphrase is looked for where it is quickest to be had, and asked for last:

    told         by the program that started this one, through a pipe
    a file       KETAMON_KEY_FILE, private to its owner: for cores that start unattended
    environment  KETAMON_PASSPHRASE
    the system   the desktop's key ring, where `ketamon key create --system` put it
    a person     at the terminal

All errors are `SourceError`, or `VerificationError` for a damaged ring: a file that cannot be had.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import RLock

from ketamon.errors import SourceError
from ketamon.store import private
from ketamon.store.home import data_dir
from ketamon.store.ring import NEEDS, Clinic, Ring, SessionKey, name_in, new_key

KEY_FILE, VARIABLE = "KETAMON_KEY_FILE", "KETAMON_PASSPHRASE"
_SERVICE = "ketamon"
_NO_BACKEND = (ImportError, AttributeError, RuntimeError, OSError)
"""What keyring lets through where the backend that it is set to cannot be loaded, or its service has gone."""


class Keys:
    """What a process can open. Safe to use from several threads."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._lock = RLock()
        self._ask: Callable[[], str] | None = None
        self._told: str | None = None
        self._clinic: Clinic | None = None
        self._wrong: Exception | None = None
        self._known: dict[bytes, SessionKey] = {}
        self._names: dict[tuple[Path, int, int], bytes | None] = {}

    @property
    def ring(self) -> Ring:
        """The key ring of this computer."""
        return Ring(data_dir())

    def asks(self, ask: Callable[[], str]) -> None:
        """Have a person asked where nothing else knows the passphrase."""
        self._ask = ask

    def tell(self, passphrase: str) -> None:
        """Give the passphrase; it is looked at when the first key is needed."""
        with self._lock:
            self._told, self._clinic, self._wrong = passphrase, None, None

    def passphrase(self) -> str:
        """Return the right passphrase, to hand it to a program that is started; "" where there is no key ring."""
        with self._lock:
            if not self.ring.exists:
                return ""
            self.clinic()
            return self._told or ""

    def clinic(self) -> Clinic:
        """Return the clinic's key. A wrong passphrase is told again each time, and not asked for twice."""
        with self._lock:
            if self._wrong is not None:
                raise self._wrong
            ring = self.ring
            found = ring.contents()
            if self._clinic is not None and self._clinic.salt != found.kdf.salt:
                self._clinic = self._told = None  # it has another passphrase since; look for that
            if self._clinic is None:
                try:
                    told = self._told if self._told is not None else self._search(found.system)
                    self._clinic, self._told = ring.unlock(told), told
                except SourceError as error:
                    self._wrong = error
                    raise
            return self._clinic

    def fresh(self) -> SessionKey | None:
        """Return the key of a new session; None where the clinic has no key ring, so that nothing is encrypted.

        Refused where the ring is gone and encrypted sessions are there: what was private must not turn plain unseen.
        """
        ring = self.ring
        if not ring.exists:
            self._refuse_lost_ring(ring.path)
            return None
        return self._keep(ring.add(self.clinic()))

    def passing(self) -> SessionKey:
        """Return a key that nobody keeps, for a file that lives no longer than this process."""
        return self._keep(new_key())

    def name_of(self, path: Path) -> bytes | None:
        """Return the name of the key that closes a file; None for one that is not encrypted.

        A file is opened for this once only, before SQLite has it open: closing it later would, by the rules of POSIX,
        drop the locks of all connections that this process has to it.
        """
        with self._lock:
            try:
                return self._names[_identity(path)]
            except KeyError:
                name = self._names[_identity(path)] = name_in(path)
                return name

    def overlook(self, path: Path) -> None:
        """Forget which key closes a file: no connection to it could be opened, so it may be looked at anew."""
        with self._lock:
            self._names.pop(_identity(path), None)

    def note(self, path: Path, key: SessionKey | None) -> None:
        """Hear with which key a file is being made."""
        with self._lock:
            self._names[_identity(path)] = key.id if key else None

    def of(self, path: Path) -> SessionKey | None:
        """Return the key of a file; None for one that is not encrypted."""
        name = self.name_of(path)
        if name is None:
            return None
        with self._lock:
            if name not in self._known:
                ring = self.ring
                if not ring.exists:
                    raise SourceError(
                        f"{path} is no file of ketamon, or encrypted, and there is no key ring {ring.path} that opens"
                        " it; restore the key ring"
                    )
                try:
                    ring.wrapped(ring.contents(), name)  # before anybody is asked for a passphrase that is of no use
                    self._keep(ring.find(self.clinic(), name))
                except SourceError as error:
                    raise SourceError(f"{path} cannot be opened: {error}") from error
            return self._known[name]

    def erased(self, path: Path) -> str:
        """Return when and by whom a file was erased by its key, in words; "" where it was not."""
        name = self.name_of(path) if path.is_file() else None
        gone = self.ring.contents().erased.get(name.hex()) if name is not None and self.ring.exists else None
        return f"erased at {gone.at} by {gone.by}: its key is destroyed" if gone else ""

    def forget(self) -> None:
        """Hold nothing any more."""
        with self._lock:
            self._told = self._clinic = self._wrong = None
            self._known.clear()
            self._names.clear()

    def _keep(self, key: SessionKey) -> SessionKey:
        with self._lock:
            self._known[key.id] = key
        return key

    def _refuse_lost_ring(self, path: Path) -> None:
        with suppress(FileNotFoundError):
            for file in (path.parent / "sessions").iterdir():
                if file.is_file() and self.name_of(file):
                    raise SourceError(
                        f"{path} is gone, though {file.name} was encrypted with a key in it; restore it from a copy, or"
                        " make a new one with “ketamon key create”"
                    )

    def _search(self, system: str) -> str:
        if named := self._environ.get(KEY_FILE):
            data = private.read(Path(named))
            if data is None:
                raise SourceError(f"there is no file {named}; make it, or unset {KEY_FILE}")
            return data.decode("utf-8", "surrogateescape").rstrip("\r\n")
        if VARIABLE in self._environ:
            return self._environ[VARIABLE]
        if system and (found := _from_system(system)):
            return found
        if self._ask is not None:
            return self._ask()
        raise SourceError(
            f"records are encrypted here, and nobody gave the passphrase; start at a terminal, or set {KEY_FILE}"
        )


KEYS = Keys()
"""The keys of this process."""


def _identity(path: Path) -> tuple[Path, int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from error
    return path.absolute(), status.st_dev, status.st_ino


def _from_system(name: str) -> str | None:
    """Ask the desktop's key ring; one that is locked or not there knows nothing."""
    try:
        import keyring  # noqa: PLC0415 (optional, and slow to load)
    except ImportError:
        return None
    with suppress(keyring.errors.KeyringError, *_NO_BACKEND):
        known: str | None = keyring.get_password(_SERVICE, name)
        return known
    return None


def to_system(name: str, passphrase: str) -> None:
    """Have the desktop's key ring keep a passphrase. Raises `SourceError` where it does not."""
    try:
        import keyring  # noqa: PLC0415 (as above)
    except ImportError as error:
        raise SourceError("the system's key ring needs keyring; install it with: pip install keyring") from error
    try:
        keyring.set_password(_SERVICE, name, passphrase)
    except (keyring.errors.KeyringError, *_NO_BACKEND) as error:
        raise SourceError(f"the system's key ring does not take it ({error}); use a passphrase") from error


def from_system_gone(name: str) -> None:
    """Have the desktop's key ring forget a passphrase that opens nothing any more."""
    import keyring  # noqa: PLC0415 (as above; it was asked to keep it)

    with suppress(keyring.errors.KeyringError, *_NO_BACKEND):
        keyring.delete_password(_SERVICE, name)


__all__ = ["KEYS", "KEY_FILE", "NEEDS", "VARIABLE", "Keys", "from_system_gone", "to_system"]
