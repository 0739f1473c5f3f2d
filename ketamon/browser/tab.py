"""The console process behind a tab: `ketamon attach`, spoken to as textual-serve speaks to a Textual program.

Unlike textual-serve's own service it runs through no shell, gets none of the server's secrets in its environment, can
send nothing to the browser but what is drawn, and is ended for certain.
"""

import asyncio
import shlex
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress

from aiohttp import web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from ketamon.domain.people import Person

ENDS_WITHIN_S = 3.0
_KEPT = ("HOME", "PATH", "TZ", "TMPDIR", "USER", "LOGNAME", "PYTHONPATH", "KETAMON_HOME", "KETAMON_RUNTIME")
_KEPT_FAMILIES = ("XDG_", "TEXTUAL", "COLUMNS", "ROWS")
_TERMINAL = {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"}
_DRAWN = b"D"
_KINDS = b"DMP"


def attach(chair: str, person: Person) -> list[str]:
    """Return the command of a tab: the console of a chair, of this person only, who hears no alarm of it."""
    ketamon = [sys.executable, "-m", "ketamon", "attach", "--chair", chair]
    return [*ketamon, f"--as={person.name}", "--role", person.role.value, "--only-me", "--silent"]


class Tab(AppService):
    """A console process that draws to a WebSocket. When it ends, the socket is closed with `over`."""

    def __init__(self, command: Sequence[str], browser: web.WebSocketResponse, over: str) -> None:
        super().__init__(
            shlex.join(command),
            write_bytes=browser.send_bytes,
            write_str=browser.send_str,
            close=self._end,
            download_manager=DownloadManager(),
        )
        self._words, self._browser, self._over = command, browser, over

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        """Pass on what a console needs, and neither passphrase nor anything else of the server's."""
        whole = super()._build_environment(width, height)
        kept = {name: value for name, value in whole.items() if name in _KEPT or name.startswith(_KEPT_FAMILIES)}
        return kept | _TERMINAL

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        environment = self._build_environment(width, height)
        self._process = await asyncio.create_subprocess_exec(*self._words, stdin=PIPE, stdout=PIPE, env=environment)
        self._stdin = self._process.stdin
        return self._process

    async def run(self) -> None:
        """Pass on what the console draws, until it ends. What a browser that is gone cannot take is dropped."""
        if self._process is None or self._process.stdout is None:
            raise RuntimeError("start comes before run")
        out, gone = self._process.stdout, False
        with suppress(asyncio.IncompleteReadError):
            await out.readuntil(b"__GANGLION__\n")
            while (head := await out.readexactly(5))[:1] in _KINDS:
                drawn = await out.readexactly(int.from_bytes(head[1:], "big"))
                if head[:1] == _DRAWN and not gone:
                    try:
                        await self._browser.send_bytes(drawn)
                    except ConnectionError:
                        gone = True
        await self._end()

    async def _end(self) -> None:
        await self._browser.close(message=self._over.encode())

    async def stop(self) -> None:
        """End the process, and wait until it is gone; a browser that takes nothing any more is not waited for."""
        if self._process is None or self._task is None:
            return
        for end in (self._process.terminate, self._process.kill):
            with suppress(ProcessLookupError, TimeoutError):
                end()
                await asyncio.wait_for(self._process.wait(), ENDS_WITHIN_S)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
