"""Which console sounds what and when, what it tells the core, and the thread that does it beside the screen."""

import threading
import time
from dataclasses import replace
from itertools import pairwise

import pytest
from console.chairs import NURSE, PROFILE, FakeFeed, empty, infusing

from ketamon.console import voice as module
from ketamon.console.view.chair import Contact, calling
from ketamon.console.voice import BELL_ONLY, REPORT_EVERY_S, RETRY_EVERY_S, Voice, VoiceThread
from ketamon.domain import events as e
from ketamon.domain.devices import Priority
from ketamon.domain.intents import ReportSound
from ketamon.domain.people import Role
from ketamon.follow import Source

HIGH, MEDIUM, LOW = Priority.HIGH, Priority.MEDIUM, Priority.LOW
ME, OTHER = "the console of nurse AB (1)", "the console of nurse CD (2)"
WORKS = ReportSound(console=ME, working=True)


class FakePlayer:
    """A player that notes what it plays; `fails` is why nothing sounds. A sound is over at once, unless it `lasts`."""

    def __init__(self, programs=("paplay",)):
        self.programs = list(programs)
        self.played, self.fails = [], ""
        self.trouble = self.through = ""
        self.busy = self.lasts = False

    def play(self, sound, now):
        self.played.append(sound.name)
        self.busy = bool(self.programs)

    def stop(self):
        if self.busy:
            self.played.append("stop")
        self.busy = False

    def look(self, now):
        if not self.busy or self.lasts:
            return False
        self.busy = False
        self.trouble, self.through = self.fails, "" if self.fails else self.programs[0]
        return bool(self.fails)


class Room:
    """A voice under test; `run` lets time pass and folds what it reports, as the core would."""

    def __init__(self, chair=None, *, source=Source.LIVE, role=Role.NURSE, asked=None, programs=("paplay",)):
        self.chair, self.now = chair or infusing(1), 100.0
        self.feed, self.player = FakeFeed(self.chair, source), FakePlayer(programs)
        self.voice = Voice(self.player, console=ME, role=role, asked=asked)
        self.voice.follow("1", self.feed)
        self.reports = []

    def run(self, seconds=0.3, *, beats=True):
        for _ in range(round(seconds / 0.05)):
            self.now += 0.05
            self.chair.t += 0.05
            if beats:
                self.feed.tick()
            for _, report in self.voice.look(self.now):
                self.reports.append(report)
                self.chair.say(e.SoundChanged(console=report.console, working=report.working, why=report.why))
        return self

    def other(self, working, why=""):
        self.chair.say(e.SoundChanged(console=OTHER, working=working, why=why))
        return self

    @property
    def heard(self):
        return [name for name in self.player.played if name in list(Priority)]


def alarm(priority=HIGH, text="SpO2 84 < 88", **more):
    return infusing(1).alarm(text, priority, **more)


@pytest.mark.parametrize(
    ("source", "role", "asked", "sounds"),
    [
        (Source.LIVE, Role.NURSE, None, True),
        (Source.LIVE, Role.PHYSICIAN, None, True),
        (Source.LIVE, Role.OBSERVER, None, False),
        (Source.LIVE, Role.OBSERVER, True, True),
        (Source.LIVE, Role.NURSE, False, False),
        (Source.REPLAY, Role.NURSE, None, False),
        (Source.REPLAY, Role.NURSE, True, True),
        (Source.SIMULATED, Role.NURSE, None, False),
        (Source.SIMULATED, Role.OBSERVER, True, True),
    ],
)
def test_who_sounds(source, role, asked, sounds):
    room = Room(alarm(), source=source, role=role, asked=asked).run()
    assert room.heard == ["high"] * sounds
    assert not room.voice.bells
    assert bool(room.reports) == (source is Source.LIVE), "only a live session has anybody to tell"


def test_an_alarm_is_heard_at_the_next_look():
    room = Room().run(1)
    room.chair.alarm("SpO2 84 < 88", HIGH)
    room.run(0.05)
    assert room.heard == ["high"]


def test_a_burst_is_repeated_and_a_higher_alarm_does_not_wait():
    room = Room(alarm(MEDIUM)).run(10)
    assert room.heard == ["medium", "medium"]
    room.chair.alarm("SpO2 84 < 88", HIGH)
    assert room.run(0.05).heard == ["medium", "medium", "high"]
    assert room.run(12).heard == ["medium", "medium", "high", "high"]


