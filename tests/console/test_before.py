"""Before the infusion: each question asked by itself, the order checked by a second person, and who is there."""

import re
from dataclasses import replace

import pytest
from console.chairs import NURSE, ORDER, PATIENT, PHYSICIAN, PROFILE, Chair, infusing
from console.pilot import console
from textual.widgets import Input

from ketamon.console.actions.chair import ACTIONS
from ketamon.console.view.before import Todo, build
from ketamon.console.widgets.line import Line
from ketamon.console.widgets.screening import drawn, known, said, title
from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.phases import Phase, Trigger
from ketamon.domain.profile import Answer, Place, Reply, Severity
from ketamon.rules.screening import Standing, questions

SMALL = (80, 24)
ITEMS = {item.id: item for item in PROFILE.screening}
DRUG = "benzodiazepine"
PIN = "407291"


def harmless(item):
    return Reply.NO if item.flagged_by is Reply.YES else Reply.YES


def screened(chair, **flagged):
    """Answer all questions, the named ones so that they are flagged."""
    for item in PROFILE.screening:
        reply, text = (item.flagged_by, flagged[item.id]) if item.id in flagged else (harmless(item), "")
        chair.say(e.ScreeningAnswered(item=item.id, reply=reply, by=NURSE, text=text))
    return chair


def ordered(chair=None):
    return (chair or Chair().devices()).say(
        e.PatientCheckedIn(patient=PATIENT, by=NURSE), e.OrderEntered(order=ORDER, by=NURSE)
    )


async def answered(desk, body):
    """Let the core do what was asked, and the screen see it."""
    desk.feed.chair.say(body)
    desk.feed.tick()
    await desk.look()


async def to_question(desk, item):
    """Put the pointer at a question."""
    await desk.press("h", *["down"] * list(ITEMS).index(item))


# -------------------------------------------------------------------- the screening


async def test_one_key_answers_a_question_and_goes_on_to_the_next():
    async with console(Chair().devices(), SMALL) as desk:
        await desk.press("h", "n", "n", "n")
        assert desk.asked == [
            i.AnswerScreening(item=item.id, reply=Reply.NO, by=NURSE) for item in PROFILE.screening[:3]
        ]
        assert desk.answer == "saved 14:00:00  Stroke in the last year? no"


async def test_each_question_is_asked_no_key_answers_two():
    async with console(Chair().devices()) as desk:
        for key in "aY0%":
            await desk.pilot.press("h", key, "escape")
        assert desk.asked == []
        await desk.press("h", "n")
        assert len(desk.asked) == 1


async def test_all_questions_are_answered_with_as_many_keys():
    async with console(Chair().devices()) as desk:
        await desk.press("h")
        for item in PROFILE.screening:
            await desk.press("n" if harmless(item) is Reply.NO else "y")
            await answered(desk, e.ScreeningAnswered(item=item.id, reply=harmless(item), by=NURSE))
        assert [x.item for x in desk.asked] == list(ITEMS)
        assert "screening: nothing in the way" in desk.text()
        assert not any("screening" in todo.text for todo in desk.app.screen._view.before.todo)


async def test_a_flagged_answer_asks_what_it_is():
    async with console(Chair().devices(), SMALL) as desk:
        await desk.press("h", "y")
        assert desk.asked == []
        await desk.press("enter")
        assert "what it is: this is asked for" in desk.answer
        await desk.type("hives in 2019")
        await desk.press("enter")
        assert desk.asked == [
            i.AnswerScreening(item="hypersensitivity", reply=Reply.YES, by=NURSE, text="hives in 2019")
        ]


async def test_a_drug_asks_name_dose_and_when_and_shows_how_long_it_is_left_out():
    async with console(Chair().devices(), SMALL) as desk:
        await to_question(desk, DRUG)
        assert "hold 24–48 h before, 6 h after" in desk.text()
        await desk.press("y")
        for field, text in (("drug", "lorazepam"), ("dose", "1 mg"), ("taken", "yesterday 22:00")):
            assert desk.app.focused.id == field
            await desk.press("enter")
            assert "this is asked for" in desk.answer
            await desk.type(text)
            await desk.press("enter")
        (intent,) = desk.asked
        assert intent.text == "lorazepam, 1 mg, last taken yesterday 22:00"


