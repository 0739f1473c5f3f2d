"""Effects from onset to resolution."""

from rules.clinic import NURSE, PROFILE, Clinic

from ketamon.domain import events as e
from ketamon.rules.effects import effects, open_effects


def told(*grades: tuple[float, str, int]) -> Clinic:
    clinic = Clinic()
    for minute, item, grade in grades:
        clinic.t = minute * 60
        clinic.observe(item, grade)
    return clinic


def rows(clinic: Clinic, found=effects):
    return [
        (x.item, x.onset.seconds / 60, x.worst, x.grade, x.resolved_at.seconds / 60 if x.resolved_at else None)
        for x in found(clinic.state, PROFILE)
    ]


def test_onset_worst_and_resolution():
    clinic = told((5, "nausea", 1), (10, "nausea", 3), (20, "nausea", 2), (30, "nausea", 0), (40, "nausea", 0))
    assert rows(clinic) == [("nausea", 5, 3, 0, 30)]
    assert rows(clinic, open_effects) == []
    assert effects(clinic.state, PROFILE)[0].label == "nausea"
    assert len(effects(clinic.state, PROFILE)[0].seqs) == 4


def test_none_is_no_effect():
    assert rows(told((5, "nausea", 0))) == []


def test_one_that_comes_back_is_another_episode():
    clinic = told((5, "nausea", 2), (10, "nausea", 0), (15, "nausea", 1))
    assert rows(clinic) == [("nausea", 5, 2, 0, 10), ("nausea", 15, 1, 1, None)]
    assert rows(clinic, open_effects) == [("nausea", 15, 1, 1, None)]


def test_by_onset_and_effects_only():
    clinic = told((3, "floating", 1), (4, "dissociation", 6), (5, "oxygen", 2), (2, "headache", 1))
    assert [row[0] for row in rows(clinic)] == ["headache", "floating"]


def test_corrections_and_times_set_back_count():
    clinic = told((10, "nausea", 3), (12, "nausea", 1))
    clinic.observe("nausea", 2, at=clinic.at.plus(-420))
    clinic.say(e.ObservationCorrected(corrects=2, grade=None, why="other patient", by=NURSE))
    assert rows(clinic) == [("nausea", 5, 2, 1, None)]
