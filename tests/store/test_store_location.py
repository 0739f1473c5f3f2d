"""Where sessions live, what they are called, and which of them are open."""

import os
import stat
from datetime import timedelta, timezone
from pathlib import Path

import pytest
from rows import each_row
from store.samples import QUICK, START, noted

from ketamon.errors import SourceError
from ketamon.store.database import create
from ketamon.store.location import data_dir, new_session_path, open_sessions, session_files, sessions_dir
from ketamon.store.writer import Store


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KETAMON_HOME", str(tmp_path / "deep" / "home"))
    return tmp_path / "deep" / "home"


@each_row(
    ("platform", "environ", "expected"),
    [
        ("linux", {}, "~/.local/share/ketamon"),
        ("linux", {"XDG_DATA_HOME": "/data"}, "/data/ketamon"),
        ("linux", {"XDG_DATA_HOME": "relative"}, "~/.local/share/ketamon"),
        ("darwin", {"XDG_DATA_HOME": "/data"}, "~/Library/Application Support/ketamon"),
        ("win32", {}, "~/AppData/Local/ketamon"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/ketamon"),
        ("linux", {"KETAMON_HOME": "/clinic", "XDG_DATA_HOME": "/data"}, "/clinic"),
        ("win32", {"KETAMON_HOME": "~/clinic", "LOCALAPPDATA": "/local"}, "~/clinic"),
    ],
)
def test_the_directory_is_where_the_platform_wants_it(platform, environ, expected):
    assert data_dir(environ, platform) == Path(expected).expanduser()


def test_the_sessions_are_for_the_owner_only_whatever_the_umask(home):
    old = os.umask(0)
    try:
        assert sessions_dir() == sessions_dir() == home / "sessions"
    finally:
        os.umask(old)
    assert stat.S_IMODE((home / "sessions").stat().st_mode) == 0o700


def test_a_directory_that_cannot_be_made_is_told(home):
    home.parent.mkdir()
    home.write_text("a file")
    with pytest.raises(SourceError, match=r"cannot be made: .*; set KETAMON_HOME"):
        sessions_dir()


@pytest.mark.parametrize(
    ("chair", "name"),
    [
        ("2", "2026-11-21T080000Z-2.ksession"),
        ("chair 2/../é", "2026-11-21T080000Z-chair-2.ksession"),
        ("..", "2026-11-21T080000Z-chair.ksession"),
    ],
)
def test_a_file_is_named_by_time_and_chair(home, chair, name):
    local = START.astimezone(timezone(timedelta(hours=9)))
    assert new_session_path(local, chair) == home / "sessions" / name


def test_two_sessions_in_one_second_get_two_names():
    names = []
    for _ in range(3):
        path = new_session_path(START, "2")
        create(path, "s", START)
        names.append(path.stem.removeprefix("2026-11-21T080000Z-"))
    assert names == ["2", "2-2", "2-3"]


def test_open_sessions_come_newest_first_and_nothing_unreadable_is_hidden(degraded):
    paths = []
    for minute, how in enumerate(["ended", "left", "running", "broken"]):
        path = new_session_path(START + timedelta(minutes=minute), "2")
        create(path, how, START)
        paths.append(path)
        if how == "broken":
            path.write_bytes(b"not a database, but somebody's session once " * 100)
            continue
        store = Store(path, clock=int, on_degraded=degraded, limits=QUICK)
        store.append([noted(1)], urgent=True).result(5)
        if how != "running":
            store.close(ended=how == "ended")
    assert open_sessions() == [paths[3], paths[2], paths[1]]


def test_links_pipes_and_folders_are_no_sessions(tmp_path, monkeypatch):
    """A session behind a link would be written under another lock; a pipe would be waited for without end."""
    monkeypatch.setenv("KETAMON_HOME", str(tmp_path))
    folder = sessions_dir()
    (folder / "real.ksession").write_bytes(b"")
    (folder / "link.ksession").symlink_to("real.ksession")
    (folder / "nowhere.ksession").symlink_to("gone")
    (folder / "folder.ksession").mkdir()
    os.mkfifo(folder / "pipe.ksession")
    assert [path.name for path in session_files()] == ["real.ksession"]


@pytest.mark.parametrize("open_", ["", "sessions"])
def test_a_folder_that_others_may_change_takes_no_record(tmp_path, monkeypatch, open_):
    home = tmp_path / "home"
    monkeypatch.setenv("KETAMON_HOME", str(home))
    sessions_dir()
    (home / open_).chmod(0o777)
    with pytest.raises(SourceError, match="can be changed by other users"):
        sessions_dir()