async def test_escape_goes_back_to_the_questions_and_forgets_what_was_typed():
    async with console(Chair().devices()) as desk:
        await desk.press("h", "y")
        await desk.type("wrong question")
        await desk.press("escape", "down", "y")
        assert desk.app.focused.value == ""
        assert desk.asked == []
        await desk.press("escape", "escape")
        assert not desk.app.screen.has_class("-entry")


async def test_what_was_typed_survives_looking_elsewhere():
    async with console(Chair().devices()) as desk:
        await desk.press("h", "y")
        await desk.type("hives")
        await desk.press("f1", "escape", "h")
        assert desk.app.focused.value == "hives"


async def test_the_pointer_does_not_move_when_somebody_else_answers():
    async with console(Chair().devices()) as desk:
        await desk.press("h", "down")
        await answered(desk, e.ScreeningAnswered(item="heart-attack", reply=Reply.NO, by=PHYSICIAN))
        await desk.press("n")
        assert desk.asked == [i.AnswerScreening(item="heart-attack", reply=Reply.NO, by=NURSE)]


async def test_a_refusal_keeps_the_question_and_what_was_typed():
    async with console(Chair().devices()) as desk:
        desk.feed.answers.append("the record cannot be written: disk full")
        await desk.press("h", "y")
        await desk.type("hives")
        await desk.press("enter")
        assert "disk full" in desk.answer
        assert desk.app.focused.value == "hives"
        await desk.press("enter")
        assert desk.asked[1] == desk.asked[0]


async def test_a_physician_decides_with_a_reason():
    async with console(screened(Chair().devices(), stroke="2024"), SMALL) as desk:
        await desk.press("h")
        assert "1 to decide" in desk.text()
        assert "normally the end; a physician decides" in desk.text()
        await desk.press("g")
        await desk.type("AB nurse")
        await desk.press("enter")
        await desk.type("minor, fully recovered")
        await desk.press("enter")
        assert desk.asked == []
        assert "a physician decides, not a nurse" in desk.answer
        desk.app.screen.query_one("ScreeningPanel #who", Input).value = "Chen physician"
        await desk.press("enter")
        assert desk.asked == [i.DecideScreening(item="stroke", go_on=True, why="minor, fully recovered", by=PHYSICIAN)]


async def test_not_today_is_a_decision_too_and_who_decides_is_typed_once():
    chair = screened(Chair().devices(), stroke="2024", psychosis="2010")
    async with console(chair) as desk:
        await desk.press("h", "x")
        await desk.type("Chen physician")
        await desk.press("enter")
        await desk.type("too recent")
        await desk.press("enter")
        await answered(desk, e.ScreeningDecided(item="stroke", go_on=False, why="too recent", by=PHYSICIAN))
        await desk.press("g")
        assert desk.app.focused.id == "why"
        await desk.type("treated")
        await desk.press("enter")
        assert [(x.item, x.go_on) for x in desk.asked] == [("stroke", False), ("psychosis", True)]
        assert "screening: 1 not today" in desk.text()


async def test_a_decision_takes_the_physicians_pin():
    chair = Chair(pins=True).devices()
    async with console(screened(chair, stroke="2024"), SMALL) as desk:
        await desk.press("h", "g")
        await desk.type("Chen physician")
        await desk.press("enter")
        await desk.type("minor")
        await desk.press("enter")
        assert "PIN of physician Chen" in desk.text()
        await desk.press(*PIN, "enter")
        assert desk.feed.pins == [PIN]
        assert desk.asked[0].by == PHYSICIAN


async def test_there_is_nothing_to_decide_about_a_clear_answer():
    async with console(screened(Chair().devices())) as desk:
        await desk.press("h", "g", "x")
        assert desk.asked == []
        assert "nothing to decide" in desk.answer


