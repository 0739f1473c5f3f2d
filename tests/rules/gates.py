"""What a gate says, looked at in tests."""

from rules.clinic import Clinic

from ketamon.domain import events as e
from ketamon.rules import gate


def judged(clinic: Clinic) -> e.GateChanged:
    return gate.evaluate(clinic.state, clinic.profile, clinic.at)


def unmet(clinic: Clinic) -> dict[str, str]:
    verdict = judged(clinic)
    found = {check.id: check.observed for check in verdict.checks if not check.met}
    assert verdict.open is (not found and clinic.state.phase in gate.OPENS_IN)
    return found
