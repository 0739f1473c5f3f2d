"""What sounds, and pauses of the sound."""

from rules.clinic import NURSE, PROFILE, Clinic, P, in_infusion

from ketamon.domain.devices import Priority
from ketamon.rules import alarms

# ------------------------------------------------------------------------------------------------------- sound


def alarmed(value: float = 91.0) -> Clinic:
    clinic = in_infusion()
    clinic.stream[P.SPO2] = value
    clinic.wait(12)
    return clinic


def sound(clinic: Clinic) -> Priority | None:
    return alarms.audible(clinic.state, PROFILE, clinic.at)


def test_what_sounds():
    assert sound(in_infusion()) is None
    assert sound(alarmed()) is Priority.MEDIUM
    assert sound(alarmed(80.0)) is Priority.HIGH
    clinic = alarmed(80.0)
    clinic.stream[P.SPO2] = 97.0
    clinic.wait(2)
    assert sound(clinic) is Priority.HIGH, "latched is not acknowledged"
    clinic.acknowledge()
    assert sound(clinic) is None


def paused(clinic: Clinic) -> Clinic:
    return clinic.say(alarms.pause_audio(PROFILE, NURSE))


def test_a_pause_ends_by_itself():
    clinic = paused(alarmed())
    assert sound(clinic) is None
    clinic.wait(119)
    assert sound(clinic) is None
    clinic.wait(1)
    assert sound(clinic) is Priority.MEDIUM


def test_a_pause_can_be_ended():
    clinic = paused(alarmed())
    clinic.say(alarms.pause_audio(PROFILE, NURSE, on=False))
    assert sound(clinic) is Priority.MEDIUM


def test_a_pause_is_broken_by_a_new_alarm():
    clinic = paused(alarmed())
    clinic.stream[P.RR] = 7.0
    clinic.wait(16)
    assert sound(clinic) is Priority.MEDIUM


def test_a_pause_is_broken_by_a_higher_alarm_but_not_by_a_worse_number():
    clinic = paused(alarmed())
    clinic.stream[P.SPO2] = 89.0
    clinic.wait(16)
    assert sound(clinic) is None
    clinic.stream[P.SPO2] = 85.0
    clinic.wait(12)
    assert sound(clinic) is Priority.HIGH


def test_a_pause_longer_than_the_profile_allows_is_none():
    clinic = alarmed()
    clinic.state.audio_paused_until = clinic.at.plus(3600)
    assert sound(clinic) is Priority.MEDIUM