def test_every_standing_is_written_beside_its_question():
    chair = screened(Chair(), stroke="2024", psychosis="2010", opioid="codeine, 30 mg, last taken today")
    chair.say(e.ScreeningDecided(item="psychosis", go_on=False, why="acute", by=PHYSICIAN))
    asked = tuple(questions(chair.state, PROFILE))
    text = drawn(asked, "psychosis", 60, 40).plain
    for question in asked:
        row = next(line for line in text.split("\n") if question.item.question[:20] in line)
        assert row.endswith(f"{question.standing:<9}")
    assert "not today: acute (physician Chen)" in text
    assert title(asked) == "screening: 1 not today, 1 to decide"


@pytest.mark.parametrize("height", [3, 8, 30])
@pytest.mark.parametrize("chosen", ["hypersensitivity", DRUG, "ride-home"])
def test_the_chosen_question_is_always_in_sight(height, chosen):
    asked = tuple(questions(screened(Chair(), benzodiazepine="x, 1, now").state, PROFILE))
    lines = drawn(asked, chosen, 46, height).plain.split("\n")
    assert len(lines) <= max(height, len(known(asked[list(ITEMS).index(chosen)])) + 2)
    assert ITEMS[chosen].question.split()[-1] in "\n".join(lines), "whoever asks it can read all of it"
    assert sum(line.startswith("› ") for line in lines) == 1
    assert all(len(line) <= 46 for line in lines)


def test_an_answer_is_put_into_one_text():
    assert said(["hives"]) == "hives"
    assert said(["lorazepam", "1 mg", "noon"]) == "lorazepam, 1 mg, last taken noon"


def test_the_fields_are_those_that_the_core_wants():
    from ketamon.console.widgets.screening import ASKED

    assert {answer for answer, fields in ASKED.items() if fields} == set(Answer) - {Answer.YES_NO}


# -------------------------------------------------------------------- the check of the order


async def test_the_order_is_read_with_its_arithmetic_and_checked_by_a_second_person():
    async with console(ordered(), SMALL) as desk:
        await desk.press("2")
        text = desk.text()
        for words in (
            "J. D.  1984-82  72 kg = 158.7 lb, from: scale", "0.5 mg/kg × 72 kg = 36 mg", "36 mL in 40 min = 54 mL/h",
            "12.5 µg/kg/min", "entered by nurse AB, not checked",
        ):  # fmt: skip
            assert words in text, words
        await desk.type("ab physician")
        await desk.press("enter")
        assert desk.asked == []
        assert "nurse AB entered the order; a second person checks it" in desk.answer
        await desk.press("ctrl+t")
        await desk.type("Chen physician")
        await desk.press("enter")
        assert desk.asked == [i.CheckOrder(by=PHYSICIAN, order=ORDER)]


async def test_the_check_takes_the_pin_of_who_checks():
    async with console(ordered(Chair(pins=True).devices()), SMALL) as desk:
        await desk.press("2")
        await desk.type("Chen physician")
        await desk.press("enter")
        assert "36 mL in 40 min = 54 mL/h" in desk.text()
        await desk.press(*PIN, "enter")
        assert (desk.asked, desk.feed.pins) == ([i.CheckOrder(by=PHYSICIAN, order=ORDER)], [PIN])


async def test_another_order_than_was_read_is_not_checked_by_the_same_stroke():
    async with console(ordered()) as desk:
        await desk.press("2")
        await desk.type("Chen physician")
        await answered(desk, e.OrderEntered(order=replace(ORDER, total_mg=72.0), by=NURSE))
        await desk.press("enter")
        assert desk.asked == []


async def test_there_is_nothing_to_check_without_an_order():
    async with console(Chair().devices()) as desk:
        await desk.press("2")
        assert "not possible" in desk.answer
    assert not ACTIONS["check_order"].allowed(infusing(1).view())


# -------------------------------------------------------------------- check-in


async def fill(desk, **texts):
    form = desk.app.screen.query_one("CheckInForm")
    values = {
        "label": "J. D.", "identifier": "1984-82", "weight": "72", "method": "scale", "dose": "0.5",
        "minutes": "40", "concentration": "1",
    } | texts  # fmt: skip
    for name, text in values.items():
        form.query_one(f"#{name}", Input).value = text
    if "indication" not in texts:
        form.fill({"indication": "ptsd"})
    form.save()
    await desk.settle()


