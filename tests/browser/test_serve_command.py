"""`ketamon serve` as a person meets it: links on standard output, words on standard error, nothing for the network."""

import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest

from ketamon.cli import main
from ketamon.cli import page as cli_page
from ketamon.local import runtime_dir

LINK = re.compile(r"http://127\.0\.0\.1:(\d+)/login\?token=[\w-]{43}\n", re.ASCII)


@contextmanager
def served(*words: str):
    """Run `ketamon serve`; give its process and the link it printed."""
    command = [sys.executable, "-m", "ketamon", "serve", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8") as process:
        try:
            yield process, process.stdout.readline()
        finally:
            process.kill()


def opened(link: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(link) as answer:  # noqa: S310 (our own link)
            return answer.status, answer.headers["Set-Cookie"]
    except urllib.error.HTTPError as error:
        error.close()
        return error.code, ""


def test_links_and_what_they_are_for(private, capsys):
    with served("--port", "0", "--as", "Dr. Lee", "--role", "physician", "--for", "4h") as (process, link):
        assert LINK.fullmatch(link)
        lock = runtime_dir() / "browser.lock"
        assert "token=" not in lock.read_text()
        assert main(["serve", "token", "--as", "Guest", "--role", "observer", "--for", "30m"]) == 0
        said = capsys.readouterr()
        assert LINK.fullmatch(said.out)
        assert "for observer Guest, until" in said.err
        assert main(["serve", "--port", "0"]) == 3
        assert "the console is served by process" in capsys.readouterr().err
        assert [opened(link.strip())[0] for _ in range(2)] == [200, 401]
        lasts = int(re.search(r"Max-Age=(\d+)", opened(said.out.strip())[1])[1])
        assert 1700 < lasts <= 1800
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        told = process.stderr.read()
        assert "physician Dr. Lee logged in" in told
        assert "token" not in told
    assert not list((runtime_dir()).glob("browser*"))


WRONG = [
    (["--host", "0.0.0.0"], 2, "ssh -L"),  # noqa: S104 (that it is refused is the test)
    (["--host", "::"], 2, "ssh -L"),
    (["--host", "10.0.0.7"], 2, "ssh -L"),
    (["--host", "127.0.0.1.evil.test"], 2, "ssh -L"),
    (["--host", "clinic.example"], 2, "ssh -L"),
    (["--chair", "../x"], 2, "no name for a chair"),
    (["--for", "9"], 2, "8h, 30m"),
    (["--for", "0m"], 2, "a minute to a day"),
    (["--for", "25h"], 2, "a minute to a day"),
    (["--as", "\x1b[2J"], 2, "is no name"),
    (["token", "--as", "AB", "--role", "nurse"], 3, "start it first"),
]


@pytest.mark.parametrize(("words", "code", "said"), WRONG)
def test_what_is_refused(private, capsys, words, code, said):
    assert main(["serve", *words]) == code
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""


def test_the_other_loopback(private):
    with served("--port", "0", "--host", "::1") as (_, link):
        assert link.startswith("http://[::1]:")
        assert opened(link.strip())[0] == 200


def test_a_port_that_is_taken(private, capsys):
    with served("--port", "0") as (_, link):
        port = LINK.fullmatch(link)[1]
        (private / "run2").mkdir(mode=0o700)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("KETAMON_RUNTIME", str(private / "run2"))
            assert main(["serve", "--port", port]) == 3
    assert f"port {port} cannot be had" in capsys.readouterr().err


def test_without_the_extra_it_says_how_to_get_it(private, capsys, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert main(["serve"]) == 2
    assert "pip install 'ketamon[browser]'" in capsys.readouterr().err


ALONE = """
import sys, time
from ketamon.cli import page
page.LOOKS_EVERY_S = 0.05
page.end_with_server()
print("on", flush=True)
time.sleep(60)
"""
PARENT = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', sys.argv[1]]); time.sleep(60)"


def test_a_console_ends_with_its_server_even_if_that_is_killed(monkeypatch):
    with subprocess.Popen([sys.executable, "-c", PARENT, ALONE], stdout=subprocess.PIPE, encoding="utf-8") as server:
        assert server.stdout.readline() == "on\n"
        server.kill()
        started = time.monotonic()
        assert server.stdout.read() == ""  # the child holds the other end until it is gone
        assert time.monotonic() - started < 30
    monkeypatch.setenv("TEXTUAL_DRIVER", "textual.drivers.web_driver:WebDriver")
    assert cli_page.on_page()
