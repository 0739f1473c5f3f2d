"""What somebody without a login, another page of the same browser, and a page that says anything can do: nothing."""

import asyncio
import json
import sys

import aiohttp
import pytest
from browser.serving import begin, core_that_only_answers, echo

from ketamon.browser import pages
from ketamon.browser import site as web
from ketamon.browser.tab import attach
from ketamon.domain.people import Person, Role


@pytest.fixture
async def serving(private, monkeypatch):
    monkeypatch.setenv("KETAMON_PASSPHRASE", "correct horse")
    core = await core_that_only_answers()
    found, runner = await begin(monkeypatch, echo())
    yield found
    await runner.cleanup()
    core.close()


@pytest.fixture
async def http():
    async with aiohttp.ClientSession() as session:
        yield session


async def heard(line: aiohttp.ClientWebSocketResponse, what: bytes) -> bytes:
    """Read until the program behind the tab has drawn this."""
    drawn = b""
    async with asyncio.timeout(10):
        while what not in drawn:
            message = await line.receive()
            assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), (message, drawn)
            drawn += message.data if message.type is aiohttp.WSMsgType.BINARY else b""
    return drawn


async def closed(line: aiohttp.ClientWebSocketResponse) -> str:
    """Read until the line is closed; return the reason."""
    async with asyncio.timeout(10):
        while (message := await line.receive()).type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT):
            pass
    return str(message.extra or "")


NOTHING = [
    ("GET", "/", 401),
    ("GET", "/chair/2", 401),
    ("GET", "/ws/2", 403),
    ("GET", "/ws/2?width=80&height=24", 403),
    ("POST", "/logout", 403),
    ("GET", "/login", 401),
    ("GET", "/login?token=", 401),
    ("GET", "/login?token=wrong&token=more", 401),
    ("POST", "/login?token=wrong", 403),
    ("GET", "/static/", 401),
    ("GET", "/static/js/textual.js", 401),
    ("GET", "/download/x", 401),
    ("GET", "/file/", 401),
    ("GET", "/file/console.html", 404),
    ("GET", "/file/../site.py", 401),
    ("GET", "/file/..%2fsite.py", 404),
    ("GET", "/file/%2e%2e/site.py", 401),
    ("GET", "/file//etc/passwd", 401),
    ("GET", "/login/../chair/2", 401),
    ("GET", "/file/../chair/2", 401),
    ("GET", "//chair/2", 401),
    ("PUT", "/", 403),
    ("TRACE", "/", 403),
]


@pytest.mark.parametrize(("method", "path", "wanted"), NOTHING)
async def test_without_a_login(serving, method, path, wanted):
    status, headers, body = await serving.raw(method, path)
    assert status == wanted
    assert "set-cookie" not in headers
    assert "terminal" not in body.replace("a terminal", "")
    assert not serving.tabs


async def test_a_websocket_by_hand_without_a_login(serving):
    status, _, _ = await serving.raw("GET", "/ws/2", **serving.upgrade(Origin=f"http://{serving.host}"))
    assert status == 401
    assert not serving.tabs


FOREIGN = ["", "null", "http://evil.test", "http://127.0.0.1", "https://{host}", "http://{host}.evil.test", "http://evil@{host}",
    "http://localhost:1", "file://"]  # fmt: skip


@pytest.mark.parametrize("origin", FOREIGN)
async def test_another_page_cannot_use_the_login_of_this_browser(serving, origin):
    cookie = serving.cookie()
    foreign = {"Cookie": cookie, "Origin": origin.format(host=serving.host)}
    assert (await serving.raw("GET", "/ws/2", **serving.upgrade(**foreign)))[0] == 403
    assert (await serving.raw("POST", "/logout", **foreign))[0] == 403
    assert (await serving.raw("GET", "/", Cookie=cookie))[0] == 200
    assert not serving.tabs


