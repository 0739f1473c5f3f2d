"""The device's end of a pseudo-terminal."""

import os
import select
import threading

import pytest

from ketamon.port.pty import PtyEnd, open_pty

ALL_BYTES = bytes(range(256))


def host(path):
    return os.open(path, os.O_RDWR | os.O_NOCTTY)


def read(fd, length):
    data = b""
    while len(data) < length:
        ready, _, _ = select.select([fd], [], [], 5)
        assert ready, f"only {data!r} came"
        data += os.read(fd, length - len(data))
    return data


def test_a_pair_is_raw_before_anybody_sets_it():
    master, path = open_pty()
    slave = os.open(path, os.O_RDWR | os.O_NOCTTY)
    os.write(master, ALL_BYTES)
    assert read(slave, 256) == ALL_BYTES
    os.write(slave, b"a\n")
    assert read(master, 2) == b"a\n"
    os.close(slave)
    os.close(master)


def test_it_answers_what_the_host_sends():
    with PtyEnd(lambda data: data.upper()) as end:
        fd = host(end.path)
        os.write(fd, b"ask")
        assert read(fd, 3) == b"ASK"
        assert end.write(ALL_BYTES) == 256
        assert read(fd, 256) == ALL_BYTES
        os.close(fd)


def test_a_host_may_leave_and_come_back():
    with PtyEnd(lambda data: data) as end:
        for _ in range(3):
            fd = host(end.path)
            os.write(fd, b"x")
            assert read(fd, 1) == b"x"
            os.close(fd)


def test_closing_hangs_up_and_leaves_no_thread():
    before = threading.active_count()
    end = PtyEnd(lambda data: data)
    fd = host(end.path)
    end.close()
    end.close()
    assert os.read(fd, 1) == b""
    os.close(fd)
    assert threading.active_count() == before
    assert end.write(b"x") == 0


def test_writing_to_nobody_ends_and_tells_how_much_went_out():
    with PtyEnd(lambda _: b"") as end:
        sent = end.write(b"x" * 1_000_000, timeout_s=0.01)
        assert 0 < sent < 1_000_000
        assert end.write(b"y", timeout_s=60) == 0, "the time is not given a second time"
        fd = host(end.path)
        read(fd, sent)
        assert end.write(b"z") == 1
        assert read(fd, 1) == b"z"
        os.close(fd)


@pytest.mark.parametrize("size", [100_000])
def test_a_slow_host_gets_everything(size):
    with PtyEnd(lambda _: b"") as end:
        fd = host(end.path)
        got = []
        reader = threading.Thread(target=lambda: got.append(read(fd, size)))
        reader.start()
        assert end.write(b"s" * size, timeout_s=5) == size
        reader.join()
        assert got == [b"s" * size]
        os.close(fd)
