"""Programs of ours as other processes: devices, cores and consoles, each at its own terminal."""

import asyncio
import fcntl
import os
import signal
import struct
import subprocess
import sys
import termios
from contextlib import contextmanager
from pathlib import Path

from ketamon.local import answers, socket_path

WITHIN_S = 20


def spawn(*args: object, env: dict[str, str] | None = None) -> subprocess.Popen:
    command = [sys.executable, "-m", "ketamon", *map(str, args)]
    pipe, null = subprocess.PIPE, subprocess.DEVNULL
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, stdin=null, env=env)


@contextmanager
def bench(folder: Path):
    """A simulated monitor and pump on pseudo-terminals, as another program; gives the arguments that attach them."""
    monitor, pump = folder / "monitor", folder / "pump"
    with spawn("simulate", "--device", f"ge-dri={monitor}", "--device", f"alaris-gh={pump}") as devices:
        for _ in range(2):
            assert devices.stdout.readline()
        try:
            yield ["--monitor", f"ge-dri:{monitor}", "--pump", f"alaris-gh:{pump}"]
        finally:
            devices.kill()


async def until(so) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not so():
            await asyncio.sleep(0.01)


async def core(*args: object, env: dict[str, str] | None = None) -> subprocess.Popen:
    process = spawn("core", "--chair", "k", *args, env=env)
    await until(lambda: answers(socket_path("k")) or process.poll() is not None)
    assert process.poll() is None, process.stderr.read()
    return process


def kill(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def record() -> Path:
    (path,) = (Path(os.environ["KETAMON_HOME"]) / "sessions").glob("*.ksession")
    return path


class Console:
    """A console at a terminal of its own."""

    def __init__(self) -> None:
        self._terminal, theirs = os.openpty()
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
        command = [sys.executable, "-m", "ketamon", "attach", "--chair", "k", "--as", "AN"]
        env = os.environ | {"TERM": "xterm-256color"}
        self.process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env)
        os.close(theirs)
        self.drawn = b""
        asyncio.get_running_loop().add_reader(self._terminal, self._read)

    def _read(self) -> None:
        self.drawn = (self.drawn + os.read(self._terminal, 1 << 16))[-(1 << 16) :]

    def kill(self) -> None:
        asyncio.get_running_loop().remove_reader(self._terminal)
        kill(self.process)
        os.close(self._terminal)


async def console() -> Console:
    opened = Console()
    await until(lambda: b"SpO" in opened.drawn or opened.process.poll() is not None)
    assert opened.process.poll() is None, opened.drawn
    return opened
