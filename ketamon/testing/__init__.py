"""For authors of drivers: the contract as tests to inherit, a seeded fault kit, and the share of damage that slips.

class TestOximeter(DriverContract):
    spec = SPEC
"""

from ketamon.testing.cable import Cable
from ketamon.testing.contract import DriverContract
from ketamon.testing.damage import damage
from ketamon.testing.faults import Fault, Faults

__all__ = ["Cable", "DriverContract", "Fault", "Faults", "damage"]
