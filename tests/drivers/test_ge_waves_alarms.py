"""GE monitors: waveforms and alarms, what is asked of them, and the simulator's answers."""

import struct
from random import Random

import pytest
from drivers.contract import START, cut, frames_of, run
from rows import each_row

from ketamon.domain.devices import DeviceAlarm, Priority
from ketamon.domain.parameters import Parameter
from ketamon.domain.units import Unit
from ketamon.domain.waveforms import SampleBlock, Signal
from ketamon.driver import Accepted, DeviceAlarms, DeviceNotice, Garbage, Measured, Sampled, Send, Truth
from ketamon.testing.conversation import converse, truths
from ketamon.testing.damage import damaged
from ketamon_drivers.ge_dri import SPEC, alarms
from ketamon_drivers.ge_dri.driver import GeDri
from ketamon_drivers.ge_dri.record import ALARM, PHDB, WAVE, frame, open_body, pack
from ketamon_drivers.ge_dri.requests import (
    ALARM_STATUS,
    FAST_WAVES,
    FOLLOW_ALARMS,
    MOST_SAMPLES,
    REQUEST,
    STOP,
    WAVE_SET,
    WAVES,
    wave_request,
)
from ketamon_drivers.ge_dri.waves import SHAPES


def wave(*samples, status=2):
    return struct.pack("<hHH", len(samples), status, 0) + struct.pack(f"<{len(samples)}h", *samples)


def waves(subrecords, level=10):
    return frame(pack(level, WAVE, 1, 0, subrecords))


def display(ecg_label=0, level=10):
    """A display record that knows nothing but the leads of the ECG."""
    basic = bytearray(278)
    struct.pack_into("<H", basic, 8, ecg_label)
    return frame(pack(level, PHDB, 1, 0, {1: bytes(basic)}))


def blocks(*frames):
    return [o.block for o in run(SPEC.make(), [b"".join(frames)]) if isinstance(o, Sampled)]


SCALES = [
    # type, rate, raw samples, samples, unit, site, signal
    (1, 300, (1000, -250), (1.0, -0.25), Unit.MILLIVOLT, "ECG1", Signal.ECG),
    (3, 300, (1, 0), (0.001, 0.0), Unit.MILLIVOLT, "ECG3", Signal.ECG),
    (4, 100, (12050, -100), (120.5, -1.0), Unit.MMHG, "P1", Signal.PRESSURE),
    (17, 100, (800,), (8.0,), Unit.MMHG, "P6", Signal.PRESSURE),
    (37, 100, (800,), (8.0,), Unit.MMHG, "P8", Signal.PRESSURE),
    (8, 100, (437, -257), (4.37, -2.57), None, "", Signal.PLETH),
    (38, 100, (437,), (4.37,), None, "SpO2-2", Signal.PLETH),
    (9, 25, (487, 0), (4.87, 0.0), Unit.PERCENT, "", Signal.CO2),
    (15, 25, (-50,), (-0.5,), None, "", Signal.RESP),
]


@each_row(("kind", "rate", "raw", "samples", "unit", "site", "signal"), SCALES)
def test_each_waveform_has_its_rate_unit_and_site(kind, rate, raw, samples, unit, site, signal):
    assert blocks(waves({kind: wave(*raw)})) == [
        SampleBlock(signal=signal, rate_hz=rate, samples=samples, unit=unit, site=site)
    ]


@pytest.mark.parametrize(("raw", "sample"), [(-32767, None), (-32001, None), (-32000, None), (-31999, -319.99)])
def test_a_code_is_no_sample(raw, sample):
    assert [b.samples for b in blocks(waves({8: wave(100, raw, 100)}))] == [(1.0, sample, 1.0)]


def test_an_ecg_channel_that_is_off_gives_no_sample():
    assert blocks(waves({1: wave(5, 6, status=8), 8: wave(5, 6, status=8)})) == [
        SampleBlock(signal=Signal.ECG, rate_hz=300, samples=(None, None), unit=Unit.MILLIVOLT, site="ECG1"),
        SampleBlock(signal=Signal.PLETH, rate_hz=100, samples=(0.05, 0.06)),
    ]