ACKNOWLEDGED = e.AlarmChanged(
    alarm="SpO2 84 < 88", state=e.AlarmState.ACKNOWLEDGED, priority=HIGH, technical=False, text="x", by=NURSE
)
LATCHED_AND_SEEN = replace(ACKNOWLEDGED, state=e.AlarmState.ENDED)
OVER = replace(LATCHED_AND_SEEN, by=None)


@pytest.mark.parametrize(
    "silent",
    [e.AudioPaused(seconds=120.0, by=NURSE), ACKNOWLEDGED, LATCHED_AND_SEEN],
    ids=["paused", "acknowledged", "latched and acknowledged"],
)
def test_silence_is_at_once_and_stays(silent):
    room = Room(alarm()).run(1)
    room.player.busy = room.player.lasts = True
    room.chair.say(silent).say(e.ClockStepped(seconds=0.0))
    room.run(0.05)
    assert room.player.played[-1] == "stop"
    room.player.lasts = False
    assert room.run(100).heard == ["high"]


def test_what_is_over_by_itself_sounds_to_its_end():
    room = Room(alarm().say(e.AudioPaused(seconds=0.0, by=NURSE))).run(1)
    room.player.busy = room.player.lasts = True
    room.chair.say(OVER)
    assert room.run(100).heard == ["high"]
    assert "stop" not in room.player.played


def test_a_pause_ends():
    chair = alarm().say(e.AudioPaused(seconds=120.0, by=NURSE))
    room = Room(chair).run(119)
    assert room.heard == []
    assert room.run(1.5).heard == ["high"]


def test_a_core_that_is_lost_sounds_high():
    room = Room().run(1)
    room.run(2.8, beats=False)
    assert room.heard == []
    assert room.run(0.3, beats=False).heard == ["high"]
    room.reports.clear()
    room.feed.connected, room.feed.why = False, "refused"
    assert room.run(5, beats=False).reports == []


def test_a_session_that_is_over_may_go_in_silence():
    room = Room().run(1)
    room.feed.beat = room.chair.beat(ended=True)
    room.feed.connected = False
    assert room.run(10, beats=False).heard == []


def test_before_the_first_beat_nothing_is_known():
    assert calling(alarm().state, PROFILE, Contact(reached=False, why="not connected yet"), None) is None
    room = Room(alarm())
    room.feed.beat = None
    assert room.run(5, beats=False).heard == []
    assert room.reports == []


# -------------------------------------------------------------------- what the core is told


def test_a_player_is_tried_before_there_is_an_alarm_and_told():
    room = Room(empty()).run()
    assert room.player.played == ["nothing"]
    assert room.reports == [WORKS]
    assert room.run(300).reports == [WORKS]
    assert room.player.played == ["nothing"]


def test_a_player_that_fails_is_told_the_bell_rings_and_it_is_tried_again():
    room = Room(empty())
    room.player.fails = "paplay: Connection refused"
    room.run()
    assert room.reports == [ReportSound(console=ME, working=False, why=f"no sound at {ME}: paplay: Connection refused")]
    assert room.voice.bells == 0, "nothing was to be heard yet"
    room.chair.alarm("SpO2 84 < 88", HIGH)
    room.run(7)
    assert (room.heard, room.voice.bells) == (["high", "high"], 2)
    room.chair.alarm("SpO2 84 < 88", HIGH, state=e.AlarmState.ACKNOWLEDGED)
    room.player.fails = ""
    room.run(RETRY_EVERY_S + REPORT_EVERY_S)
    assert room.reports[-1] == WORKS
    assert room.voice.bells == 2


def test_without_a_player_the_bell_rings_at_every_burst_and_that_is_told():
    room = Room(alarm(), programs=()).run(13)
    assert room.voice.bells == 3
    assert room.reports == [ReportSound(console=ME, working=True, why=BELL_ONLY)]


def test_a_report_that_is_not_taken_is_repeated_but_not_every_moment():
    room = Room(empty())
    told = []
    for _ in range(200):
        room.now += 0.05
        room.feed.tick()
        told += [room.now] if room.voice.look(room.now) else []
    assert len(told) == 5
    assert min(b - a for a, b in pairwise(told)) >= REPORT_EVERY_S


