from ketamon.domain.devices import PumpState
from ketamon.testing import DriverContract
from ketamon_drivers.sapphire import PC, PUMP, SPEC, frame

FORBIDDEN = {
    "EEPROM": (13, bytes([0, 144, 0, 2, 100, 0])),
    "run": (19, b"\x03"),
    "bolus event": (19, b"\x08"),
    "alarm status": (17, b"\x01\x00\x01"),
    "flow": (6, b"\x08\x64\x00\x00\x81\x81"),
    "prime": (16, b"\x00"),
    "battery EEPROM": (18, b"\x00"),
    "date": (22, b"\x00"),
    **{f"command {n}": (3, bytes([n])) for n in range(60) if n != 0x16},
}


class TestSapphire(DriverContract):
    spec = SPEC
    slips = 0.006  # a sum of 8 bits in the first batches; 0.001 of many more
    told_states = frozenset({PumpState.HELD})  # to infuse, the counter must move; the suite's pump stands
    forbidden = tuple(
        frame(PC, target, kind, number, data)
        for kind, data in FORBIDDEN.values()
        for target in (PUMP, 0x66)
        for number in (0, 1)
    )