def test_the_numbers_say_which_lead_an_ecg_channel_shows():
    ecgs = waves({1: wave(1), 2: wave(1), 3: wave(1)})
    found = [block.site for block in blocks(ecgs, display(0x1213), ecgs, display(0x0109), ecgs)]
    assert found == ["ECG1", "ECG2", "ECG3", "II", "I", "III", "I", "ECG2", "ECG3"]


def test_waveforms_that_are_not_known_and_empty_ones_are_passed_over():
    assert blocks(waves({32: wave(1, 2), 39: wave(1), 9: wave(), 8: wave(7)})) == [
        SampleBlock(signal=Signal.PLETH, rate_hz=100, samples=(0.07,))
    ]


@each_row("change", [-1, 1, 100, -3, -32768])
@each_row("kind", [8, 32])
def test_a_waveform_that_has_not_as_many_samples_as_it_says_is_damage(kind, change):
    bad = bytearray(wave(1, 2))
    struct.pack_into("<h", bad, 0, (2 + change) if change != -32768 else change)
    (garbage,) = run(SPEC.make(), [waves({9: wave(1), kind: bytes(bad)})])
    assert isinstance(garbage, Garbage)
    assert garbage.reason == "the subrecords do not fit the record"


# alarms


def alarm_frame(status):
    return frame(pack(10, ALARM, 1, 0, {alarms.STATUS: status}))


def told(*statuses):
    outputs = run(SPEC.make(), [b"".join(map(alarm_frame, statuses))])
    return [o for o in outputs if not isinstance(o, Accepted)]


def alarm(text, priority):
    return DeviceAlarm(code=text, text=text, priority=priority)


def test_the_alarm_record_has_the_documented_size():
    """Five s16, five alarms of text[80] and nine s16, five s16; with the header 550 bytes."""
    assert alarms.SIZE == 10 + 5 * (80 + 18) + 10 == 510
    assert len(alarms.pack(())) == alarms.SIZE


def test_colours_are_priorities_and_an_unknown_one_is_high():
    status = alarms.pack((("APNEA", 3), ("HR LOW", 2), ("NO PROBE", 1), ("OLD TEXT", 0), ("WHAT", 7)))
    assert told(status) == [
        DeviceAlarms(0, (
            alarm("APNEA", Priority.HIGH), alarm("HR LOW", Priority.MEDIUM), alarm("NO PROBE", Priority.LOW),
            alarm("WHAT (colour 7)", Priority.HIGH),
        ))
    ]  # fmt: skip


def test_an_alarm_text_by_hand():
    """Bytes laid out from the specification, not by our own writer."""
    place = b"HR LOW".ljust(80, b"\0") + struct.pack("<3h", 1, 2, 1) + bytes(12)
    status = struct.pack("<5h", 0, 1, 0, 0, 0) + place + 4 * bytes(98) + bytes(10)
    assert told(status) == [DeviceAlarms(0, (alarm("HR LOW", Priority.MEDIUM),))]


@pytest.mark.parametrize(
    ("raw", "text"),
    [(b"FR\xc9QUENCE", "FRÉQUENCE"), (b"A\nB\x01", "A B"), (b"x" * 80, "x" * 80), (b"", "an alarm without a text")],
)
def test_texts_in_any_language(raw, text):
    assert told(alarms.pack(((raw.decode("latin-1"), 1),))) == [DeviceAlarms(0, (alarm(text, Priority.LOW),))]


def test_no_alarm_is_an_empty_list():
    assert told(alarms.pack(())) == [DeviceAlarms(0, ())]


def test_silence_and_sound_are_told_once():
    quiet, off = alarms.pack((), silence=5), alarms.pack((), sound_on=False, silence=9)
    notices = [o.text for o in told(quiet, quiet, off, alarms.pack(()), alarms.pack(())) if isinstance(o, DeviceNotice)]
    assert notices == [
        "all alarms silenced at the monitor for 2 minutes",
        "alarms silenced at the monitor in an unknown way (9), alarm sound off at the monitor",
        "alarm sound on at the monitor again",
    ]


@pytest.mark.parametrize("size", [504, 522, 12])
def test_alarms_of_another_form_are_not_read_and_that_is_said(size):
    status = alarms.pack((("APNEA", 3),)).ljust(600, b"\0")[:size]
    (notice,) = told(status, status)
    assert notice == DeviceNotice(0, "alarms in a form that this driver cannot read")


