"""Where a core is found on this machine, and who may talk to it: a Unix socket in a folder of the user's own.

The folder is 0700 and the socket 0600, and both ends ask the kernel who the other is. Nothing listens on a network.
"""

import hashlib
import os
import re
import socket
import stat
import struct
import sys
import tempfile
from collections.abc import Collection, Iterable
from contextlib import ExitStack, suppress
from pathlib import Path

from ketamon.errors import SourceError, UsageError
from ketamon.lock import Holder, Lock, holder

_SUFFIX = ".sock"
_LONGEST = 107 if sys.platform == "linux" else 103
"""Bytes that the system takes for the path of a socket."""


def runtime_dir() -> Path:
    """Return the folder of the sockets, made if need be; refuse one that another user could reach into."""
    if not hasattr(socket, "AF_UNIX"):
        raise SourceError("this system has no Unix sockets, which core and console need; use Linux or macOS")
    base = os.environ.get("KETAMON_RUNTIME") or os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(base) / "ketamon" if base else Path(tempfile.gettempdir()) / f"ketamon-{os.getuid()}"
    with suppress(FileExistsError):  # a file, or a link to nowhere: refused below
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status, around = folder.lstat(), folder.parent.stat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise SourceError(f"{folder} is not private to you (owner and mode 0700); remove it or set KETAMON_RUNTIME")
    if around.st_uid not in (os.getuid(), 0) or (around.st_mode & 0o022 and not around.st_mode & stat.S_ISVTX):
        raise SourceError(f"{folder.parent} lets other users put another folder in its place; set KETAMON_RUNTIME")
    return folder


def socket_path(chair: str) -> Path:
    """Return the socket of a chair's core."""
    refuse_name(chair)
    path = runtime_dir() / f"chair-{chair}{_SUFFIX}"
    if len(os.fsencode(path)) > _LONGEST:
        raise SourceError(
            f"{path} is too long for a socket ({_LONGEST} bytes); set KETAMON_RUNTIME to a shorter folder"
        )
    return path


def refuse_name(chair: str) -> None:
    """Raise `UsageError` where a chair cannot be called so."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}", chair):
        raise UsageError(f"“{chair}” is no name for a chair: letters, digits, - and _, at most 32")


def refuse_running(chair: str) -> None:
    """Raise `SourceError` with who runs this chair's core, where somebody does."""
    if who := holder(socket_lock(socket_path(chair))):
        raise SourceError(f"chair {chair} is run by {who}; “ketamon attach --chair {chair}” shows it")


def socket_lock(path: Path) -> Path:
    """Return the lock file of a socket: whoever holds it may bind there."""
    return path.with_suffix(".lock")


def claim_ports(addresses: Iterable[str]) -> ExitStack:
    """Take the right to these ports until the stack is closed. Raises `SourceError` with who has one of them."""
    with ExitStack() as claimed:
        for one, address in sorted({_one_name(address): address.partition("#")[0] for address in addresses}.items()):
            claimed.enter_context(Lock(_port_lock(one), f"{address} is used", "choose another port, or end it"))
        return claimed.pop_all()


def port_holder(address: str) -> Holder | None:
    """Say which core has this port now; None where none does."""
    return holder(_port_lock(_one_name(address)))


def _port_lock(one: str) -> Path:
    return runtime_dir() / f"port-{hashlib.sha256(one.encode(errors='surrogateescape')).hexdigest()[:16]}.lock"


def _one_name(address: str) -> str:
    """Return the one name of a port, whatever link it is called by; the head of a pump is nothing to it."""
    address = address.partition("#")[0]
    return address.lower() if "://" in address else os.path.realpath(address)


def chair_of(path: Path) -> str:
    """Return the name of the chair whose socket this is."""
    return path.name.removeprefix("chair-").removesuffix(_SUFFIX)


def running_chairs(known: Collection[str] = ()) -> list[str]:
    """Return the chairs whose core answers, by name; those that are `known` are not asked."""
    names = [chair_of(path) for path in sorted(runtime_dir().glob(f"chair-*{_SUFFIX}"))]
    return [name for name in names if name not in known and answers(socket_path(name))]


def answers(path: Path) -> bool:
    """Whether somebody listens on this socket now."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


def peer_uid(connection: socket.socket) -> int:
    """Ask the kernel for the user at the other end of a Unix socket."""
    if sys.platform == "darwin":
        local_peercred, size = 0x001, 76  # <sys/un.h> LOCAL_PEERCRED, struct xucred
        cred = connection.getsockopt(0, local_peercred, size)
        return int(struct.unpack_from("=II", cred)[1])
    cred = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", cred)[1])
