"""IntelliVue: the association and its polls, another version, and the simulated monitor."""

from collections import Counter
from itertools import pairwise
from struct import pack

import pytest
from drivers.contract import START, run
from drivers.hand import only
from drivers.intellivue import HR_60, SERIAL, UDP, accepted, decode, notices, numeric, presented, readings, result
from hypothesis import given, settings
from hypothesis import strategies as st

from ketamon.domain.devices import Priority
from ketamon.domain.parameters import Parameter
from ketamon.driver import Accepted, DeviceAlarms, Garbage, Mismatch, Sampled, Send, Truth
from ketamon_drivers.philips_intellivue import SPEC, association, requests, simulator
from ketamon_drivers.philips_intellivue.alarms import PATIENT, TECHNICAL
from ketamon_drivers.philips_intellivue.pdus import ERROR, listed, message, written
from ketamon_drivers.philips_intellivue.wires import frame, unframe

# another version


@pytest.mark.parametrize(
    ("greeting", "text"),
    [
        ([accepted(protocol=0x40000000)], "protocol version 40000000, this driver reads 80000000"),
        ([accepted(nomenclature=0x20000000)], "nomenclature version 20000000, this driver reads 40000000"),
        ([accepted(), presented(version="00020000")], "nomenclature version 00020000, this driver reads 00010000"),
        ([b"\x0e\x05\xc1\x03abc"], "the monitor tells no protocol version in its answer"),
    ],
)
def test_another_version_gives_no_value_from_then_on(greeting, text):
    alarm = result(pack(">H", 1) + written(((PATIENT, listed([])), (TECHNICAL, listed([])))), poll=requests.ALERTS)
    outputs = decode(*greeting, result(numeric(HR_60)), alarm, accepted(), presented(), result(numeric(HR_60)))
    assert [output.text for output in only(Mismatch, outputs)] == [text]
    assert readings(outputs) == only(DeviceAlarms, outputs) == only(Sampled, outputs) == []


def test_another_version_is_left():
    talk = Talk()
    talk.until(association.State.ASKED)
    talk.hear(accepted(protocol=1))
    assert talk.sent(10) == [requests.RELEASE]


# the association


class Talk:
    """A driver, a clock, and what it sends; four ticks a second."""

    def __init__(self):
        self.driver = SERIAL.make()
        self.at = START

    @property
    def state(self):
        return self.driver._association.state

    def tick(self):
        self.at = self.at.plus(0.25)
        return [unframe(output.data[1:-1]) for output in self.driver.tick(self.at) if isinstance(output, Send)]

    def sent(self, seconds, heard=()):
        found = []
        for _ in range(round(seconds * 4)):
            found += self.tick()
            self.hear(*heard)
        return found

    def hear(self, *pdus):
        return [o for pdu in pdus for o in self.driver.feed(frame(pdu), self.at)]

    def until(self, state):
        while self.state is not state:
            self.tick()
        return self

    def live(self):
        self.until(association.State.ASKED)
        self.hear(accepted(), presented())
        assert self.state is association.State.LIVE
        return self


ENOUGH = (
    result(numeric(HR_60)),
    result(poll=requests.ALERTS),
    result(poll=requests.WAVES),
)


def test_each_try_ends_the_old_association_and_asks_for_a_new_one():
    talk = Talk()
    found = []
    for n in range(40):
        found += [(n / 4, pdu) for pdu in talk.tick()]
    assert found == [
        (0.0, requests.RELEASE), (0.5, requests.ASSOCIATE), (2.5, requests.ABORT), (3.0, requests.ASSOCIATE),
        (5.0, requests.RELEASE), (5.5, requests.ASSOCIATE), (7.5, requests.ABORT), (8.0, requests.ASSOCIATE),
    ]  # fmt: skip


