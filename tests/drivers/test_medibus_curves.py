"""MEDIBUS: curves are offered, ordered, read, and dropped where they do not fit."""

import pytest
from drivers.hand import only
from drivers.medibus_line import (
    ALARMS,
    ASK,
    BEGIN,
    BOTH,
    CALL,
    CAPNOSAT,
    IDENTIFY,
    OFFER,
    OFFERS,
    Line,
    curves,
    decode,
    sent,
)
from rows import each_row

from ketamon.domain.units import Unit
from ketamon.domain.waveforms import Signal
from ketamon.driver import Accepted, Measured, Sampled
from ketamon_drivers.medibus import SPEC, data
from ketamon_drivers.medibus.session import ENABLE, NOT_UNDERSTOOD, Medibus
from ketamon_drivers.medibus.wire import command, records, response, values

# curves


def test_the_protocols_example_of_curves():
    assert response(0x53, OFFER).endswith(b"3B\r"), "as the protocol prints it"
    pressure, co2 = data.offers(OFFER)
    assert (co2.code, co2.interval_us, co2.low, co2.high, co2.most) == (6, 16000, -20, 100, 0x460)
    raw = values(bytes.fromhex("D3 91 81 8D 83"))
    assert raw == {0: 81, 1: 205}
    assert (round(pressure.value(81), 3), round(co2.value(205), 2)) == (0.125, 1.96)
    assert values(bytes.fromhex("D1 94 81")) == {0: 84}
    assert values(bytes.fromhex("D2 8E 83")) == {1: 206}
    assert values(bytes.fromhex("D3 C6 C0 90 81 8A 83")) == {0: 80, 1: 202}
    assert values(bytes.fromhex("D5 B0 A3 8B BC")) == {0: 0x8F0, 2: 0xF0B}
    assert ENABLE[2] == bytes.fromhex("D0 C1 C3 C0 C0")
    assert co2.value(0x461) is None


BROKEN_OFFERS = [b"", OFFER[:22], b"06   16000-  20  100000", b"06       0-  20  100460", b"06   16000  100-  20460",
                 b"06   x6000-  20  100460", b"06   16000-  20  100xyz"]  # fmt: skip


@each_row("body", BROKEN_OFFERS)
def test_an_offer_that_makes_no_scale_is_none(body):
    assert data.offers(body) == ()


def test_curves_are_ordered_enabled_and_read():
    line = Line()
    everything = line.wait(2, {CALL: response(0x51), IDENTIFY: CAPNOSAT, OFFERS: response(0x53, OFFER)})
    assert sent(everything)[-1] == command(0x54, b"0603"), "the airway pressure is nothing for us"
    line.hear(response(0x54))
    assert sent(line.wait(0.25)) == [ENABLE[1]]
    blocks = [o.block for o in only(Sampled, line.hear(bytes.fromhex("D1 8D 83") * 6))]
    assert [(b.signal, round(b.rate_hz, 2), b.samples, b.unit) for b in blocks] == [
        (Signal.CO2, 20.83, (1.96,) * 5, Unit.MMHG)
    ]
    again = sent(line.wait(12, {ASK: BOTH, ALARMS: response(0x27)}))
    assert again.count(ENABLE[1]) == 2, "repeated, as nothing confirms it"
    assert all(data_ in SPEC.allow_list for data_ in [*sent(everything), *again])


def test_records_inside_a_response_are_read_and_count_in_no_sum():
    line = curves(Line().active(curves=OFFER))
    record = bytes.fromhex("D1 8D 83")
    outputs = line.hear(BOTH[:6] + record * 3 + BOTH[6:] + record * 2)
    assert len(only(Measured, outputs)) == 5
    assert len(only(Sampled, outputs)) == 1
    assert [o.name for o in only(Accepted, outputs)] == ["data", "record", "record"]


def test_a_record_without_an_order_says_nothing():
    assert only(Sampled, decode(response(0x53, OFFER), bytes.fromhex("D1 8D 83") * 9)) == []


