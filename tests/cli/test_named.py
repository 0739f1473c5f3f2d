"""What devices are called in a session, and which variant an address asks for."""

import argparse

import pytest

from ketamon.cli.options import devices, named, spec_at
from ketamon.port.open import Cable
from ketamon.registry import load


def test_devices_of_a_kind_are_counted_each_for_itself():
    given = ["ge-dri", "alaris-gh", "masimo-ascii1", "ge-dri", "bbraun-space"]
    cables = [Cable(load(driver), f"/dev/{n}") for n, driver in enumerate(given)]
    found = named(cables)
    assert {name: cable.spec.id for name, cable in found.items()} == {
        "monitor": "ge-dri", "pump": "alaris-gh", "monitor2": "masimo-ascii1", "monitor3": "ge-dri",
        "pump2": "bbraun-space",
    }  # fmt: skip
    assert [cable.address for cable in found.values()] == [f"/dev/{n}" for n in range(5)]


def test_monitors_come_before_pumps():
    found = devices(argparse.Namespace(monitor=["ge-dri:/dev/a", "ge-dri:/dev/b"], pump=["alaris-gh:/dev/c"]))
    assert list(found) == ["monitor", "monitor2", "pump"]


@pytest.mark.parametrize(
    ("driver", "address", "id_"),
    [
        ("philips-intellivue", "udp://127.0.0.1:0", "philips-intellivue+udp"),
        ("philips-intellivue+serial", "udp://127.0.0.1:0", "philips-intellivue+serial"),
        ("philips-intellivue", "/dev/ttyUSB0", "philips-intellivue"),
        ("philips-intellivue", "", "philips-intellivue"),
        ("bbraun-space", "tcp://127.0.0.1:0", "bbraun-space"),
    ],
)
def test_the_network_tells_the_variant(driver, address, id_):
    assert spec_at(driver, address).id == id_