NAMES = [
    "evil.test", "evil.test:{port}", "127.0.0.1.evil.test:{port}", "localhost.evil.test", "127.0.0.1:{port}@evil.test",
    "10.0.0.7:{port}", "[::2]", "127.0.0.1:{port}, evil.test", "LOCALHOST.", "127.1",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
async def test_a_name_that_was_made_to_point_here(serving, name):
    host = name.format(port=serving.site.port)
    for path in ("/", "/file/page.css", "/login?token=x"):
        status, _, body = await serving.raw("GET", path, Host=host, Cookie=serving.cookie())
        assert status in (400, 421), body
    origin = {"Host": host, "Origin": f"http://{host}", "Cookie": serving.cookie()}
    assert (await serving.raw("GET", "/ws/2", **serving.upgrade(**origin)))[0] in (400, 421)


@pytest.mark.parametrize("name", ["127.0.0.1:{port}", "localhost:{port}", "localhost:9000", "[::1]:9000", "localhost"])
async def test_names_of_this_machine_and_of_a_tunnel(serving, name):
    host = name.format(port=serving.site.port)
    assert (await serving.raw("GET", "/", Host=host, Cookie=serving.cookie()))[0] == 200


async def test_a_link_becomes_a_cookie_once(serving):
    link = serving.link()
    path = link.removeprefix(f"http://{serving.host}")
    token = path.partition("=")[2]
    status, headers, body = await serving.raw("GET", path)
    name, _, rest = headers["set-cookie"].partition("=")
    assert (status, name) == (200, f"ketamon-{serving.site.port}")
    assert sorted(rest.partition("; ")[2].split("; ")) == ["HttpOnly", "Max-Age=3600", "Path=/", "SameSite=Strict"]
    assert token not in body + rest
    assert (await serving.raw("GET", path))[0] == 401
    assert serving.told == ["physician Dr. Lee logged in"]


async def test_who_goes_back_to_a_used_link_stays_logged_in(serving):
    path = serving.link().removeprefix(f"http://{serving.host}")
    _, headers, _ = await serving.raw("GET", path)
    status, there, _ = await serving.raw("GET", path, Cookie=headers["set-cookie"].partition(";")[0])
    assert (status, there["location"]) == (303, "/")


@pytest.mark.parametrize("path", ["/", "/nothing", "/chair/2", "/file/page.css", "/file/nothing", "/login?token=x"])
@pytest.mark.parametrize("known", [True, False])
async def test_every_answer_forbids_what_no_page_of_ours_needs(serving, path, known):
    _, headers, _ = await serving.raw("GET", path, Cookie=serving.cookie() if known else "")
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["server"] == "ketamon"


QUERIES = ["?fontsize=%22%3E%3Cscript%3E", "?ping=http://evil.test", "?delay=1", "?width=9"]


@pytest.mark.parametrize("query", QUERIES)
async def test_the_page_takes_no_orders_from_its_address(serving, query):
    status, headers, body = await serving.raw("GET", f"/chair/2{query}", Cookie=serving.cookie())
    assert (status, headers["location"]) == (303, "/chair/2")
    assert "script>" not in body


@pytest.mark.parametrize(
    "chair", ["3", "<script>alert(1)</script>", "%3Cscript%3E", "..", "2%00", "2%0d%0aX-A:1", "a" * 5000]
)
async def test_a_chair_that_does_not_run_is_not_even_named(serving, chair):
    status, headers, body = await serving.raw("GET", f"/chair/{chair}", Cookie=serving.cookie())
    assert status in (400, 404)
    assert "x-a" not in headers
    assert "<script" not in body
    assert "aaaa" not in body


def test_names_of_people_are_only_letters_in_a_page():
    evil = Person('"><script>alert(1)</script>$title', Role.NURSE)
    for page in (pages.console("2", evil), pages.chairs(["2"], evil)):
        assert "<script>alert" not in page
        assert "&quot;&gt;&lt;script&gt;" in page


def test_pages_ask_for_nothing_from_elsewhere():
    ours = [path.read_text("utf-8") for path in web._OURS.iterdir()]
    assert not [text for text in ours if "http:" in text or "https:" in text or "//" in text.replace("// ", "")]
    assert all(path.is_file() for path in web._FILES.values())


async def test_a_tab_is_a_console_of_its_person_and_knows_no_secret(serving, http):
    line = await serving.follow(http, serving.cookie())
    drawn = await heard(line, b"started")
    assert b"KETAMON_RUNTIME" in drawn
    assert b"KETAMON_PASSPHRASE" not in drawn
    await line.send_str(json.dumps(["stdin", "on"]))
    await heard(line, b"heard D\x00\x00\x00\x02on")
    await line.close()
    await serving.gone(serving.tabs[0])


def test_the_command_of_a_tab():
    words = attach("2", Person("-x; rm", Role.OBSERVER))
    assert words[:6] == [sys.executable, "-m", "ketamon", "attach", "--chair", "2"]
    assert words[6:] == ["--as=-x; rm", "--role", "observer", "--only-me", "--silent"]


NONSENSE = [
    "", "x", "[]", "{}", "7", '["stdin"]', '["stdin",7]', '["stdin",null]', '["stdin","a","b"]', '["resize",{}]',
    '["resize",{"width":"80","height":24}]', '["resize",{"width":1e3,"height":24}]', '["quit"]', '[["stdin"],"a"]',
    '["open_url",{"url":"http://evil.test"}]', '["deliver_file_start","k"]', "[" * 50_000, b"\x00binary",
    json.dumps(["stdin", "x" * 70_000]),
]  # fmt: skip


@pytest.mark.parametrize("nonsense", NONSENSE, ids=lambda n: repr(n[:40]))
async def test_a_page_that_speaks_otherwise_is_parted_from(serving, http, nonsense):
    line = await serving.follow(http, serving.cookie())
    await heard(line, b"started")
    await (line.send_bytes(nonsense) if isinstance(nonsense, bytes) else line.send_str(nonsense))
    await closed(line)
    await serving.gone(serving.tabs[0])
    await serving.open(0)
    assert serving.told == []


async def test_half_a_letter_is_no_accident(serving, http):
    line = await serving.follow(http, serving.cookie())
    await line.send_str('["stdin","\\ud800"]')
    await heard(line, b"heard D\x00\x00\x00\x01?")


@pytest.mark.parametrize("query", ["", "?width=999999999&height=-5", "?width=x&height=%00", "?width=1e9"])
async def test_a_terminal_has_a_size_that_can_be(serving, http, query):
    line = await serving.follow(http, serving.cookie(), query)
    await line.send_str('["resize",{"width":99999999,"height":-1}]')
    assert b'"width": 400, "height": 8' in await heard(line, b"resize")


async def test_so_many_tabs_and_no_more(serving, http, monkeypatch):
    monkeypatch.setattr(web, "MAX_TABS", 2)
    cookie = serving.cookie()
    lines = []
    for _ in range(2):
        lines.append(await serving.follow(http, cookie))
        await heard(lines[-1], b"started")
    assert "open already" in await closed(await serving.follow(http, cookie))
    await lines[0].close()
    await serving.gone(serving.tabs[0])
    await serving.open(1)
    await heard(await serving.follow(http, cookie), b"started")
    assert len(serving.tabs) == 3


async def test_the_end_of_a_login_ends_its_tab(serving, http, monkeypatch):
    monkeypatch.setattr(web, "BEAT_S", 0.01)
    cookie = serving.cookie(minutes=1)
    line = await serving.follow(http, cookie)
    await heard(line, b"started")
    serving.now[0] = 60.0
    assert await closed(line) == "This login has ended; a new link is needed."
    await serving.gone(serving.tabs[0])
    assert (await serving.raw("GET", "/chair/2", Cookie=cookie))[0] == 401


async def test_who_does_not_listen_is_not_listened_to_after_the_end(serving, http, monkeypatch):
    monkeypatch.setattr(web, "BEAT_S", 60)
    line = await serving.follow(http, serving.cookie(minutes=1))
    await heard(line, b"started")
    keys = []
    monkeypatch.setattr(serving.tabs[0], "send_bytes", keys.append)
    serving.now[0] = 60.0
    await line.send_str('["stdin","o"]')
    await serving.gone(serving.tabs[0])
    assert keys == []


async def test_logging_out_ends_the_tabs_of_that_login_only(serving, http, monkeypatch):
    monkeypatch.setattr(web, "BEAT_S", 0.01)
    mine, other = serving.cookie(), serving.cookie(name="AB", role=Role.NURSE)
    lines = [await serving.follow(http, mine), await serving.follow(http, other)]
    for line in lines:
        await heard(line, b"started")
    status, headers, _ = await serving.raw("POST", "/logout", Cookie=mine, Origin=f"http://{serving.host}")
    assert (status, headers["set-cookie"].partition(";")[0]) == (200, f'ketamon-{serving.site.port}=""')
    assert "ended" in await closed(lines[0])
    await lines[1].send_str('["stdin","still"]')
    await heard(lines[1], b"still")


async def test_a_program_that_does_not_end_is_ended(private, monkeypatch, http):
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('__GANGLION__', flush=True); time.sleep(99)"
    monkeypatch.setattr("ketamon.browser.tab.ENDS_WITHIN_S", 0.1)
    core = await core_that_only_answers()
    serving, runner = await begin(monkeypatch, [sys.executable, "-S", "-c", deaf])
    line = await serving.follow(http, serving.cookie())
    await line.receive()
    await asyncio.sleep(0.2)  # it has learned to be deaf
    await line.close()
    await serving.gone(serving.tabs[0])
    assert serving.tabs[0]._process.returncode == -9
    await runner.cleanup()
    core.close()


async def test_only_the_chair_that_is_to_be_seen(private, monkeypatch, http):
    cores = [await core_that_only_answers(name) for name in ("2", "3")]
    serving, runner = await begin(monkeypatch, echo(), chair="3")
    _, _, body = await serving.raw("GET", "/", Cookie=serving.cookie())
    assert 'href="/chair/3"' in body
    assert "/chair/2" not in body
    assert (await serving.raw("GET", "/chair/2", Cookie=serving.cookie()))[0] == 404
    assert "no running core" in await closed(await serving.follow(http, serving.cookie()))
    await runner.cleanup()
    for core in cores:
        core.close()


async def test_a_bug_tells_where_it_is_and_never_what_was_handled(serving, monkeypatch):
    def broken(*_):
        raise LookupError("J. D., born 1980")

    monkeypatch.setattr(pages, "chairs", broken)
    status, _, body = await serving.raw("GET", "/", Cookie=serving.cookie())
    assert status == 500
    assert "J. D." not in body + "".join(serving.told)
    assert "LookupError" in "".join(serving.told)