WRONG = [
    ({"weight": "158 lb"}, "would be 71.67"),
    ({"dose": "36 mg"}, "mg is another quantity"),
    ({"dose": "500 µg/kg"}, "would be 0.5"),
    ({"concentration": "1,000"}, "may mean 1000 or 1"),
    ({"minutes": "1 h"}, "would be 60"),
    ({"method": ""}, "how the weight was taken is missing"),
    ({"method": "guess"}, "one of scale, stated, record"),
    ({"indication": ""}, "one of treatment-resistant depression, bipolar depression"),
    ({"indication": "pain"}, "one of neuropathic pain, chronic pain"),
    ({"indication": "gout"}, "one of treatment-resistant depression"),
    ({"indication": "other"}, "say what it is, like “other: tinnitus”"),
]


async def test_a_wrong_unit_is_refused_with_the_reason_before_the_core_is_asked():
    async with console(Chair().devices()) as desk:
        await desk.press("c")
        for wrong, why in WRONG:
            await fill(desk, **({"indication": "ptsd"} | wrong))
            assert desk.asked == []
            assert why in desk.answer


async def test_the_weight_is_shown_in_both_units_and_the_arithmetic_fits_the_smallest_screen():
    async with console(Chair().devices(), SMALL) as desk:
        await desk.press("c")
        desk.feed.answers.append("no")
        await fill(desk)
        text = desk.text()
        for words in (
            "72 kg = 158.7 lb, from: scale",
            "0.5 mg/kg × 72 kg = 36 mg",
            "36 mL in 40 min = 54 mL/h",
            "(2)",
        ):
            assert words in text, words


async def test_an_indication_is_written_out_when_its_field_is_left():
    async with console(Chair().devices(), SMALL) as desk:
        await desk.press("c")
        field = desk.app.screen.query_one("#indication", Input)
        for part, whole in (("bip", "bipolar depression"), ("oth: tinnitus", "other: tinnitus"), ("pain", "pain")):
            desk.app.set_focus(field)
            field.value = part
            await desk.press("enter")
            assert field.value == whole


async def test_what_may_be_chosen_is_read_whole_on_the_smallest_screen():
    async with console(Chair().devices(), SMALL) as desk:
        await desk.press("c")
        for name, text in (("label", "J. D."), ("identifier", "82"), ("weight", "72"), ("method", "scale")):
            desk.app.screen.query_one(f"#{name}", Input).value = text
        await desk.look()
        read = set(re.split(r"[\s│,]+", desk.text()))
        for indication in PROFILE.indication:
            assert set(indication.label.split()) <= read


async def test_a_correction_keeps_what_else_is_known_of_the_patient():
    chair = Chair().devices()
    patient = replace(PATIENT, indication="other", indication_text="tinnitus", escort="K. D., sister")
    chair.say(e.PatientCheckedIn(patient=patient, by=NURSE), e.OrderEntered(order=ORDER, by=NURSE))
    async with console(chair) as desk:
        await desk.press("c")
        await fill(desk, weight="73")
        (intent,) = desk.asked
        assert intent.patient == replace(patient, weight_kg=73.0)


async def test_where_the_profile_has_no_order_none_is_asked():
    async with console(Chair().devices()) as desk:
        desk.feed.profile = replace(PROFILE, order=replace(PROFILE.order, required=False))
        desk.feed.chair.t += 1
        desk.feed.tick()
        await desk.look()
        await desk.press("c")
        assert "mg/kg" not in desk.text()
        await desk.type("J. D.")
        await desk.press("enter")
        for text in ("1984-82", "72", "scale", "1 of 6", "bipolar", "K. D."):
            await desk.type(text)
            await desk.press("enter")
        (intent,) = desk.asked
        assert intent.dose_mg_per_kg is None
        assert (intent.patient.weight_kg, intent.patient.escort) == (72.0, "K. D.")


# -------------------------------------------------------------------- who is here


