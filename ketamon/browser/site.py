"""The web server: loopback only, and nothing but a login link without a login.

Whoever asks must call it by a loopback name (a name that was made to point here is refused). What changes something, or
opens a console, must come from a page of its own: no other page can reach a console through the browser.
"""

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any

import textual_serve
from aiohttp import WSCloseCode, WSMessageTypeError, web

from ketamon.browser import pages
from ketamon.browser.issuing import Wish
from ketamon.browser.logins import Login, Logins
from ketamon.browser.tab import Tab, attach
from ketamon.crash import report
from ketamon.local import answers, running_chairs, socket_path

MAX_TABS = 8
"""Consoles at once, each a process of its own of some 60 MB."""
LONGEST_MESSAGE = 64 << 10
BEAT_S = 1.0
"""How often a page hears from here; the page says so when it does not."""
TAKES_WITHIN_S = 10.0
"""A browser that takes nothing for so long is parted from."""
WIDTHS, HEIGHTS = (20, 400), (8, 150)

_HERE = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?", re.ASCII)
_OURS = Path(pages.__file__).with_name("page")
_THEIRS = Path(textual_serve.__path__[0]) / "static"
_FILES = {
    "page.css": _OURS / "page.css",
    "watch.js": _OURS / "watch.js",
    "textual.js": _THEIRS / "js" / "textual.js",
    "xterm.css": _THEIRS / "css" / "xterm.css",
    "RobotoMono.ttf": _THEIRS / "fonts" / "RobotoMono-VariableFont_wght.ttf",
    "RobotoMono-Italic.ttf": _THEIRS / "fonts" / "RobotoMono-Italic-VariableFont_wght.ttf",
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",  # the terminal makes its style sheets in the page
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # without any, a form of ours would not say where it comes from
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Server": "ketamon",
}
_ENDED = "This login has ended; a new link is needed."
_OPEN_TO_ALL = {"login", "file"}
"""Routes, by name: addresses can be written in more than one way."""

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Site:
    """One server. `clock` gives seconds that nobody can set, `told` says what happens to whoever runs it.

    With `chair` only that one is shown.
    """

    def __init__(self, clock: Callable[[], float], told: Callable[[str], None], chair: str | None = None) -> None:
        self.logins = Logins()
        self.host, self.port = "", 0
        self._clock, self._told, self._chair = clock, told, chair
        self._open: set[web.WebSocketResponse] = set()

    async def start(self, host: str, port: int) -> web.AppRunner:
        """Listen; raises `OSError` where the port is taken. The runner's `cleanup` ends everything."""
        app = web.Application(middlewares=[self._guard])
        app.add_routes([
            web.get("/", self._chairs),
            web.get("/login", self._login, name="login"),
            web.post("/logout", self._logout),
            web.get("/chair/{chair}", self._console),
            web.get("/ws/{chair}", self._follow, name="follow"),
            web.get("/file/{name}", _file, name="file"),
        ])  # fmt: skip
        app.on_shutdown.append(self._part)
        runner = web.AppRunner(app, access_log=None, logger=_quiet(self._told), shutdown_timeout=5)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError:
            await runner.cleanup()
            raise
        self.host, self.port = f"[{host}]" if ":" in host else host, runner.addresses[0][1]
        return runner

    def link(self, wish: Wish) -> str:
        """Return a new link, to be opened once."""
        token = self.logins.invite(wish.person, wish.minutes * 60.0, self._clock())
        return f"http://{self.host}:{self.port}/login?token={token}"

    @property
    def _cookie(self) -> str:
        return f"ketamon-{self.port}"  # cookies know no ports: two servers must not take each other's

    def _who(self, request: web.Request) -> Login | None:
        return self.logins.who(request.cookies.get(self._cookie, ""), self._clock())

    @web.middleware
    async def _guard(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Let in by name, by origin and by login, in this order; and give every answer its headers."""
        try:
            answer = self._refusal(request) or await handler(request)
        except web.HTTPException as error:
            answer = _page("Not found", "There is no such page.", error.status)
        if not answer.prepared:
            answer.headers.update(_HEADERS)
        return answer

    def _refusal(self, request: web.Request) -> web.Response | None:
        if not _HERE.fullmatch(request.host):
            return _page("Not here", "This page is only for a browser on this machine.", HTTPStatus.MISDIRECTED_REQUEST)
        if not self._is_own(request):
            return _page("Refused", "Another page asked for this.", HTTPStatus.FORBIDDEN)
        if not (request.match_info.route.name in _OPEN_TO_ALL or self._who(request)):
            return _page("No login", "You are not logged in here, or your login has ended.", HTTPStatus.UNAUTHORIZED)
        return None

    def _is_own(self, request: web.Request) -> bool:
        """Whether a request that does something comes from a page of this server; looking needs no proof."""
        origin = request.headers.get("Origin")
        acts = request.method != "GET" or request.match_info.route.name == "follow"
        return origin == f"http://{request.host}" if acts else True

    async def _login(self, request: web.Request) -> web.Response:
        found = self.logins.exchange(request.query.get("token", ""), self._clock())
        if found is None:
            if self._who(request):  # somebody who went back
                return _to("/")
            text = "This link was opened before, or its time is over. Each link opens once."
            return _page("No login", text, HTTPStatus.UNAUTHORIZED)
        cookie, login = found
        self._told(f"{login.person} logged in")
        answer = _html(pages.entering())
        seconds = int(login.ends_s - self._clock())
        answer.set_cookie(self._cookie, cookie, max_age=seconds, path="/", httponly=True, samesite="Strict")
        return answer

    async def _logout(self, request: web.Request) -> web.Response:
        login = self.logins.end(request.cookies[self._cookie], self._clock())
        if login is not None:
            self._told(f"{login.person} logged out")
        answer = _page("Logged out", "You are logged out, and your consoles are closed.", HTTPStatus.OK)
        answer.del_cookie(self._cookie)
        return answer

    async def _chairs(self, request: web.Request) -> web.Response:
        names = [name for name in await asyncio.to_thread(running_chairs) if self._chair in (None, name)]
        login = self._who(request)
        if login is None:
            raise web.HTTPNotFound
        return _html(pages.chairs(names, login.person))

    async def _console(self, request: web.Request) -> web.Response:
        if request.query_string:  # the terminal's program takes orders from there
            return _to(request.rel_url.raw_path)
        chair, login = request.match_info["chair"], self._who(request)
        if login is None or not await self._runs(chair):
            return _page("No core", "This chair has no running core.", HTTPStatus.NOT_FOUND)
        return _html(pages.console(chair, login.person))

    async def _runs(self, chair: str) -> bool:
        if self._chair not in (None, chair):
            return False
        with suppress(ValueError):  # no name for a chair
            return await asyncio.to_thread(answers, socket_path(chair))
        return False

    async def _follow(self, request: web.Request) -> web.WebSocketResponse:
        """Give a tab its console, until one of both ends, or the login does."""
        browser = web.WebSocketResponse(heartbeat=15, timeout=2, max_msg_size=LONGEST_MESSAGE, compress=False)
        await browser.prepare(request)
        chair, login = request.match_info["chair"], self._who(request)
        if login is None or not await self._runs(chair):
            await browser.close(message=b"This chair has no running core.")
        elif len(self._open) >= MAX_TABS:
            await browser.close(message=f"{MAX_TABS} consoles are open already; close one.".encode())
        else:
            self._open.add(browser)
            try:
                await self._serve(
                    request, browser, Tab(attach(chair, login.person), browser, "The console was closed.")
                )
            finally:
                self._open.discard(browser)
        return browser

    async def _serve(self, request: web.Request, browser: web.WebSocketResponse, tab: Tab) -> None:
        await tab.start(_within(request.query.get("width"), WIDTHS), _within(request.query.get("height"), HEIGHTS))
        watch = asyncio.create_task(self._watch(request, browser))
        try:
            with suppress(WSMessageTypeError, ConnectionError, ValueError, RecursionError):
                while self._who(request):
                    said = await browser.receive_str()
                    if self._who(request):  # whoever does not listen any more must not speak after the end, either
                        await _hear(said, browser, tab)
        finally:
            watch.cancel()
            await tab.stop()
            await browser.close(message=b"" if self._who(request) else _ENDED.encode())

    async def _watch(self, request: web.Request, browser: web.WebSocketResponse) -> None:
        """Let the browser hear that the way to it is open, and end with the login."""
        with suppress(ConnectionError, TimeoutError):
            while self._who(request):
                await asyncio.wait_for(browser.send_json(["beat"]), TAKES_WITHIN_S)
                await asyncio.sleep(BEAT_S)
        await browser.close(code=WSCloseCode.POLICY_VIOLATION, message=b"" if self._who(request) else _ENDED.encode())

    async def _part(self, _app: web.Application) -> None:
        for browser in list(self._open):
            await browser.close(code=WSCloseCode.GOING_AWAY, message=b"ketamon serve was ended.")


async def _hear(text: str, browser: web.WebSocketResponse, tab: Tab) -> None:
    """Do what a browser says in textual-serve's words. Raises `ValueError` at any other: it is no page of ours."""
    match json.loads(text):
        case ["stdin", str(keys)]:
            await tab.send_bytes(keys.encode("utf-8", "replace"))
        case ["resize", {"width": int(width), "height": int(height)}]:
            await tab.set_terminal_size(_within(width, WIDTHS), _within(height, HEIGHTS))
        case ["ping", str(data)]:
            await browser.send_json(["pong", data])
        case ["focus"]:
            await tab.focus()
        case ["blur"]:
            await tab.blur()
        case _:
            raise ValueError("no word of a page of ours")


def _within(value: Any, ends: tuple[int, int]) -> int:
    """Return a number of columns or rows that a terminal can have."""
    low, high = ends
    try:
        return max(low, min(high, int(value)))
    except (TypeError, ValueError):
        return low


async def _file(request: web.Request) -> web.StreamResponse:
    path = _FILES.get(request.match_info["name"])
    if path is None:
        raise web.HTTPNotFound
    return web.FileResponse(path)


def _to(path: str) -> web.Response:
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": path})


def _page(title: str, text: str, status: int) -> web.Response:
    return _html(pages.said(title, text), status)


def _html(text: str, status: int = HTTPStatus.OK) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html")


def _quiet(told: Callable[[str], None]) -> logging.Logger:
    """Return a log for the web server that tells where a bug is, and nothing of what was handled there."""

    class Bugs(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.exc_info and record.exc_info[1]:
                told(report(record.exc_info[1]))

    logger = logging.getLogger(__name__)
    logger.propagate, logger.handlers = False, [Bugs()]
    return logger