# what is asked


def asked(driver, seconds, heard=None):
    """What a driver sends, by the time; `heard` gives the frames that come at a second."""
    sent = []
    for quarter in range(int(seconds * 4)):
        at = START.plus(quarter / 4)
        sent += [(quarter / 4, o.data) for o in driver.tick(at) if isinstance(o, Send)]
        if quarter % 4 == 0 and heard:
            list(driver.feed(heard(quarter // 4), at))
    return sent


def test_waveforms_stay_within_the_limit_of_the_line():
    assert sum(SHAPES[kind].rate_hz for kind in WAVE_SET) <= MOST_SAMPLES == 600
    assert wave_request(*WAVE_SET) == WAVES
    content = open_body(WAVES[1:-1])
    assert content[44:52] == bytes([8, 1, 9, 15, 4, 0xFF, 0, 0])
    assert (len(content), content[14], content[52:]) == (72, 1, bytes(20))


def test_alarm_requests_are_of_the_documented_form():
    for request, command in ((ALARM_STATUS, 0), (FOLLOW_ALARMS, 2)):
        content = open_body(request[1:-1])
        assert (len(content), content[3], content[14]) == (52, 0, 4)
        assert content[40:] == struct.pack("<6h", command, 0, 0, 0, 0, 0)
        assert run(SPEC.make(), [request]) == [Accepted(0, len(request), "request")]


def test_numbers_then_waveforms_then_alarms_are_asked_for():
    assert asked(SPEC.make(), 5, lambda _: display()) == [(0.0, REQUEST), (0.25, WAVES), (0.5, FOLLOW_ALARMS)]


def test_an_old_monitor_is_not_asked_for_alarms():
    sent = asked(SPEC.make(), 100, lambda _: display(level=9))
    assert {request for _, request in sent} == {REQUEST, WAVES}


def test_waveforms_that_do_not_come_are_asked_for_every_half_minute():
    sent = asked(SPEC.make(), 100, lambda _: display(level=9))
    assert [at for at, request in sent if request == WAVES] == [0.25, 30.25, 60.25, 90.25]
    sent = asked(SPEC.make(), 100, lambda second: display(level=9) + (waves({8: wave(1)}) if second < 50 else b""))
    assert [at for at, request in sent if request == WAVES] == [0.25, 79.0]


def test_what_stands_is_asked_where_alarms_are_silent_for_a_while():
    sent = asked(SPEC.make(), 60, lambda s: display() + (alarm_frame(alarms.pack(())) if s in (1, 18) else b""))
    assert [(at, r) for at, r in sent if r in (FOLLOW_ALARMS, ALARM_STATUS)] == [
        (0.5, FOLLOW_ALARMS), (11.0, ALARM_STATUS), (28.0, ALARM_STATUS), (38.0, ALARM_STATUS), (48.0, ALARM_STATUS),
        (58.0, ALARM_STATUS),
    ]  # fmt: skip


def test_after_a_silence_alarms_are_followed_anew():
    sent = asked(SPEC.make(), 30, lambda s: display() if s < 2 or s > 14 else b"")
    assert [(at, r) for at, r in sent if at > 10.6 and r in (REQUEST, FOLLOW_ALARMS)] == [
        (11.0, REQUEST),
        (11.25, FOLLOW_ALARMS),
    ]


def test_the_fast_variant_asks_for_more_and_is_allowed_to():
    (variant,) = SPEC.variants
    assert (variant.line.baud, str(variant.line)) == (115200, "115200 8E1 RTS/CTS")
    sent = [request for _, request in asked(variant.make(), 2)]
    assert sent == [REQUEST, FAST_WAVES]
    assert all(request in SPEC.allow_list for request in sent)


# the simulator

TRUTHS = list(truths(12))


def simulated(*requests, seconds=1):
    device = SPEC.simulate()
    for request in requests:
        for chunk in cut(request, [7]):
            device.receive(chunk)
    return b"".join(device.advance(truth) for truth in TRUTHS[:seconds])


@pytest.mark.parametrize(("request_", "sites", "records"), [
    (WAVES, ["", "ECG1", "", "", "P1"], 1),
    (FAST_WAVES, ["", "ECG1", "", "", "P1", "ECG2", "P2"] * 2, 2),
    (WAVES + wave_request(), [], 0),
])  # fmt: skip
def test_the_simulator_sends_a_second_of_what_was_asked(request_, sites, records):
    outputs = run(GeDri(), [simulated(request_)])
    found = [o.block for o in outputs if isinstance(o, Sampled)]
    assert [b.site for b in found] == sites
    assert [o.name for o in outputs if not isinstance(o, Sampled)] == ["wave"] * records
    for signal in {b.signal for b in found}:
        one = [b for b in found if b.signal is signal and b.site == found[[f.signal for f in found].index(signal)].site]
        assert sum(len(b.samples) for b in one) == one[0].rate_hz


def test_what_is_not_measured_is_not_sent():
    device = SPEC.simulate()
    device.receive(WAVES)
    truth = Truth(wall=START.wall, waves={Signal.PLETH: (0.0, 0.5, 1.0)})
    (block,) = blocks(device.advance(truth))
    assert (block.samples[0], block.samples[-1], len(block.samples)) == (-2.0, 4.0, 100)
    assert device.advance(Truth(wall=START.wall)) == b""


def test_the_simulated_leads_reach_the_waveforms():
    found = run(GeDri(FAST_WAVES), [simulated(REQUEST, FAST_WAVES)])
    assert {o.block.site for o in found if isinstance(o, Sampled) and o.block.signal is Signal.ECG} == {"II", "I"}


def low(*values):
    """A second with each of these saturations."""
    return [Truth(wall=START.wall, values={Parameter.SPO2: value}) for value in values]


def said_of_alarms(device, truth):
    outputs = run(SPEC.make(), [device.advance(truth)])
    return [[a.text for a in o.alarms] for o in outputs if isinstance(o, DeviceAlarms)]


def test_the_simulator_tells_changes_of_its_alarms_two_seconds_apart():
    device = SPEC.simulate()
    assert [said_of_alarms(device, truth) for truth in low(95.0, 85.0)] == [[], []]
    (first,) = [o.alarms for o in run(SPEC.make(), [device.receive(FOLLOW_ALARMS)]) if isinstance(o, DeviceAlarms)]
    assert first == (alarm("SpO2 LOW", Priority.HIGH),)
    found = [said_of_alarms(device, truth) for truth in low(85.0, 95.0, 85.0, 95.0, 95.0, None)]
    assert found == [[], [[]], [], [], [], []]


def test_the_simulator_answers_what_stands_and_follows_nothing_for_it():
    device = SPEC.simulate()
    device.advance(Truth(wall=START.wall, values={Parameter.SPO2: 85.0, Parameter.HR: 160.0, Parameter.RR: 4.0}))
    (answer,) = [o for o in run(SPEC.make(), [device.receive(ALARM_STATUS)]) if isinstance(o, DeviceAlarms)]
    assert [a.text for a in answer.alarms] == ["SpO2 LOW", "HR HIGH", "RR LOW"]
    assert all(said_of_alarms(device, truth) == [] for truth in low(95.0, 95.0, 95.0))


def test_the_simulator_hears_nothing_else():
    request = bytearray(open_body(WAVES[1:-1]))
    request[44] = 1
    assert simulated(frame(bytes(request)), STOP, b"~~noise~", REQUEST[:20]) == b""


# recordings and damage


def test_damaged_records_hardly_ever_give_a_number_or_an_alarm():
    """The sum sees no two bytes that changed places; waveforms, which nothing judges, are not counted here."""
    random, said = Random(11), converse(SPEC, truths(30))  # noqa: S311 (nothing secret)
    frames = [f for f in said.frames if open_body(f[1:-1])[14] != WAVE]
    healthy, slipped, count = set(frames), 0, 3000
    for _ in range(count):
        broken = damaged(random, random.choice(frames))
        for offset, outputs in frames_of(run(SPEC.make(), [broken])).items():
            given = any(isinstance(o, Measured | DeviceAlarms) for o in outputs)
            slipped += given and broken[offset:] not in healthy
    assert 0 < slipped < 0.03 * count
