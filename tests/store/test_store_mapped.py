"""A full disk with small blocks: writing into a hole of the log's index would kill the process (SIGBUS)."""

import os
import subprocess
import sys
from contextlib import suppress

import pytest
from store.samples import START, noted

from ketamon.store import appender as appending
from ketamon.store import database
from ketamon.store.appender import Appender, cause
from ketamon.store.chain import row_of
from ketamon.store.verify import verify

pytestmark = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root may mount a disk")


@pytest.fixture
def small_blocks(tmp_path):
    """A disk of 8 MB with blocks of 1024 bytes."""
    image, folder = tmp_path / "image", tmp_path / "disk"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(8 << 20)
    for command in (["mkfs.ext4", "-q", "-F", "-b", "1024", image], ["mount", "-o", "loop", image, folder]):
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("this system mounts no disk images")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)  # also where a test that failed left it open


def fill(folder):
    with (folder / "fill").open("wb", buffering=0) as file:
        for size in (1 << 16, 1024):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))
    os.sync()


def written(appender, seqs):
    for seq in seqs:
        appender.write([row_of(noted(seq), appender.head.hash)])


def test_the_index_has_its_blocks_before_the_disk_is_full_and_keeps_them(small_blocks):
    path = small_blocks / "one.ksession"
    database.create(path, "one", START)
    index = path.with_name("one.ksession-shm")
    appender = Appender(path)
    before = index.stat()
    assert before.st_blocks * 512 >= before.st_size == 1 << 15
    written(appender, range(1, 4))
    fill(small_blocks)
    with pytest.raises(appending.FAILURES) as failed:
        written(appender, range(4, 40))
    assert cause(failed.value).startswith("the disk is full")
    with suppress(*appending.FAILURES):
        written(appender, [appender.head.seq + 1])  # over a new connection
    assert (index.stat().st_ino, index.stat().st_blocks) == (before.st_ino, before.st_blocks)
    (small_blocks / "fill").unlink()
    written(appender, range(appender.head.seq + 1, 40))
    appender.mark_ended()
    appender.close()
    assert (verify(path), list(small_blocks.glob("*-shm"))) == ([], [])


def test_a_full_disk_takes_no_writer_rather_than_kill_it(small_blocks):
    path = small_blocks / "one.ksession"
    database.create(path, "one", START)
    fill(small_blocks)
    with pytest.raises(OSError) as refused:
        Appender(path)
    assert cause(refused.value) == "the disk is full"
    (small_blocks / "fill").unlink()
    Appender(path).close()
