"""The pytest plug-in: how many inputs the contract suite tries, and readable assertions in it.

It is found through the entry point `pytest11` wherever ketamon is installed.
"""

import pytest

pytest.register_assert_rewrite("ketamon.testing.checks", "ketamon.testing.contract")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that makes a nightly run longer."""
    parser.addoption(
        "--driver-inputs",
        type=int,
        default=10_000,
        metavar="N",
        help="how many random and mutated inputs the contract suite feeds to each driver (10000)",
    )


@pytest.fixture(scope="session")
def driver_inputs(request: pytest.FixtureRequest) -> int:
    """How many random and mutated inputs to feed to each driver."""
    return int(request.config.getoption("--driver-inputs"))
