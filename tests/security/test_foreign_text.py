"""No text from outside is obeyed: by the terminal, by Textual's markup, by whoever reads a line."""

import ast
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from chair.bedside import CHECK_IN, NURSE, START, checking_in
from cli.test_course_command import PATIENT, a_session
from console.chairs import Chair
from console.pilot import console
from hypothesis import given
from hypothesis import strategies as st
from rows import each_row
from security.attacks import ALL, ATTACKS, obeyed
from store.samples import any_body, at

from ketamon.chair.server import event_line
from ketamon.cli import main
from ketamon.codec import decode_body, encode_json
from ketamon.console import app
from ketamon.console.actions.chair import ACTIONS
from ketamon.domain import events as e
from ketamon.domain.devices import DeviceKind, Link
from ketamon.domain.instant import Instant
from ketamon.domain.intents import Note
from ketamon.domain.people import Person, Role
from ketamon.domain.readings import Mode
from ketamon.errors import ProfileError
from ketamon.follow import _line
from ketamon.plain import escaped_json, plain, plain_json, plain_lines
from ketamon.profiles import load, loads
from ketamon.stream.record import Header, StreamDevice
from ketamon.stream.writer import StreamWriter
from ketamon.words import said

TEXTS = st.one_of(st.sampled_from(list(ATTACKS.values())), st.text(max_size=60))


@each_row("attack", ATTACKS.values(), ids=ATTACKS)
def test_a_plain_text_is_one_line_of_letters(attack):
    assert obeyed(plain(attack)) == []
    assert "\n" not in plain(attack)
    assert len(plain(attack)) == len(attack)  # nothing vanishes unseen


@given(TEXTS)
def test_plain_is_done_once_and_leaves_letters_alone(text):
    assert plain(text).isprintable()
    assert plain(plain(text)) == plain(text)
    assert obeyed(plain_lines(text).replace("\t", "")) == []
    if text.isprintable():
        assert plain(text) == plain_lines(text) == text


@given(st.recursive(TEXTS, lambda more: st.lists(more) | st.dictionaries(TEXTS, more), max_leaves=8))
def test_json_is_shown_safely_and_says_the_same(value):
    data = encode_json(value)
    assert obeyed(data.decode()) == []
    assert "\n" not in data.decode()
    assert json.loads(data) == value == json.loads(escaped_json(json.dumps(value, ensure_ascii=False).encode()))


def texts_in(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from texts_in(key)
            yield from texts_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts_in(each)


@given(st.one_of(*any_body.values()), TEXTS)
def test_whatever_a_core_says_reaches_a_follower_as_letters(body, text):
    """Through the same bytes as the socket's; the profile's text is judged by the profile's loader."""
    line = _line.decode(event_line(e.Event(1, at(1), body)))
    seen = decode_body(plain(line.type), line.version, plain_json(bytes(line.body)))
    told = asdict(seen)
    told.pop("profile_toml", None)
    assert all(each.isprintable() for each in texts_in(told) if not isinstance(seen, e.Unknown))
    assert plain_json(encode_json({"text": text})) == encode_json({"text": plain(text)})


@each_row("attack", ATTACKS.values(), ids=ATTACKS)
def test_an_event_is_said_in_one_line(attack):
    chair = Chair()
    profile, _, _ = load(None)
    by = Person(attack, Role.NURSE)
    bodies = [
        e.Noted(text=attack, by=by),
        e.PatientCheckedIn(patient=replace(PATIENT, label=attack, identifier=attack), by=by),
        e.DeviceAttached(
            device="m", kind=DeviceKind.MONITOR, driver=attack, port=attack, label=attack, quiet_after_s=9.0,
            alarms_decoded=False,
        ),
        e.Unknown(type=attack, version=1, body="{}"),
        e.Observed(item="other", grade=1, text=attack, by=by),
    ]  # fmt: skip
    for body in bodies:
        assert all(words.isprintable() for words in said(e.Event(9, at(9), body), chair.state, profile))


MARKUP = "[bold red]x[/][@click=app.quit]y[/][/bold]"


def hostile() -> Chair:
    """A session whose every text attacks; as a follower has it."""
    evil = MARKUP + plain(ALL)
    chair = Chair().devices().check_in()
    by = Person(MARKUP, Role.NURSE)
    patient = replace(PATIENT, label=MARKUP, identifier=evil, course=evil, escort=evil, indication_text=evil)
    pump = chair.state.devices["pump"].attached
    return chair.say(
        e.PatientCheckedIn(patient=patient, by=by),
        replace(pump, label=MARKUP, port=evil),
        e.Observed(item="other", grade=1, text=evil, by=by),
        e.Noted(text=evil, by=by),
        e.CourseFound(place=MARKUP, warning=evil),
        e.StaffMoved(who=by, where=None, by=by),
        e.LinkChanged(device="monitor", link=Link.CLOSED, why=evil),
    )


async def test_no_screen_obeys_a_text():
    """What is markup is shown as it was typed, on the chair's screen and in each panel."""
    async with console(hostile(), size=(140, 40)) as desk:
        shown = [desk.text()]
        for action in ACTIONS.values():
            if action.name in ("observe", "note", "undo", "gate", "log", "staff", "limits", "course", "discharge"):
                await desk.press(action.keys[0])
                shown.append(desk.text())
                await desk.press("escape")
        assert obeyed("".join(shown)) == []
        assert MARKUP in shown[0]
        assert desk.app.is_running
        assert "click" not in f"{desk.app.title}{desk.app.sub_title}"


def test_titles_of_panels_are_never_read_as_markup():
    """Textual reads a title that is a plain `str` as markup; a name of the clinic's could be in it."""
    for path in (Path(app.__file__).parent / "widgets").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Assign) and any(
                isinstance(target, ast.Attribute) and target.attr.startswith("border_") for target in node.targets
            ):
                made = any(isinstance(part, ast.JoinedStr) for part in ast.walk(node.value))
                assert not made or "Content(" in ast.unparse(node.value), (path, node.lineno)


