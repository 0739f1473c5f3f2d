"""A server in this process whose clock stands still, and tabs that are small programs instead of consoles."""

import asyncio
import sys
from dataclasses import dataclass, field

import aiohttp

from ketamon.browser import site as web
from ketamon.browser.issuing import Wish
from ketamon.browser.site import Site
from ketamon.domain.people import Role
from ketamon.local import socket_path

ECHO = """
import os, sys
def draw(data): os.write(1, b"D" + len(data).to_bytes(4, "big") + data)
os.write(1, b"__GANGLION__\\n")
draw(repr(sorted(os.environ)).encode() + b"started")
while data := os.read(0, 70000):
    draw(b"heard " + data)
"""
"""Speaks as a Textual program does: it draws its environment, and then whatever it hears."""


@dataclass
class Serving:
    site: Site
    told: list[str]
    now: list[float] = field(default_factory=lambda: [0.0])
    tabs: list[web.Tab] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.site.port}"

    def link(self, name: str = "Dr. Lee", role: Role = Role.PHYSICIAN, minutes: int = 60) -> str:
        return self.site.link(Wish(name, role, minutes))

    def cookie(self, **whom) -> str:
        """Return the cookie header of a new login."""
        token = self.link(**whom).partition("token=")[2]
        return f"ketamon-{self.site.port}={self.site.logins.exchange(token, self.now[0])[0]}"

    async def raw(self, method: str, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
        """Send a request letter by letter; return the status, headers in lower case, and the body."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.site.port)
        sent = {"Host": self.host, "Connection": "close"} | headers
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items() if value), "", ""]
        writer.write("\r\n".join(lines).encode("utf-8", "surrogateescape"))
        async with asyncio.timeout(10):
            status, *fields = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            found = {k.lower(): v for k, _, v in (f.partition(": ") for f in fields)}
            body = await reader.readexactly(int(found.get("content-length", 0)))
        writer.close()
        return int(status.split()[1]), found, body.decode("utf-8", "replace")

    def upgrade(self, **headers: str) -> dict[str, str]:
        return {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        } | headers

    async def follow(self, http: aiohttp.ClientSession, cookie: str, query: str = "?width=80&height=24"):
        headers = {"Cookie": cookie, "Origin": f"http://{self.host}"}
        return await http.ws_connect(f"http://{self.host}/ws/2{query}", headers=headers)

    async def gone(self, tab: web.Tab) -> None:
        """Wait until the process of a tab is gone."""
        async with asyncio.timeout(10):
            await tab._process.wait()

    async def open(self, tabs: int) -> None:
        """Wait until so many tabs are open."""
        async with asyncio.timeout(10):
            while len(self.site._open) != tabs:
                await asyncio.sleep(0.01)


async def begin(monkeypatch, command: list[str] | None = None, chair: str | None = None) -> tuple[Serving, object]:
    """Start a server; return it and what ends it. Each tab runs `command` instead of a console."""
    told: list[str] = []
    now = [0.0]
    serving = Serving(Site(lambda: now[0], told.append, chair), told, now)

    class Kept(web.Tab):
        def __init__(self, words, *rest) -> None:
            super().__init__(command or words, *rest)
            serving.tabs.append(self)

    monkeypatch.setattr(web, "Tab", Kept)
    runner = await serving.site.start("127.0.0.1", 0)
    return serving, runner


async def core_that_only_answers(chair: str = "2") -> asyncio.Server:
    return await asyncio.start_unix_server(lambda _, writer: writer.close(), socket_path(chair))


def echo() -> list[str]:
    return [sys.executable, "-S", "-c", ECHO]
