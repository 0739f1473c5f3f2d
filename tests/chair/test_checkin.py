"""Check-in: the baseline begins when patient, screening, order and its second check are all done, in any order."""

from dataclasses import replace
from itertools import permutations

import pytest
from chair.bedside import CHECK_IN, NURSE, PHYSICIAN, Bedside, checking_in
from rows import each_row

from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.devices import PumpState
from ketamon.domain.people import Person, Role
from ketamon.domain.phases import Phase, Trigger
from ketamon.domain.profile import Answer, Reply, Severity
from ketamon.errors import Refused

PROFILE = Bedside().profile
CLEAR = {q.id: Reply.NO if q.flagged_by is Reply.YES else Reply.YES for q in PROFILE.screening}
SCREENING = [i.AnswerScreening(item=item, reply=reply, by=NURSE) for item, reply in CLEAR.items()]
CHECK = i.CheckOrder(by=PHYSICIAN)
FLAGGED = [q for q in PROFILE.screening if q.severity is not Severity.NOTE]


def bed() -> Bedside:
    return Bedside().open().run(1)


def flag(item: str, text: str = "details") -> i.AnswerScreening:
    reply = Reply.YES if CLEAR[item] is Reply.NO else Reply.NO
    return i.AnswerScreening(item=item, reply=reply, by=NURSE, text=text)


def decide(item: str, *, go_on: bool = True, by: Person = PHYSICIAN, why: str = "seen, stable") -> i.DecideScreening:
    return i.DecideScreening(item=item, go_on=go_on, why=why, by=by)


@pytest.mark.parametrize("order", [p for p in permutations("soc") if p.index("o") < p.index("c")])
def test_in_any_order_the_last_thing_begins_the_baseline(order):
    chair = bed()
    parts = {"s": SCREENING, "o": [CHECK_IN], "c": [CHECK]}
    steps = [intent for part in order for intent in parts[part]]
    for intent in steps[:-1]:
        chair.ask(intent)
        assert chair.state.phase is Phase.CHECK_IN
    assert chair.ask(steps[-1]).state.phase is Phase.BASELINE


@each_row("left_out", range(len(SCREENING)))
def test_every_question_is_asked(left_out):
    chair = bed()
    for intent in (*SCREENING[:left_out], *SCREENING[left_out + 1 :], CHECK_IN, CHECK):
        chair.ask(intent)
    assert chair.state.phase is Phase.CHECK_IN
    with pytest.raises(Refused, match="missing: an answer"):
        chair.ask(i.Advance(trigger=Trigger.CHECKED_IN, by=NURSE))
    assert chair.ask(SCREENING[left_out]).state.phase is Phase.BASELINE


@each_row("question", FLAGGED, ids=lambda q: q.id)
def test_a_flagged_answer_waits_for_a_physician(question):
    chair = bed()
    for intent in (*SCREENING, flag(question.id), CHECK_IN, CHECK):
        chair.ask(intent)
    assert chair.state.phase is Phase.CHECK_IN
    with pytest.raises(Refused, match="needs a physician"):
        chair.ask(decide(question.id, by=NURSE))
    with pytest.raises(Refused, match="reason is missing"):
        chair.ask(decide(question.id, why=" "))
    chair.ask(decide(question.id, go_on=False, why="not today"))
    assert chair.state.phase is Phase.CHECK_IN
    assert chair.ask(decide(question.id)).state.phase is Phase.BASELINE


def test_another_answer_undoes_the_decision():
    chair = bed()
    item = FLAGGED[0].id
    for intent in (*SCREENING[1:], flag(item), decide(item), flag(item, "and another"), CHECK_IN, CHECK):
        chair.ask(intent)
    assert chair.state.phase is Phase.CHECK_IN


def test_what_is_only_noted_waits_for_nobody():
    notes = [q.id for q in PROFILE.screening if q.severity is Severity.NOTE]
    chair = bed()
    assert notes
    for intent in (*SCREENING, *map(flag, notes), CHECK_IN, CHECK):
        chair.ask(intent)
    assert chair.state.phase is Phase.BASELINE


def test_a_flagged_answer_says_what_it_is():
    for question in PROFILE.screening:
        if question.answer is not Answer.YES_NO:
            with pytest.raises(Refused, match="missing"):
                bed().ask(flag(question.id, " "))


