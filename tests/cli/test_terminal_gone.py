"""A terminal that goes away while a console draws on it: the console ends, whether or not the system tells it so."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import uuid
from pathlib import Path

import pytest
from cli.tmux import Tmux

pytestmark = pytest.mark.usefixtures("private")

KETAMON = (sys.executable, "-m", "ketamon")
SAMPLE = str(Path(__file__).parents[2] / "sample_streams" / "desaturation.kstream")
REPLAY = (*KETAMON, "replay", SAMPLE, "--speed", "100")
WITHIN_S = 10.0
"""It takes a second or two; before, it never came."""
ENDED = {129, -signal.SIGALRM}
"""As one whose window was closed; the system's own end where it cannot even say that it leaves."""


def begun(command, *, controls):
    """Run a command on a terminal of which nobody else knows; `controls`: the system tells it when that is gone."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
    takes = (
        f"import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv({command[0]!r}, {command!r})"
    )
    process = subprocess.Popen(
        (sys.executable, "-c", takes) if controls else command,
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        env=os.environ | {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    os.close(theirs)
    return process, ours


def read(ours, words, within_s=30.0):
    seen, end = b"", time.monotonic() + within_s
    while words not in seen:
        assert time.monotonic() < end, seen[-500:]
        if select.select([ours], [], [], 0.1)[0]:
            seen += os.read(ours, 1 << 16)


@pytest.mark.parametrize(
    ("command", "words", "how"),
    [
        (REPLAY, b"REPLAY", "closed and told"),
        (REPLAY, b"REPLAY", "closed"),
        (REPLAY, b"REPLAY", "stopped reading, then closed"),
        (REPLAY, b"REPLAY", "stopped reading, then told"),
        (KETAMON, b"what to do", "closed"),
    ],
)
def test_it_ends(command, words, how):
    process, ours = begun(command, controls=how.endswith("told"))
    try:
        read(ours, words)
        if how.startswith("stopped"):
            os.write(ours, b"WJ\x1b[A" * 40)
            time.sleep(1)  # what it draws meanwhile fills the terminal, and the queue before it
        if how == "stopped reading, then told":
            process.send_signal(signal.SIGHUP)
        else:
            os.close(ours)
            ours = -1
        assert process.wait(WITHIN_S) in ENDED
    finally:
        process.kill()
        process.wait()
        if ours >= 0:
            os.close(ours)


def test_what_another_program_wrote_goes_away_by_ctrl_l():
    window = Tmux(f"{tempfile.gettempdir()}/{uuid.uuid4().hex[:12]}", KETAMON, size=(80, 24))
    try:
        window.see("what to do")
        window.see("Nothing is configured here")
        Path(window.tty).write_text("\x1b[3;5HBROADCAST MESSAGE\x1b[2K\x1b[12;1Hfrom another program", "utf-8")
        window.see("from another program")
        window.press("C-l")
        window.see("painted anew")
        window.see("demo: see a whole session")
        assert "another program" not in window.screen()
        assert "BROADCAST" not in window.screen()
        window.press("q")
        window.ended()
    finally:
        window.close()
