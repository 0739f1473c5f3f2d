"""B. Braun Space: racks of pumps, the conversation with them, and what may go out."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from drivers.bbraun import GOOD, RUNNING, decode, notices, part
from drivers.contract import START, run
from drivers.hand import only
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row

from ketamon.domain.devices import Evidence, Priority, PumpAlarm, PumpState, PumpStatus
from ketamon.driver import DeviceAlarms, Garbage, Measured, Mismatch, PumpTelemetry, Send, Truth
from ketamon.testing.conversation import converse, truths
from ketamon_drivers.bbraun_space import SPEC, frames, pump
from ketamon_drivers.bbraun_space.frames import ACK, ALIVE, GET, VERSION, frame, stuffed
from ketamon_drivers.bbraun_space.simulator import BBraunSpaceSimulator

# racks


@each_row(
    ("address", "head"),
    [("13", "13"), ("0A", "0A"), ("3O", "3O"), ("112", "1C"), ("110", "1A"), ("224", "2O")],
)
def test_heads(address, head):
    assert only(PumpTelemetry, decode(part((address, RUNNING))))[0].status.head == head


def test_the_alarms_of_a_rack_are_told_together():
    outputs = decode(
        part(("11", RUNNING | {"INA3": "1"}), last=False), part(("13", RUNNING), ("1C", RUNNING | {"INA15": "1"}))
    )
    assert [o.status.head for o in only(PumpTelemetry, outputs)] == ["11", "13", "1C"]
    assert [a.code for a in only(DeviceAlarms, outputs)[-1].alarms] == ["11 INA3", "1C INA15"]
    assert {o.reading.site for o in only(Measured, outputs)} == {"11", "13", "1C"}


def test_a_pump_whose_records_go_on_in_the_next_part_is_joined():
    names = list(RUNNING)
    first, second = ({n: RUNNING[n] for n in some} for some in (names[:6], names[6:]))
    for cut in (1, 6, 12):
        first, second = ({n: RUNNING[n] for n in some} for some in (names[:cut], names[cut:]))
        outputs = decode(part(("11", RUNNING), ("13", first), last=False), part(("13", second), ("15", RUNNING)))
        told = [o.status for o in only(PumpTelemetry, outputs)]
        assert [s.head for s in told] == ["11", "13", "15"]
        assert told[1] == replace(told[0], head="13")
        assert not any(o.alarms for o in only(DeviceAlarms, outputs))


def test_a_pump_that_is_cut_off_is_told_with_what_there_is_at_the_end_only():
    outputs = decode(part(("13", {"INRT": "12.5"}), last=False))
    assert not only(PumpTelemetry, outputs)
    (told,) = only(PumpTelemetry, decode(part(("13", {"INRT": "12.5"}))))
    assert told.status.state is PumpState.UNKNOWN


def gone(outputs):
    return [o.status.head for o in only(PumpTelemetry, outputs) if o.status.state is PumpState.UNKNOWN]


def test_a_pump_that_is_removed_is_unknown_and_an_alarm_where_it_was_at_work():
    error = frame("ComSystem", b"300,50113,GNERR,39")
    outputs = decode(part(("13", RUNNING)), error)
    assert gone(outputs) == ["13"]
    assert "pump 13: a pump was removed or cannot be reached (GNERR 39)" in notices(outputs)
    (alarm,) = only(DeviceAlarms, outputs)[-1].alarms
    assert (alarm.code, alarm.priority) == ("13 gone", Priority.MEDIUM)
    idle = decode(part(("13", RUNNING | {"INM3": "0"})), error)
    assert (gone(idle), only(DeviceAlarms, idle)[-1].alarms) == (["13"], ())
    back = decode(part(("13", RUNNING)), error, part(("13", RUNNING)))
    assert only(DeviceAlarms, back)[-1].alarms == ()


@pytest.mark.parametrize(
    ("code", "words"),
    [("11", "no pumps, or no further data"), ("811", "there is no such pump"), ("51", "unknown error")],
)
def test_errors_of_the_rack_are_told_once(code, words):
    error = frame("ComSystem", f"300,50100,GNERR,{code}".encode())
    assert notices(decode(error, error)) == [f"{words} (GNERR {code})"]


# the conversation


class Host:
    """A driver with its rack on a line where each byte takes time; what it sends is kept with its time."""

    def __init__(self, device, *, bytes_a_second=float("inf"), deaf=()):
        self.driver, self.device, self.rate, self.deaf = SPEC.make(), device, bytes_a_second, deaf
        self.sent, self.outputs, self.line, self.now = [], [], [], 0

    def run(self, seconds, truth=None):
        given = list(truths(1))[0] if truth is None else truth
        for n in range(self.now, self.now + int(seconds * 20)):
            at = START.plus(n / 20)
            if n % 20 == 0:
                self.device.advance(replace(given, wall=at.wall))
            while self.line and self.line[0][0] <= n / 20:
                self.outputs += self.driver.feed(self.line.pop(0)[1], at)
            for output in self.driver.tick(at) if n % 5 == 0 else ():
                self.outputs.append(output)
                if isinstance(output, Send):
                    assert output.data in SPEC.allow_list
                    assert not self.line, "sent while the rack was speaking"
                    self.hear(n / 20, output.data)
        self.now += int(seconds * 20)
        return self

    def hear(self, now, data):
        self.sent.append((now, data))
        answer = b"" if len(self.sent) - 1 in self.deaf else self.device.receive(data)
        for n in range(0, len(answer), 16):
            self.line.append((now + 0.02 + n / self.rate, answer[n : n + 16]))

    @property
    def verbs(self):
        return [(t, "ACK" if d == ACK else frames.parse(d).body.decode()) for t, d in self.sent]


def times(host, verb):
    return [t for t, v in host.verbs if v == verb]


def test_it_greets_asks_the_version_and_then_for_all_values_every_five_seconds():
    host = Host(BBraunSpaceSimulator()).run(31)
    assert [v for _, v in host.verbs[:6]] == ["ADMIN:ALIVE", "ACK", "ADMIN:VERSION", "ACK", "MEM:GET", "ACK"]
    polls = times(host, "MEM:GET")
    assert len(polls) == 6
    assert {round(b - a, 2) for a, b in pairwise(polls)} == {5.0}
    assert notices(host.outputs)[0] == "BCC V3.30"
    assert len(times(host, "ADMIN:ALIVE")) == len(times(host, "ADMIN:VERSION")) == 1


RACK = tuple(
    PumpStatus(state=PumpState.INFUSING, rate=10.0 * n, volume_infused=1.0, serial=str(n)) for n in range(1, 4)
)


@pytest.mark.parametrize("form", [True, False])
def test_a_rack_at_9600_baud_is_read_part_by_part(form):
    host = Host(BBraunSpaceSimulator(RACK, stuffed=form), bytes_a_second=960).run(60)
    told = [o.status.head for o in only(PumpTelemetry, host.outputs)]
    assert told[:8] == ["11", "13", "15", "17"] * 2
    assert not only(Garbage, host.outputs)
    assert len(times(host, "ADMIN:ALIVE")) <= 2, "a long reply is no time-out"
    acks = len(times(host, "ACK"))
    assert acks >= len(told)
    gaps = [b - a for (a, _), (b, v) in pairwise(host.verbs) if v != "ACK"]
    assert min(gaps) >= 0.5
    polls = times(host, "MEM:GET")
    assert all(5.0 <= b - a <= 7.0 for a, b in pairwise(polls))
    assert max(len(d) for _, d in host.sent) < 50


def test_the_host_writes_as_the_rack_does():
    for form in (True, False):
        host = Host(BBraunSpaceSimulator(stuffed=form)).run(20)
        assert [b"MEEM" in d for _, d in host.sent if b"GE" in d] == [form] * 4
        assert only(PumpTelemetry, host.outputs)


def test_a_rack_that_is_deaf_is_greeted_in_both_forms_and_no_faster_than_every_five_seconds():
    host = Host(BBraunSpaceSimulator(), deaf=range(99)).run(26)
    assert [t for t, _ in host.sent] == [0.0, 5.0, 10.0, 15.0, 20.0, 25.0]
    plain = frame("1", ALIVE)
    assert [d for _, d in host.sent] == [plain, stuffed(plain)] * 3


def test_after_a_lost_acknowledgement_the_link_is_set_up_anew():
    host = Host(BBraunSpaceSimulator(RACK), deaf=(5,)).run(20)  # the ACK of the first pump
    assert [v for _, v in host.verbs[4:7]] == ["MEM:GET", "ACK", "ADMIN:ALIVE"]
    assert [o.status.head for o in only(PumpTelemetry, host.outputs)][:6] == ["11", "11", "13", "15", "17", "11"]


def test_a_damaged_part_is_not_acknowledged():
    driver = SPEC.make()
    (greeting,) = driver.tick(START)
    list(driver.feed(GOOD.replace(b"12.50", b"92.50"), START))
    assert [list(driver.tick(START.plus(n / 4))) for n in range(20)] == [[]] * 20
    assert list(driver.tick(START.plus(5))) == [Send(stuffed(greeting.data))]


def test_while_bytes_come_nothing_is_asked():
    driver, sent = SPEC.make(), []
    for n in range(200):
        at = START.plus(n / 4)
        sent += [n / 4 for _ in driver.tick(at)]
        list(driver.feed(b"x" if n < 80 else b"", at))
    assert sent == [0.0, 24.75, 29.75, 34.75, 39.75, 44.75, 49.75]


@pytest.mark.parametrize("wait", [0.0, 0.05])
def test_an_acknowledgement_waits_a_tenth_of_a_second(wait):
    driver = SPEC.make()
    list(driver.feed(GOOD, START))
    assert list(driver.tick(START.plus(wait))) == []
    assert list(driver.tick(START.plus(0.1))) == [Send(ACK)]
    assert Send(ACK) not in [o for n in range(4, 60) for o in driver.tick(START.plus(n / 4))]


def test_a_reply_of_another_bed_is_garbage_until_that_bed_greets():
    greeting = frame("ICU/4", b"214,50100,GNACK,0")
    outputs = decode(greeting, part(("13", RUNNING)), part(("13", RUNNING), bed="ICU/4"))
    assert [type(o).__name__ for o in outputs[:2]] == ["Accepted", "Garbage"]
    assert len(only(PumpTelemetry, outputs)) == 1
    again = decode(greeting, frame("ComSystem", b"214,50100,GNACK,0"), part(("13", RUNNING)))
    assert not only(Garbage, again)


def test_a_wrong_bed_makes_it_greet_again():
    host = Host(BBraunSpaceSimulator()).run(8)
    host.driver._bed = "Elsewhere"
    host.run(7)
    assert "the request had a wrong form or checksum (GNERR 68)" in notices(host.outputs)
    assert host.driver._bed == "ComSystem"


@pytest.mark.parametrize(("version", "fits"), [("V2.25", True), ("V3.26", True), ("V3.36", True), ("V4.00", False),
                                              ("V3", False)])  # fmt: skip
def test_another_version_of_the_protocol_is_told_and_nothing_after_it(version, fits):
    driver = SPEC.make()
    outputs = run(driver, [frame("ComSystem", f"207,50100,{version}".encode()), GOOD])
    assert bool(only(PumpTelemetry, outputs)) is bool(only(Measured, outputs)) is fits
    assert bool(only(Mismatch, outputs)) is not fits
    assert fits or list(driver.tick(START.plus(60))) == []


def test_a_pump_that_two_whole_replies_do_not_hold_is_gone():
    device = BBraunSpaceSimulator(RACK[:1])
    host = Host(device).run(9)
    assert {o.status.head for o in only(PumpTelemetry, host.outputs)} == {"11", "13"}
    device._others = ()
    host.outputs.clear()
    host.run(20)
    assert gone(host.outputs) == ["13"], "once, and only the one that is missing"
    assert [a.code for a in only(DeviceAlarms, host.outputs)[-1].alarms] == ["13 gone"]


def test_a_pump_that_was_said_to_be_gone_is_not_told_again():
    device = BBraunSpaceSimulator(RACK[:1])
    host = Host(device).run(9)
    device._others = ()
    host.outputs = list(host.driver.feed(frame("ComSystem", b"300,50113,GNERR,39"), START.plus(9)))
    assert gone(host.run(30).outputs) == ["13"]


# what goes out

BEDS = ("1", "ComSystem", "ICU/4", "[a]_`", "z" * 15)


@each_row("bed", BEDS)
@each_row("verb", [VERSION, GET])
def test_the_questions_may_be_sent_to_any_bed_in_both_forms(bed, verb):
    assert frame(bed, verb) in SPEC.allow_list
    assert stuffed(frame(bed, verb)) in SPEC.allow_list


FORBIDDEN = [b"MEM:SET", b"MEM:GETSLOT#13", b"ADMIN:RESET", b"MEM:GET,1", b"mem:get", b"INRT,100", b"", b"PUMP:START"]


@each_row("verb", FORBIDDEN)
@each_row("bed", [*BEDS, "1/1/1>MEM:GET\x0300000\x04\x01"])
def test_nothing_else_may_be_sent(bed, verb):
    assert frame(bed, verb) not in SPEC.allow_list
    assert stuffed(frame(bed, verb)) not in SPEC.allow_list


@each_row("data", [b"", b"\x15", b"\x06\x06", frame("1", ALIVE) * 2, frame("1", GET) + b"\n",
                                  frame("1>MEM:SET", GET), frame("", GET)])  # fmt: skip
def test_no_byte_more(data):
    assert data not in SPEC.allow_list


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20))
def test_no_bed_smuggles_another_question(bed):
    data = frame(bed, GET)
    assert data not in SPEC.allow_list or re.fullmatch(r"[/-9A-z]{1,30}", bed)


def test_the_simulated_rack_obeys_nothing():
    device = BBraunSpaceSimulator()
    device.advance(list(truths(1))[0])
    for verb in FORBIDDEN:
        answer = frames.parse(device.receive(frame("ComSystem", verb)))
        assert answer.body.endswith(b"GNERR,68")


def test_the_spec():
    assert SPEC.evidence is Evidence.ESTABLISHED
    assert SPEC.alarms_decoded
    assert all(request in SPEC.allow_list for request in SPEC.probe)
    assert set(pump.t.NUMBERS) == set(SPEC.parameters)


PUMPS = st.builds(
    PumpStatus,
    state=st.sampled_from((PumpState.INFUSING, PumpState.KVO, PumpState.HELD, PumpState.ENDED)),
    rate=st.integers(0, 180000).map(lambda n: n / 100),
    volume_infused=st.integers(1, 99999).map(lambda n: n / 10),
    vtbi=st.none() | st.integers(0, 99999).map(lambda n: n / 10),
    time_remaining=st.none() | st.integers(0, 65534).map(float),
    drug=st.sampled_from(("", "Ketamin", "Esketamin 5,0 mg")),
    serial=st.just("40864"),
)
RAISED = {PumpAlarm.OCCLUSION: "INA3", PumpAlarm.BATTERY_LOW: "INA11", PumpAlarm.NEAR_END: "INA12"}


@settings(max_examples=60, deadline=None)
@given(given_pump=PUMPS, raised=st.lists(st.sampled_from(list(RAISED)), max_size=2, unique=True), form=st.booleans())
def test_what_the_simulator_says_is_what_the_driver_reads(given_pump, raised, form):
    device = BBraunSpaceSimulator(stuffed=form)
    device.advance(Truth(wall=START.wall, pump=given_pump, pump_alarms=tuple(raised)))
    asked = frame("ComSystem", GET)
    outputs = decode(device.receive(stuffed(asked) if form else asked))
    own = {PumpState.KVO: {"11 INM10"}, PumpState.ENDED: {"11 INA7"}}.get(given_pump.state, set())
    expected = {f"11 {RAISED[alarm]}" for alarm in raised} | own
    (told,) = only(PumpTelemetry, outputs)
    assert told.status == replace(given_pump, head="11", alarm=bool(expected), pressure=None)
    assert {a.code for a in only(DeviceAlarms, outputs)[0].alarms} == expected
    assert not only(Garbage, outputs)


def test_a_whole_conversation_has_no_garbage():
    said = converse(SPEC, truths(30))
    assert not only(Garbage, said.outputs)
    assert len(only(PumpTelemetry, said.outputs)) >= 5