@pytest.fixture(name="home")
def fixture_home(tmp_path, monkeypatch):
    monkeypatch.setenv("KETAMON_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "100")
    (tmp_path / "home").mkdir(mode=0o700)
    return tmp_path / "home"


@pytest.fixture(name="printed")
def fixture_printed(capfd):
    def call(*args) -> str:
        main([str(arg) for arg in args])
        sys.stdout.flush()
        return "".join(capfd.readouterr())

    return call


def test_the_course_of_a_patient_shows_letters(home, printed):
    a_session(1, patient=replace(PATIENT, label=ALL, identifier="K-1", escort=ALL))
    a_session(3, patient=replace(PATIENT, label=ALL, identifier=ALL))
    for args in (["course"], ["course", "K-1"], ["course", "K-1", "--json"], ["course", "--json"], ["course", ALL]):
        text = printed(*args)
        assert obeyed(text) == []
        assert "\nchair 2: gate open" not in text


def evil_stream(path):
    header = Header(START, {"monitor": StreamDevice("ge-dri", ALL, DeviceKind.MONITOR)}, Mode.REAL)
    t0 = Instant(0, START)
    with StreamWriter(path, header, t0) as writer:
        from ketamon.codec import encode_intent

        profile, _, _ = load(None)
        for n, intent in enumerate(checking_in(profile), start=1):
            evil = replace(CHECK_IN, patient=replace(CHECK_IN.patient, label=ALL)) if intent is CHECK_IN else intent
            writer.intent(t0.plus(n / 10), encode_intent(evil).decode())
        writer.intent(t0.plus(9), encode_intent(Note(text=ALL, by=NURSE)).decode())
        writer.link("monitor", t0.plus(10), f"lost: {ALL}")
        writer.rx("monitor", t0.plus(11), ALL.encode())
        writer.note("", t0.plus(12), ALL)
    return path


def test_a_recording_from_a_stranger_is_replayed_verified_and_decoded_as_letters(home, printed, tmp_path):
    path = evil_stream(tmp_path / "evil.kstream")
    assert obeyed(path.read_text()) == []  # whoever looks at the file itself is safe, too
    raw = tmp_path / "raw"
    raw.write_bytes(ALL.encode() * 3)
    for args in (
        ["replay", path, "--headless"],
        ["replay", path, "--headless", "--json"],
        ["verify", path],
        ["decode", "masimo-ascii1", raw],
        ["decode", "masimo-ascii1", raw, "--text"],
        ["decode", "bbraun-space", raw, "--text"],
        ["evaluate", "alarms", path],
    ):
        text = printed(*args)
        assert obeyed(text) == []
        assert "\nchair 2: gate open" not in text.replace("\\n", "")


@each_row("attack", [text for name, text in ATTACKS.items() if name != "long" and "/" not in text])
def test_a_files_name_is_told_in_one_line(home, printed, tmp_path, attack):
    name = attack.replace("\0", "")
    for suffix in (".ksession", ".kstream", ".toml"):
        path = tmp_path / f"{name}{suffix}"
        path.write_bytes(b"nonsense")
        command = ["profile", "check", path] if suffix == ".toml" else ["verify", path]
        text = printed(*command)
        assert obeyed(text) == []
        assert not any(line.startswith("chair 2") for line in text.splitlines()), text


@each_row("attack", ATTACKS.values(), ids=ATTACKS)
def test_what_is_typed_wrongly_is_told_as_letters(home, printed, attack):
    argument = attack.replace("\0", "")
    for args in ([argument], ["decode", argument, "x"], ["drivers", argument], ["demo", "--profile", argument]):
        assert obeyed(printed(*args)) == []


@each_row("attack", [a for n, a in ATTACKS.items() if not a.isprintable()])
def test_a_profile_that_says_what_cannot_be_shown_is_refused(attack):
    _, text, _ = load(None)
    escaped = "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in attack)
    title = next(line for line in text.splitlines() if line.startswith("title"))
    with pytest.raises(ProfileError, match="one line of letters that can be shown"):
        loads(text.replace(title, f'title = "{escaped}"', 1), "evil")