@pytest.mark.parametrize("reason", [CALL, command(0x56)])
def test_curves_end_when_the_device_changes_or_forgets_them(reason):
    line = curves(Line().active(curves=OFFER))
    assert only(Sampled, line.hear(bytes.fromhex("D1 8D 83") * 5 + reason + bytes.fromhex("D1 8D 83") * 20))[1:] == []


def test_a_stream_that_nobody_ordered_drops_the_block():
    line = curves(Line().active(curves=OFFER))
    one, two = bytes.fromhex("D1 8D 83"), bytes.fromhex("D3 8D 83 8D 83")
    assert only(Sampled, line.hear(one * 4 + two + one * 4)) == []


def test_noise_drops_the_block():
    line = curves(Line().active(curves=OFFER))
    assert only(Sampled, line.hear(bytes.fromhex("D1 8D 83") * 4 + b"zz" + bytes.fromhex("D1 8D 83") * 4)) == []


def test_a_missing_sample_is_none():
    offer = b"02   20000    0  100064" + b"06   20000-  10  1504E2"
    line = curves(Line().active(curves=offer))
    outputs = line.hear(bytes.fromhex("D3 80 81 B2 80 D1 80 81") + bytes.fromhex("D3 80 81 B2 80") * 3)
    co2, pleth = (o.block for o in only(Sampled, outputs))
    assert (pleth.signal, pleth.samples, pleth.unit) == (Signal.PLETH, (50, None, 50, 50, 50), None)
    assert set(co2.samples) == {round(data.offers(offer)[1].value(64), 2)}


def test_only_curves_of_one_rhythm():
    chosen = data.wanted(data.offers(b"02   10000    0  100064" + b"06   20000-  10  1504E2"))
    assert [(curve.offer.code, curve.multiplier, curve.rate_hz) for curve in chosen] == [(6, 2, 25.0)]
    multipliers = [data.wanted(data.offers(b"07%8d    0   204E2" % us))[0].multiplier for us in (80000, 16000, 100)]
    assert multipliers == [1, 3, 0xFF]
    both = data.wanted(data.offers(b"07   20000    0   204E2" + b"06   20000-  10  1504E2"))
    assert [curve.offer.code for curve in both] == [6], "mmHg before kPa"


def test_kilopascal_of_a_curve_become_mmhg():
    line = curves(Line().active(curves=b"07   40000    0   20400"))
    (block,) = (o.block for o in only(Sampled, line.hear(bytes.fromhex("D1 80 84") * 5)))
    assert set(block.samples) == {round(20 * 256 / 1024 * 7.50062, 2)}


def test_a_device_that_offers_no_curves_or_does_not_understand_is_asked_once():
    for answer in (response(0x53), NOT_UNDERSTOOD):
        line = Line()
        answers = {CALL: response(0x51), IDENTIFY: CAPNOSAT, OFFERS: answer, ASK: BOTH, ALARMS: response(0x27)}
        assert sent(line.wait(8, answers)).count(OFFERS) == 1


@each_row("raw", ["D1 8D", "D1 8D C0", "D0", "D0 C1 C3", "D1 C1 C3 C0 C0", "C1 C3", "8D 83", "D1 8D 03",
                                 "D0 C1 8D C0 C0", "D0" + "C1 C1" * 17 + "C0 C0"])  # fmt: skip
def test_what_is_no_record(raw):
    assert list(records(bytes.fromhex(raw))) == []
    assert only(Accepted, decode(bytes.fromhex(raw))) == []


def test_a_record_that_is_none_holds_nothing_back():
    assert len(only(Measured, Medibus().feed(b"\xd0" + BOTH, BEGIN))) == 5


def test_a_device_that_does_not_answer_about_curves_is_read_without_them():
    line, asked = Line(), []
    line.wait(0.5, {CALL: response(0x51), IDENTIFY: CAPNOSAT})
    for _ in range(60):
        line.hear(command(0x30))
        asked += sent(line.wait(0.25, {ASK: BOTH, ALARMS: response(0x27)}))
    assert asked.count(OFFERS) == 1
    assert asked.count(ASK) >= 3
