"""What waits for a disk that takes nothing: bounded memory, and every measurement that found no room is listed."""

import random
import tracemalloc
from collections import Counter
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st
from store.samples import at, measured, noted
from store.test_store_faults import Connection, Disk

from ketamon.codec import decode_body
from ketamon.domain.devices import DeviceKind, Link
from ketamon.domain.events import (
    BytesRejected,
    DeviceAttached,
    Event,
    LinkChanged,
    Measured,
    Noted,
    NotRecorded,
)
from ketamon.domain.fold import apply, fold
from ketamon.domain.parameters import Parameter
from ketamon.domain.readings import Quality, Reading
from ketamon.domain.session import SessionState, is_logged
from ketamon.domain.units import Unit
from ketamon.profiles import load as load_profile
from ketamon.store import database
from ketamon.store.backlog import Backlog, rows
from ketamon.store.chain import Head, Row, event_of, follows
from ketamon.store.reader import load
from ketamon.store.verify import examine
from ketamon.store.writer import Limits
from ketamon.words import said

DEVICES = {"monitor": Parameter.SPO2, "second": Parameter.ETCO2}
UNITS = {Parameter.SPO2: Unit.PERCENT, Parameter.ETCO2: Unit.MMHG}
BEGIN = Head(0, bytes(32))


def attached(seq: int, device: str) -> Event:
    body = DeviceAttached(
        device=device, kind=DeviceKind.MONITOR, driver="x", port="x", label=device, alarms_decoded=True,
        quiet_after_s=10.0,
    )  # fmt: skip
    return Event(seq, at(seq), body)


def measured_by(device: str, seq: int) -> Event:
    parameter = DEVICES[device]
    reading = Reading(parameter=parameter, value=40.0 + seq % 7, unit=UNITS[parameter], quality=Quality.VALID)
    return Event(seq, at(seq), Measured(device=device, offset=seq, readings=(reading,)))