def test_a_core_that_starts_anew_is_told_again():
    room = Room(empty()).run()
    room.chair.say(e.SessionResumed(gap_s=10.0, software="test"))
    assert room.run(3).reports == [WORKS, WORKS]


SILENT = f"the sound is off at {ME}"
LOOKS_ON = f"nothing sounds at {ME}, as an observer's makes no sound"


@pytest.mark.parametrize(("role", "asked", "why"), [(Role.NURSE, False, SILENT), (Role.OBSERVER, None, LOOKS_ON)])
def test_a_silent_console_tells_so_where_nobody_else_sounds(role, asked, why):
    told = [ReportSound(console=ME, working=False, why=why)]
    assert Room(alarm(), role=role, asked=asked).run(60).reports == told
    assert Room(alarm().say(), role=role, asked=asked).other(True).run(60).reports == []
    room = Room(alarm(), role=role, asked=asked).run(60)
    assert (room.player.played, room.voice.bells) == ([], 0)


# -------------------------------------------------------------------- of several consoles one sounds


def test_the_second_console_is_quiet_until_the_first_does_not_sound():
    room = Room(alarm()).other(True).run(20)
    assert (room.heard, room.reports) == ([], [])
    room.other(False, "nothing sounds the alarms: it is gone").run(0.3)
    assert (room.heard, room.reports) == (["high"], [WORKS])


def test_a_console_falls_silent_when_another_sounds():
    room = Room(alarm()).run(1)
    room.other(True).run(20)
    assert room.heard == ["high"]
    assert room.reports == [WORKS]


@pytest.mark.parametrize(
    ("mine", "their_why", "sounds"),
    [(("paplay",), BELL_ONLY, True), ((), BELL_ONLY, False), ((), "", False)],
    ids=["player for bell", "bell for bell", "bell for player"],
)
def test_the_better_one_sounds(mine, their_why, sounds):
    room = Room(alarm(), programs=mine).other(True, their_why).run(8)
    assert bool(room.heard) == sounds
    assert bool(room.reports) == sounds
    assert room.voice.bells == 0


def test_two_consoles_that_both_fail_do_not_contradict_each_other_for_ever():
    room = Room(alarm())
    room.player.fails = "paplay: no"
    room.other(False, "no sound there either").run(60)
    assert room.reports == []
    assert room.voice.bells > 5


# -------------------------------------------------------------------- several chairs at one console


class Ward(Room):
    """A voice that listens to two chairs."""

    def __init__(self, first, second, **how):
        super().__init__(first, **how)
        self.second = FakeFeed(second)
        self.voice.follow("2", self.second)
        self.told = []

    def run(self, seconds=0.3, *, beats=True):
        for _ in range(round(seconds / 0.05)):
            self.now += 0.05
            for feed in (self.feed, self.second):
                feed.chair.t += 0.05
                if beats:
                    feed.tick()
            for feed, report in self.voice.look(self.now):
                self.told.append(("1" if feed is self.feed else "2", report))
                feed.chair.say(e.SoundChanged(console=report.console, working=report.working, why=report.why))
        return self


def test_of_two_chairs_the_higher_alarm_sounds_and_the_other_one_after_it():
    ward = Ward(alarm(MEDIUM), infusing(1)).run(1)
    assert ward.heard == ["medium"]
    ward.second.chair.alarm("SpO2 84 < 88", HIGH)
    assert ward.run(0.05).heard == ["medium", "high"]
    ward.player.busy = ward.player.lasts = True
    ward.second.chair.say(ACKNOWLEDGED)
    assert ward.run(0.05).player.played[-1] == "stop"
    ward.player.lasts = False
    assert ward.run(4).heard == ["medium", "high", "medium"]


def test_a_pause_at_one_chair_silences_no_other():
    ward = Ward(alarm(), alarm(MEDIUM)).run(1)
    ward.chair.say(e.AudioPaused(seconds=120.0, by=NURSE))
    assert set(ward.run(30).heard[1:]) == {"medium"}


def test_each_core_is_told_how_its_console_sounds():
    ward = Ward(empty(), empty()).run(5)
    assert ward.told == [("1", WORKS), ("2", WORKS)]
    assert ward.player.played == ["nothing"], "one player for all"