def test_nothing_is_decided_that_is_clear_or_unknown():
    chair = bed().ask(SCREENING[0])
    for item in (SCREENING[0].item, SCREENING[1].item):
        with pytest.raises(Refused, match="nothing to decide"):
            chair.ask(decide(item))
    with pytest.raises(Refused, match="no question"):
        chair.ask(i.AnswerScreening(item="hunger", reply=Reply.NO, by=NURSE))


def test_the_order_is_checked_by_a_second_person():
    chair = bed()
    with pytest.raises(Refused, match="no order"):
        chair.ask(CHECK)
    chair.ask(CHECK_IN)
    for alias in (NURSE, Person(f" {NURSE.name.lower()}", Role.PHYSICIAN)):
        with pytest.raises(Refused, match="second person"):
            chair.ask(i.CheckOrder(by=alias))
    chair.ask(CHECK)
    assert chair.state.order_check == e.OrderChecked(by=PHYSICIAN)


def test_a_corrected_weight_needs_a_new_check():
    chair = Bedside().at_baseline()
    chair.ask(replace(CHECK_IN, patient=replace(CHECK_IN.patient, weight_kg=82.0)))
    assert chair.state.order.order.total_mg == 41.0
    with pytest.raises(Refused, match="second person's check"):
        chair.ask(i.Advance(trigger=Trigger.START, by=NURSE))
    chair.ask(CHECK).ask(i.Advance(trigger=Trigger.START, by=NURSE))
    assert chair.state.phase is Phase.INFUSION


@pytest.mark.parametrize(
    ("code", "said", "why"),
    [
        ("", "", "the indication “” is not in the profile's list: depression-resistant, "),
        ("gout", "", "“gout” is not in the profile's list"),
        ("other", " ", "what the indication is"),
    ],
)
def test_the_indication_is_one_of_the_profiles_list(code, said, why):
    patient = replace(CHECK_IN.patient, indication=code, indication_text=said)
    with pytest.raises(Refused, match=why):
        bed().ask(replace(CHECK_IN, patient=patient))


def test_another_indication_is_said_in_words():
    patient = replace(CHECK_IN.patient, indication="other", indication_text="tinnitus")
    assert bed().ask(replace(CHECK_IN, patient=patient)).state.patient == patient


def test_the_weight_says_how_it_was_taken():
    with pytest.raises(Refused, match="how the weight was taken"):
        bed().ask(replace(CHECK_IN, patient=replace(CHECK_IN.patient, weight_method=" ")))


def test_a_profile_without_an_order_asks_for_none():
    chair = bed()
    chair.chair.profile = replace(PROFILE, order=replace(PROFILE.order, required=False))
    no_order = replace(CHECK_IN, dose_mg_per_kg=None, minutes=None, concentration_mg_per_ml=None)
    for intent in (*SCREENING, no_order):
        chair.ask(intent)
    assert chair.state.phase is Phase.BASELINE
    assert chair.state.order is None


def test_an_order_in_parts_is_none():
    with pytest.raises(Refused, match="the order is missing"):
        bed().ask(replace(CHECK_IN, minutes=None))


def test_the_bedside_checks_in_as_people_do():
    assert [type(intent).TYPE for intent in checking_in(PROFILE)][-2:] == ["check-in", "check-order"]


def test_an_order_that_was_changed_while_it_was_read_is_not_checked():
    chair = bed().ask(CHECK_IN)
    read = chair.state.order.order
    chair.ask(replace(CHECK_IN, dose_mg_per_kg=0.4))
    with pytest.raises(Refused, match="changed while it was read"):
        chair.ask(i.CheckOrder(by=PHYSICIAN, order=read))
    assert chair.state.order_check is None
    chair.ask(i.CheckOrder(by=PHYSICIAN, order=chair.state.order.order))
    assert chair.state.order_check.by == PHYSICIAN


def test_an_order_that_the_pump_ran_ahead_of_can_still_be_checked():
    chair = Bedside().at_baseline()
    chair.ask(CHECK_IN)
    chair.pump = replace(chair.pump, state=PumpState.INFUSING, rate=54.0)
    chair.run(3)
    assert chair.state.phase is Phase.INFUSION
    chair.ask(CHECK)
    assert chair.state.order_check == e.OrderChecked(by=PHYSICIAN)
    with pytest.raises(Refused, match="checked before"):
        chair.ask(CHECK)