def test_results_of_a_dead_association_stop_no_try():
    talk = Talk()
    sent = talk.sent(4, heard=[result(numeric(HR_60)), presented()])
    assert sent == [requests.RELEASE, requests.ASSOCIATE, requests.ABORT, requests.ASSOCIATE]


@pytest.mark.parametrize("invoke", [0, 1, 0xC0C1, 0x7D7D])
def test_the_monitors_own_numbers_are_confirmed_before_anything_is_asked(invoke):
    talk = Talk().until(association.State.ASKED)
    assert talk.hear(accepted()) == [Accepted(0, len(frame(accepted())), "accept")]
    talk.hear(presented(invoke=invoke, ticks=0x7DC0C17D))
    (confirmation,) = talk.tick()
    assert confirmation == requests.confirmation(invoke, bytes.fromhex("002100000000 7dc0c17d"))
    assert talk.sent(1) == [poll.extended for poll in (requests.NUMERICS, requests.ALERTS, requests.WAVES)]


def test_a_monitor_that_presents_itself_again_is_confirmed_again():
    talk = Talk().live()
    talk.sent(2, heard=ENOUGH)
    talk.hear(presented(invoke=9))
    assert talk.tick() == [requests.confirmation(9, presented(invoke=9)[14:24])]


def test_polls_are_renewed_before_they_lapse_and_the_association_is_kept():
    talk = Talk().live()
    times = {}
    for n in range(400):
        for pdu in talk.tick():
            times.setdefault(pdu, []).append(n / 4)
        talk.hear(*ENOUGH)
    every = sorted(t for sent in times.values() for t in sent)
    assert max(b - a for a, b in pairwise(every)) <= 5.0
    assert requests.RELEASE not in times
    for poll in (requests.NUMERICS, requests.ALERTS, requests.WAVES):
        asked = times[poll.extended]
        gaps = [b - a for a, b in pairwise(asked)]
        assert len(asked) == 5
        assert set(gaps) <= {20.0, 20.25, 20.5}


def test_a_poll_that_gives_nothing_is_asked_again():
    talk = Talk().live()
    sent = talk.sent(12, heard=ENOUGH[1:])
    assert sent.count(requests.NUMERICS.extended) == 3
    assert sent.count(requests.ALERTS.extended) == 1


def test_silence_ends_the_association():
    talk = Talk().live()
    assert not {requests.RELEASE, requests.ABORT} & set(talk.sent(9.75))
    assert talk.sent(1) in ([requests.RELEASE, requests.ASSOCIATE], [requests.ABORT, requests.ASSOCIATE])


@pytest.mark.parametrize(
    ("pdu", "text"),
    [
        (simulator.ABORT, "the monitor aborted the association; it is asked again"),
        (requests.ABORT, "the monitor aborted the association; it is asked again"),
        (requests.RELEASE, "the monitor ended the association; it is asked again"),
    ],
)
def test_an_association_that_the_monitor_ends_is_asked_again(pdu, text):
    talk = Talk().live()
    assert notices(talk.hear(pdu)) == [text]
    assert talk.sent(3)[-1] == requests.ASSOCIATE


def test_a_refusal_is_told_once_and_asked_again_later():
    talk = Talk().until(association.State.ASKED)
    assert "refuses" in notices(talk.hear(simulator.REFUSE))[0]
    assert talk.sent(5) == []
    talk.until(association.State.ASKED)
    assert notices(talk.hear(simulator.REFUSE)) == []


def test_waves_that_are_denied_are_not_asked_again():
    talk = Talk().live()
    talk.sent(1, heard=ENOUGH)
    outputs = talk.hear(message(ERROR, requests.WAVES.invoke, 2, b""))
    assert notices(outputs) == ["the monitor gives no waves: access denied"]
    assert requests.WAVES.extended not in talk.sent(60, heard=ENOUGH)