def test_at_a_chair_where_another_console_sounds_this_one_keeps_quiet_and_sounds_the_other():
    second = alarm(HIGH).say(e.SoundChanged(console=OTHER, working=True))
    ward = Ward(infusing(1), second).run(20)
    assert ward.heard == []
    assert ward.told == [("1", WORKS)]
    ward.chair.alarm("HR 44 < 50", MEDIUM)
    assert ward.run(1).heard == ["medium"]


def test_a_chair_that_is_lost_sounds_high_while_the_other_goes_on():
    ward = Ward(infusing(1), infusing(1)).run(1)
    ward.second.connected, ward.second.why = False, "refused"
    assert ward.run(0.3).heard == ["high"]
    ward.voice.leave("2")
    assert ward.run(20).heard == ["high"]


def test_a_simulated_chair_is_silent_beside_a_live_one():
    ward = Ward(infusing(1), alarm())
    ward.second.source = Source.SIMULATED
    ward.run(20)
    assert (ward.heard, ward.told) == ([], [("1", WORKS)])


# -------------------------------------------------------------------- the thread


@pytest.fixture
def bedside(tmp_path, monkeypatch):
    """A voice in its thread, with a player that notes when it is called."""

    def bedside(chair, body="exec sleep 5"):
        program = tmp_path / "paplay"
        program.write_text(f'#!/bin/sh\necho "$1" >> {tmp_path}/calls\n{body}\n')
        program.chmod(0o755)
        monkeypatch.setattr(module, "installed", lambda: (module_program(program),))
        feed = FakeFeed(chair)
        return feed, VoiceThread(lambda: feed, tmp_path, time.monotonic, console=ME, role=Role.NURSE, asked=None)

    return bedside


def module_program(path):
    from ketamon.sound.player import Program

    return Program("paplay", (str(path),))


def wait_for(so):
    end = time.monotonic() + 5
    while not so():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_the_thread_sounds_by_itself_and_leaves_nothing(bedside, tmp_path):
    _, thread = bedside(alarm())
    with thread:
        wait_for(lambda: (tmp_path / "calls").exists() and "sound-high" in (tmp_path / "calls").read_text())
        begin = time.monotonic()
    assert time.monotonic() - begin < 0.9
    assert not any(t.name == "voice" for t in threading.enumerate())
    assert {path.suffix for path in tmp_path.iterdir()} == {"", ".wav"}
    assert thread.bells == 0


def test_the_thread_rings_and_tells_where_the_player_fails(bedside):
    feed, thread = bedside(alarm(), "echo no device >&2; exit 1")
    with thread:
        wait_for(lambda: thread.bells and feed.asked)
    assert feed.asked[0] == ReportSound(console=ME, working=False, why=f"no sound at {ME}: paplay: no device")


def test_a_thread_whose_feed_breaks_ends(bedside, monkeypatch):
    feed, thread = bedside(empty())

    async def run():
        raise OSError("the cable was eaten")

    feed.run = run
    told = []
    monkeypatch.setattr(threading, "excepthook", told.append)
    with thread:
        wait_for(lambda: told)
    assert "eaten" in str(told[0].exc_value)


def test_the_thread_sounds_for_a_chair_that_comes_later_and_not_when_it_is_gone(bedside, tmp_path):
    feed, thread = bedside(empty(), "sleep 0.3")
    second, calls = FakeFeed(alarm()), tmp_path / "calls"
    with thread:
        wait_for(lambda: feed.asked)
        thread.follow("2", lambda: second)
        wait_for(lambda: second.asked and "sound-high" in calls.read_text())
        thread.leave("2")
        wait_for(lambda: list(thread._tasks) == [""])
    assert {type(intent) for intent in second.asked} == {ReportSound}


def test_a_feed_that_breaks_takes_no_sound_from_the_other_chairs(bedside, tmp_path, monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    feed, thread = bedside(empty(), "sleep 0.3")
    second, calls = FakeFeed(empty()), tmp_path / "calls"

    async def run():
        raise OSError("the cable was eaten")

    second.run = run
    with thread:
        thread.follow("2", lambda: second)
        wait_for(lambda: "2" in thread._tasks and thread._tasks["2"].done())
        feed.chair.alarm("SpO2 84 < 88", HIGH)
        feed.tick()
        wait_for(lambda: "sound-high" in calls.read_text())
