"""How long a port waits before it tries again, with lines that do as they are told."""

import pytest

from ketamon.driver import AllowList
from ketamon.errors import SourceError
from ketamon.port.base import Port
from ketamon.port.clock import SystemClock

LOST = SourceError("gone")


class ScriptedLine:
    """Reads what the script says; then is lost."""

    def __init__(self, reads):
        self._reads = iter(reads)
        self.closed = 0

    def read(self):
        for data in self._reads:
            return data
        raise LOST

    def write(self, data):
        raise AssertionError(data)

    def close(self):
        self.closed += 1


def run(script):
    """Run a port through lines (lists of reads) and failures (texts). Return the waits, what it told, and the lines."""
    lines, waits, told = [], [], []
    steps = iter(script)

    def open_line():
        step = next(steps)
        if isinstance(step, str):
            raise SourceError(step)
        lines.append(ScriptedLine(step))
        return lines[-1]

    def wait(closing, seconds):
        waits.append(seconds)
        if len(waits) == len(script):
            closing.set()

    port = Port(
        open_line, AllowList(), {}, SystemClock(), lambda *_: None, lambda *link: told.append(link[:2]), waiter=wait
    )
    port.start()
    port._thread.join(5)
    assert not port._thread.is_alive()
    return waits, told, lines


SCRIPTS = [
    (["no"] * 6, [0.5, 1, 2, 4, 5, 5]),
    ([[], [], []], [0.5, 1, 2]),  # it opens, but says nothing: that is no success
    ([[b"", b""], [b""]], [0.5, 1]),
    (["no", "no", [b"x"], "no", "no"], [0.5, 1, 0.5, 1, 2]),
    ([[b"x"], [b"x"], [b"x"]], [0.5, 0.5, 0.5]),
]


@pytest.mark.parametrize(("script", "expected"), SCRIPTS)
def test_the_waits_double_up_to_five_seconds_until_bytes_come(script, expected):
    waits, _, lines = run(script)
    assert waits == expected
    assert [line.closed for line in lines] == [1] * len(lines)


def test_a_failure_is_told_when_its_reason_changes():
    _, told, _ = run(["busy", "busy", "absent", "absent", [b"x"], "absent"])
    assert told == [
        ("failed", "busy"),
        ("failed", "absent"),
        ("opened", ""),
        ("lost", "gone"),
        ("failed", "absent"),
    ]
