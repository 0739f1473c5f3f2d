"""Which SQLite a session file needs: Python's own for a plain one, SQLCipher 4 for an encrypted one.

An encrypted file is noise from the first byte on, its log and its journal too: AES-256-CBC with an HMAC-SHA512 for each
page (SQLCipher 4, "Design"). Its first 16 bytes are the salt, and serve as the name of its key. What SQLite would put
aside stays in memory (`temp_store`), in plain files too.
"""

import sqlite3
from importlib import import_module
from pathlib import Path
from typing import Any

from ketamon.errors import SourceError
from ketamon.store.ring import NEEDS, SessionKey

try:
    _sqlcipher: Any = import_module("sqlcipher3.dbapi2")
except ImportError:  # without the extra there are only plain files
    _sqlcipher = None
_kinds = [kind for kind in (sqlite3, _sqlcipher) if kind]

ERRORS: tuple[type[Exception], ...] = tuple(kind.Error for kind in _kinds)
"""What either kind of SQLite raises."""
OPERATIONAL: tuple[type[Exception], ...] = tuple(kind.OperationalError for kind in _kinds)
"""Of these, what need not be a mistake of ours: a lock that somebody holds, a disk that fails."""
_PATIENCE_S = 0.5  # how long SQLite waits for another connection's lock


def opened(path: Path, mode: str, key: SessionKey | None) -> sqlite3.Connection:
    """Open a file with its key. Raises one of `ERRORS`; `SourceError` where the extra is missing."""
    address = f"{path.absolute().as_uri()}?mode={mode}"
    if key is None:
        return sqlite3.connect(address, uri=True, isolation_level=None, timeout=_PATIENCE_S)
    if _sqlcipher is None:
        raise SourceError(NEEDS)
    connection: sqlite3.Connection = _sqlcipher.connect(address, uri=True, isolation_level=None, timeout=_PATIENCE_S)
    connection.execute("PRAGMA cipher_log_level = NONE")  # it would write to standard error; errors are raised, too
    connection.execute(f"PRAGMA key = \"x'{key.secret.hex()}{key.id.hex()}'\"")
    connection.execute("PRAGMA cipher_compatibility = 4")
    return connection


def damaged_pages(connection: sqlite3.Connection) -> list[str]:
    """Return what SQLCipher finds wrong with the pages of an encrypted file; nothing for a plain one."""
    if type(connection) is sqlite3.Connection:
        return []
    return [said.decode(errors="replace") for (said,) in connection.execute("PRAGMA cipher_integrity_check")]