async def test_people_come_and_go_by_one_key():
    async with console(Chair().devices(), SMALL) as desk:
        await desk.press("m")
        assert "no nurse in the room" in desk.text()
        await desk.press("r")
        await answered(desk, e.StaffMoved(who=NURSE, where=Place.ROOM, by=NURSE))
        await desk.press("+")
        await desk.type("Chen physician")
        await desk.press("enter", "s")
        await answered(desk, e.StaffMoved(who=PHYSICIAN, where=Place.SITE, by=NURSE))
        text = desk.text()
        assert "nobody is missing" in text
        assert "physician Chen  on site" in text
        await desk.press("up", "l")
        assert desk.asked == [
            i.MoveStaff(who=NURSE, where=Place.ROOM, by=NURSE),
            i.MoveStaff(who=PHYSICIAN, where=Place.SITE, by=NURSE),
            i.MoveStaff(who=NURSE, where=None, by=NURSE),
        ]
        await answered(desk, e.StaffMoved(who=NURSE, where=None, by=NURSE))
        assert "no nurse in the room" in desk.text()
        assert "nurse AB        not here" in desk.text()


async def test_a_name_without_a_role_is_nobody():
    async with console(Chair().devices()) as desk:
        await desk.press("m", "+")
        await desk.type("Chen")
        await desk.press("enter", "escape", "z")
        assert desk.asked == []
        assert "no place" in desk.answer


async def test_the_same_person_is_in_the_list_once():
    async with console(Chair().devices().say(e.StaffMoved(who=PHYSICIAN, where=Place.SITE, by=NURSE))) as desk:
        await desk.press("m", "+")
        await desk.type("chen physician")
        await desk.press("enter", "r")
        assert desk.asked == [i.MoveStaff(who=PHYSICIAN, where=Place.ROOM, by=NURSE)]
        assert desk.app.screen.query_one("StaffPanel .people", Line).said.lower().count("chen") == 1


# -------------------------------------------------------------------- what is still to do


def todo(chair):
    return tuple(
        f"{text} ({ACTIONS[action].keys[0]})" if action else text
        for text, action in build(chair.state, PROFILE, chair.at).todo
    )


def test_what_is_to_do_before_the_infusion_is_said_with_its_key():
    chair = Chair().devices()
    assert todo(chair) == (
        f"screening: {len(ITEMS)} open (h)",
        "patient and order (c)",
        "no nurse in the room (m)",
        "no physician on site (m)",
    )
    ordered(screened(chair, stroke="2024"))
    chair.say(e.StaffMoved(who=NURSE, where=Place.ROOM, by=NURSE))
    assert todo(chair) == ("screening: 1 to decide (h)", "check of the order (2)", "no physician on site (m)")
    chair.say(e.ScreeningDecided(item="stroke", go_on=False, why="x", by=PHYSICIAN), e.OrderChecked(by=PHYSICIAN))
    assert todo(chair) == ("screening: not today (h)", "no physician on site (m)")
    chair.say(e.PhaseChanged(trigger=Trigger.CHECKED_IN, phase=Phase.BASELINE, by=NURSE))
    assert todo(chair)[1].startswith("baseline: SYS, DIA, SpO2")
    chair.start()
    assert todo(chair) == ()


def test_an_order_is_asked_only_where_the_profile_has_one():
    profile = replace(PROFILE, order=replace(PROFILE.order, required=False), screening=(), staff=())
    chair = Chair()
    assert build(chair.state, profile, chair.at).todo == (Todo("patient", "check_in"),)
    chair.say(e.PatientCheckedIn(patient=PATIENT, by=NURSE))
    assert build(chair.state, profile, chair.at).todo == ()


async def test_what_is_missing_stands_in_the_due_list_at_every_size():
    async with console(Chair().devices()) as desk:
        for size in ((160, 48), (120, 36), SMALL):
            await desk.resize(size)
            for words in (
                f"screening: {len(PROFILE.screening)} open (h)",
                "patient and order (c)",
                "no physician on site (m)",
            ):
                assert words in desk.text()


def test_a_note_needs_no_decision():
    notes = {item.id for item in PROFILE.screening if item.severity is Severity.NOTE}
    chair = screened(Chair(), **dict.fromkeys(notes, "codeine"))
    assert {q.standing for q in questions(chair.state, PROFILE) if q.item.id in notes} == {Standing.NOTED}
    assert not any("screening" in line for line in todo(chair))
