"""What an IntelliVue monitor says, to be built in tests."""

from struct import pack

from drivers.contract import run
from drivers.hand import only

from ketamon.driver import DeviceNotice, Measured, Sampled
from ketamon.registry import load
from ketamon_drivers.philips_intellivue import SPEC, requests, simulator
from ketamon_drivers.philips_intellivue.pdus import (
    CONFIRMED_EVENT,
    EXTENDED,
    INVOKE,
    LINKED,
    MDS_CREATE,
    RESULT,
    SINGLE,
    action,
    listed,
    message,
    written,
)
from ketamon_drivers.philips_intellivue.wires import frame

UDP, SERIAL = load("philips-intellivue+udp"), load("philips-intellivue+serial")
HR_60 = "4182 0000 0aa0 0000003c"


def readings(outputs):
    return [output.reading for output in only(Measured, outputs)]


def values(outputs):
    return {r.parameter: r.value for r in readings(outputs)}


def notices(outputs):
    return [output.text for output in only(DeviceNotice, outputs)]


# what a monitor says, to be built in tests


def numeric(text, *more, handle=0x8400):
    """An object with one number, written as the recording's words are: id, state, unit, FLOAT."""
    return pack(">H", handle) + written((*more, (0x0950, bytes.fromhex(text))))


def result(*objects, part=None, sequence=1, ticks=8000, poll=requests.NUMERICS, extended=True, context=1):
    body = b"".join(objects)
    contexts = listed([pack(">HHH", context, len(objects), len(body)) + body] if objects else [])
    counted = pack(">H", sequence) if extended else b""
    head = pack(">H", poll.number) + counted + pack(">I", ticks) + b"\xff" * 8 + pack(">HHH", 1, poll.kind, poll.group)
    return action(LINKED if part else RESULT, poll.invoke, EXTENDED if extended else SINGLE, head + contexts, part)


def presented(*more, invoke=1, version="00010000", mode="4000", ticks=8000):
    words = b"\0\x08Philips\0\0\x06M8000\0"
    attributes = ((0x0928, words), (0x0948, bytes.fromhex(version)), (0x0946, bytes.fromhex(mode)))
    clock = ((0x0987, bytes.fromhex("2026112108003000")), (0x098F, pack(">I", ticks)))
    body = bytes.fromhex("002100000000") + written((*attributes, *clock, *more))
    origin = bytes.fromhex("002100000000") + pack(">I", ticks)
    return message(INVOKE, invoke, CONFIRMED_EVENT, origin + pack(">HH", MDS_CREATE, len(body)) + body)


def accepted(protocol=0x80000000, nomenclature=0x40000000):
    info = pack(">II", protocol, nomenclature) + simulator._user_info()[8:]
    return simulator._ACCEPT + info + bytes(16)


def decode(*pdus):
    """All outputs of these messages in one connection over RS-232."""
    return run(SPEC.make(), [b"".join(map(frame, pdus))])


# waveforms


def wave(samples, *context, state=0, physio=0x4BB4, form=">H"):
    data = b"".join(pack(form, sample) for sample in samples)
    value = (0x096E, pack(">HHH", physio, state, len(data)) + data)
    return result(pack(">H", 0x0402) + written((*context, value)), poll=requests.WAVES)


def blocks(*pdus):
    return [output.block for output in only(Sampled, decode(*pdus))]
