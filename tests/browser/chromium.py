"""A real headless Chromium, driven over its DevTools protocol: pages are opened, keys pressed, the screen is read."""

import asyncio
import base64
import json
import shutil
import time
from asyncio.subprocess import DEVNULL
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WITHIN_S = 60.0
LOOKS_S = 0.05
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
    *("--remote-debugging-port=0", "--window-size=1280,800"),
]
CATCH_TERMINAL = """
Object.defineProperty(Object.prototype, "terminal", {configurable: true, set(value) {
    window.seen = value;
    Object.defineProperty(this, "terminal", {value, writable: true});
}});
"""
"""textual-serve's page keeps its xterm.js to itself: this catches it as it is made, to read what stands in it."""
SCREEN = """
(() => { const buffer = window.seen?.buffer.active; const lines = [];
for (let y = 0; buffer && y < buffer.length; y++) lines.push(buffer.getLine(y).translateToString(true));
return [document.title, document.body?.innerText ?? "", ...lines].join("\\n"); })()
"""
KEYS = {"Enter": ("\r", 13), "Escape": ("\x1b", 27)}


class Page:
    """A tab."""

    def __init__(self, line: aiohttp.ClientWebSocketResponse) -> None:
        self._line, self._asked = line, 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.requests: list[str] = []
        self.errors: list[str] = []
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for message in self._line:
            said = json.loads(message.data)
            match said:
                case {"id": number}:
                    self._answers.pop(number).set_result(said)
                case {"method": "Network.requestWillBeSent", "params": {"request": {"url": url}}}:
                    self.requests.append(url)
                case {"method": "Network.webSocketCreated", "params": {"url": url}}:
                    self.requests.append(url)
                case {"method": "Log.entryAdded", "params": {"entry": {"level": "error", "text": text}}}:
                    self.errors.append(text)

    async def tell(self, method: str, **params: Any) -> dict[str, Any]:
        self._asked += 1
        answer = self._answers[self._asked] = asyncio.get_running_loop().create_future()
        await self._line.send_json({"id": self._asked, "method": method, "params": params})
        said = await asyncio.wait_for(answer, WITHIN_S)
        assert "error" not in said, said
        return said["result"]

    async def begin(self) -> None:
        for domain in ("Page", "Runtime", "Network", "Log"):
            await self.tell(f"{domain}.enable")
        await self.tell("Page.addScriptToEvaluateOnNewDocument", source=CATCH_TERMINAL)

    async def go(self, url: str) -> None:
        await self.tell("Page.navigate", url=url)

    async def run(self, script: str) -> Any:
        said = await self.tell("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in said, said
        return said["result"].get("value")

    async def screen(self) -> str:
        """Return title, words of the page, and what stands in the terminal."""
        with suppress(AssertionError):  # the page is just being changed
            return str(await self.run(SCREEN))
        return ""

    async def see(self, *texts: str, within_s: float = WITHIN_S) -> str:
        """Wait until all of it stands on the page; return the whole."""
        end = time.monotonic() + within_s
        found = await self.screen()
        while any(text not in found for text in texts):
            assert time.monotonic() < end, f"{texts} do not come:\n{found}"
            await asyncio.sleep(LOOKS_S)
            found = await self.screen()
        return found

    async def press(self, *keys: str) -> None:
        """Press keys: letters, or those of `KEYS`."""
        for key in keys:
            text, code = KEYS.get(key) or (key, ord(key.upper()))
            press = {"key": key, "windowsVirtualKeyCode": code}
            await self.tell("Input.dispatchKeyEvent", type="keyDown", text=text, **press)
            await self.tell("Input.dispatchKeyEvent", type="keyUp", **press)

    async def picture(self) -> bytes:
        """Return what is drawn, as PNG."""
        return base64.b64decode((await self.tell("Page.captureScreenshot", format="png"))["data"])

    async def close(self) -> None:
        await self._line.close()
        self._reader.cancel()


class Browser:
    """One Chromium with a profile of its own: its tabs share cookies."""

    def __init__(self, http: aiohttp.ClientSession, port: int) -> None:
        self._http, self._at = http, f"http://127.0.0.1:{port}"
        self._targets: dict[Page, str] = {}

    async def open(self, url: str = "about:blank") -> Page:
        async with self._http.put(f"{self._at}/json/new?about:blank") as answer:
            target = await answer.json()
        page = Page(await self._http.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0))
        self._targets[page] = target["id"]
        await page.begin()
        await page.go(url)
        return page

    async def shut(self, page: Page) -> None:
        """Close a tab as a person does."""
        async with self._http.get(f"{self._at}/json/close/{self._targets.pop(page)}"):
            pass
        await page.close()


@asynccontextmanager
async def browser(profile: Path):
    """Start a Chromium with an empty profile, and end it."""
    assert PROGRAM is not None
    process = await asyncio.create_subprocess_exec(
        PROGRAM, *FLAGS, f"--user-data-dir={profile}", "about:blank", stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        told = profile / "DevToolsActivePort"
        end = time.monotonic() + WITHIN_S
        while not (told.exists() and told.read_text().count("\n")):
            assert time.monotonic() < end, "Chromium does not start"
            await asyncio.sleep(LOOKS_S)
        async with aiohttp.ClientSession() as http:
            yield Browser(http, int(told.read_text().splitlines()[0]))
    finally:
        process.terminate()
        await process.wait()