class Outage:
    """A backlog, a file that takes what it may, and a live state that saw everything."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.backlog = Backlog(BEGIN, room)
        self.live = SessionState()
        self.happened: list[Event] = []
        self.file: list[Row] = []
        self.told: list[list[Event]] = []  # to followers that came late
        self.others = 0  # what may begin a new run
        for event in (attached(1, "monitor"), attached(2, "second")):
            self.add(event)
        for seq, device in enumerate(DEVICES, 3):
            self.add(Event(seq, at(seq), LinkChanged(device=device, link=Link.LIVE)))

    def add(self, event: Event) -> None:
        self.backlog.add([event])
        apply(self.live, event)
        self.happened.append(event)
        self.others += not isinstance(event.body, Measured)

    def measure(self, device: str, count: int) -> None:
        for _ in range(count):
            self.add(measured_by(device, len(self.happened) + 1))

    def note(self) -> None:
        self.add(noted(len(self.happened) + 1))

    def look(self) -> None:
        """Somebody connects, or signs."""
        self.others += 1
        waiting = [event_of(row) for row in rows(self.backlog.waiting())]
        self.told.append([*map(event_of, self.file), *waiting])

    def write(self, portion: int, works: bool) -> None:
        taken = self.backlog.next(portion)
        assert len(taken) <= portion
        if works and taken:
            self.others += 1
            self.file += taken
            self.backlog.written(taken[-1].head)

    def end(self) -> list[Event]:
        while self.backlog:
            self.write(7, works=True)
        for device in DEVICES:  # there is room again
            self.measure(device, 1)
            self.write(7, works=True)
        return [event_of(row) for row in self.file]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("measure"), st.sampled_from(sorted(DEVICES)), st.integers(1, 12)),
        st.tuples(st.just("note")),
        st.tuples(st.just("look")),
        st.tuples(st.just("write"), st.integers(1, 9), st.booleans()),
    ),
    max_size=40,
)


@given(STEPS, st.integers(1, 8))
def test_whatever_happens_memory_is_bounded_and_everything_is_kept_or_listed(steps, room):
    outage = Outage(room)
    for name, *args in steps:
        getattr(outage, name)(*args)
        assert len(outage.backlog) <= room + 2 * outage.others + 1, "measurements without room take no room"
        listed = outage.backlog.unsaved
        assert (listed.count if listed else 0) == len(outage.happened) - len(outage.file)
        assert listed is None or (listed.first, listed.last) == (len(outage.file) + 1, len(outage.happened))
    events = outage.end()
    check_chain(outage.file)
    check_events(outage.happened, events)
    check_counts(outage.happened, events)
    check_states(outage.live, fold(events))
    for told in outage.told:
        assert told == events[: len(told)], "who came late was told what the file says"


def check_chain(file: list[Row]) -> None:
    previous = BEGIN.hash
    for seq, row in enumerate(file, 1):
        assert row.seq == seq
        assert follows(row, previous)
        previous = row.hash


def check_events(happened: list[Event], events: list[Event]) -> None:
    """Each event is there under its number; only a measurement may be one that is not recorded."""
    assert len(events) == len(happened)
    for was, stands in zip(happened, events, strict=True):
        assert stands == was or (isinstance(was.body, Measured) and isinstance(stands.body, NotRecorded))


def check_counts(happened: list[Event], events: list[Event]) -> None:
    """Those that count say exactly which ones, of which device, from when to when."""
    uncounted: list[Event] = []
    for event in events:
        if not isinstance(event.body, NotRecorded):
            assert uncounted == [], "what is not recorded is counted before anything else is said"
            continue
        uncounted.append(happened[event.seq - 1])
        if event.body.since is not None:
            assert event.body.devices == Counter(one.body.device for one in uncounted)
            assert (event.body.since, event.at) == (uncounted[0].at, uncounted[-1].at)
            uncounted = []
    assert uncounted == []


def check_states(live: SessionState, reopened: SessionState) -> None:
    """Trends have gaps and the log says why; in all else nobody can tell the record from what was seen."""
    for name in {field.name for field in fields(SessionState)} - {"history", "tracks", "log"}:
        assert getattr(live, name) == getattr(reopened, name), name
    assert live.log == [event for event in reopened.log if not isinstance(event.body, NotRecorded)]
    for parameter, series in reopened.history.items():
        known = set(zip(live.history[parameter]._t, live.history[parameter]._value, strict=True))
        assert {(t, v) for t, v in zip(series._t, series._value, strict=True) if v == v} <= known  # noqa: PLR0124 (no NaN)


def test_twenty_thousand_measurements_without_room_take_no_more_memory_than_one():
    backlog = Backlog(BEGIN, 1)
    backlog.add([measured(1), measured(2), measured(3)])
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for seq in range(4, 20_000):
        backlog.add([measured(seq)])
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 8000
    assert len(backlog) == 2
    assert backlog.seq == 19_999
    assert (backlog.lost.count, backlog.lost.first, backlog.lost.last) == (19_998, 2, 19_999)


def test_tries_that_fail_take_no_memory_either():
    backlog = Backlog(BEGIN, 2)
    for seq in range(1, 50):
        backlog.add([measured(seq)])
        backlog.next(100)
    assert len(backlog) == 3, "two that wait, and the count of all others"
    backlog.written(backlog.next(100)[-1].head)
    for seq in range(50, 100):
        backlog.next(100)
        backlog.add([measured(seq) if seq > 51 else noted(seq)])
    assert len(backlog) == 4, "what the disk had come to, two notes, and the count of all since"


def test_a_value_of_before_is_not_current_while_others_are_not_recorded():
    outage = Outage(room=5)
    outage.measure("monitor", 1)
    outage.measure("second", 3)
    outage.note()
    outage.look()
    state = fold(outage.told[-1])
    assert not state.samples
    assert set(outage.live.samples) == {(parameter, device, "") for device, parameter in DEVICES.items()}
    (lost,) = [event for event in state.log if isinstance(event.body, NotRecorded)]
    words, _ = said(lost, state, load_profile(None)[0])
    assert words == "measurements found no room and are not recorded since 08:00:06 UTC: second 3"


def test_rejected_bytes_give_way_too_and_a_link_that_changes_does_not():
    backlog = Backlog(BEGIN, 0)
    noise = Event(1, at(1), BytesRejected(device="monitor", frames=1, length=9, reason="checksum"))
    link = Event(2, at(2), LinkChanged(device="monitor", link=Link.SILENT))
    backlog.add([noise, link])
    assert [type(event_of(row).body) for row in backlog.next(9)] == [NotRecorded, LinkChanged]


def test_an_event_that_cannot_be_next_leaves_no_trace():
    backlog = Backlog(BEGIN, 1)
    backlog.add([measured(1), measured(2)])
    before = backlog.unsaved, backlog.lost
    with pytest.raises(ValueError, match="event 5 cannot follow event 3"):
        backlog.add([measured(3), measured(5)])
    assert (backlog.unsaved, backlog.lost) == before


def test_one_of_an_older_record_is_read_and_counts_nothing():
    body = decode_body("not-recorded", 1, b'{"type":"measured"}')
    assert body == NotRecorded()
    assert not is_logged(Event(1, at(1), body))


@pytest.mark.parametrize("seed", range(4))
def test_outages_of_a_real_store_leave_a_sound_record(path, opened, degraded, monkeypatch, seed):
    chance, disk = random.Random(seed), Disk()  # noqa: S311 (repeatable)
    kind = type("OnDisk", (Connection,), {"disk": disk})
    connect = database.sqlite3.connect
    monkeypatch.setattr(database.sqlite3, "connect", lambda *args, **kwargs: connect(*args, **kwargs, factory=kind))
    happened: list[Event] = []
    for _ in range(3):
        store = opened(Limits(group_s=0.001, retry_s=(0.001,), queue=5, portion=4))
        for _ in range(60):
            disk.fail = chance.choice(["", "before", "before", "after"])
            event = chance.choice([noted, measured, measured, measured])(len(happened) + 1)
            happened.append(event)
            future = store.append([event], urgent=isinstance(event.body, Noted))
            if chance.random() < 0.1:
                assert store.head.seq == event.seq
        disk.fail = ""
        assert future.result(5).seq == len(happened)
        store.close()
    events = load(path)
    check_events(happened, events)
    check_counts(happened, events)
    assert any(isinstance(event.body, NotRecorded) for event in events)
    lost = sum(isinstance(event.body, NotRecorded) for event in events)
    counted = [why.split(": ")[1].split(" event")[0] for bad, why in degraded.told if not bad and why]
    assert sum(map(int, counted)) == lost, "each was told once"
    verdict = examine(path)
    assert verdict.problems == []
    assert not [remark for remark in verdict.remarks if "newer ketamon" in remark]