def test_an_older_monitor_is_asked_for_each_result():
    talk = Talk().live()
    talk.sent(1)
    talk.hear(message(ERROR, requests.NUMERICS.invoke, 9, b""))
    sent = Counter(talk.sent(10, heard=[result(numeric(HR_60), extended=False)]))
    assert set(sent) == {requests.NUMERICS.single, requests.ALERTS.single}
    assert set(sent.values()) <= {8, 9, 10}


def test_a_late_error_for_a_poll_of_before_changes_the_way_once():
    talk = Talk().live()
    talk.hear(message(ERROR, requests.NUMERICS.invoke, 9, b""), message(ERROR, 77, 9, b""))
    assert notices(talk.hear(message(ERROR, 77, 99, b""))) == ["the monitor gives no request 77: error 99"]
    assert requests.NUMERICS.single in talk.sent(2)


# the simulator


def talking(spec=SPEC):
    """A driver and a monitor that know each other."""
    driver, device = spec.make(), spec.simulate()
    for second in range(4):
        list(driver.feed(device.advance(TRUTH), START.plus(second)))
        for tick in range(4):
            at = START.plus(second + tick / 4)
            for output in driver.tick(at):
                list(driver.feed(device.receive(output.data), at))
    return driver, device


TRUTH = Truth(wall=START.wall, values={Parameter.HR: 70.0, Parameter.SPO2: None, Parameter.NIBP_SYS: 120.0})


@settings(max_examples=30, deadline=None)
@given(
    given_values=st.fixed_dictionaries(
        {}, optional={p: st.none() | st.integers(2, 40).map(float) for p in SPEC.parameters}
    )
)
@pytest.mark.parametrize("spec", [SERIAL, UDP], ids=lambda spec: spec.id)
def test_what_the_simulator_says_is_what_the_driver_reads(spec, given_values):
    driver, device = talking(spec)
    outputs = list(
        driver.feed(device.advance(Truth(wall=START.wall, values=given_values, cuff_age_s=9)), START.plus(5))
    )
    found = {r.parameter: r.value for r in readings(outputs) if r.parameter in given_values}
    assert found == given_values
    assert not only(Garbage, outputs)


def test_a_sensor_that_is_off_is_an_alarm_of_the_simulated_monitor():
    driver, device = talking()
    (output,) = only(DeviceAlarms, driver.feed(device.advance(TRUTH), START.plus(5)))
    assert [(alarm.text, alarm.priority) for alarm in output.alarms] == [("SpO₂ SENSOR OFF", Priority.LOW)]


def test_the_simulated_monitor_gives_up_on_a_silent_host():
    driver, device = talking()
    said = b"".join(device.advance(TRUTH) for _ in range(12))
    outputs = list(driver.feed(said, START.plus(6)))
    assert only(Accepted, outputs)[-1].name == "abort"
    assert device.advance(TRUTH) == b""


def test_the_simulated_monitor_has_one_association_and_says_nothing_without():
    device = SERIAL.simulate()
    assert device.receive(frame(requests.ASSOCIATE)) == b""  # it has just been switched on
    assert device.advance(TRUTH) == b""
    assert device.receive(frame(requests.NUMERICS.extended)) == b""
    assert len(run(SPEC.make(), [device.receive(frame(requests.ASSOCIATE))])) == 3
    assert device.receive(frame(requests.ASSOCIATE)) == frame(simulator.REFUSE)
    assert device.receive(frame(requests.NUMERICS.extended)) == b""  # it was not confirmed yet
    assert device.receive(frame(requests.RELEASE)) == frame(simulator.RELEASED)
    assert device.advance(TRUTH) == b""


def test_a_simulated_poll_lapses():
    driver, device = talking()
    del driver
    names = []
    for second in range(40):
        said = device.advance(TRUTH)
        if second % 5 == 0:
            device.receive(frame(requests.KEEP_ALIVE.single))
        names.append({o.name for o in only(Accepted, run(SERIAL.make(), [said]))})
    assert "numerics" in names[20]
    assert names[-1] == set()
