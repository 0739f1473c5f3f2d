"""`ketamon evaluate alarms` as people and scripts meet it."""

import json

import pytest
from evaluation.tables import spell, vitals

from ketamon import samples
from ketamon.cli import main


@pytest.fixture
def run(capfd):
    def call(*args: object) -> tuple[int, str, str]:
        code = main(["evaluate", *map(str, args)])
        out, err = capfd.readouterr()
        return code, out, err

    return call


def test_the_figures_in_words(run, tmp_path):
    path = vitals(tmp_path / "t.csv", 300, [*spell("spo2", 30, 20, 90.0), *spell("rr", 100, 40, None)])
    code, out, err = run("alarms", path, path)
    one, both = (part.splitlines() for part in out.split("\n\n")[:2]), out.split("\n\n")[2].splitlines()
    assert (code, err) == (0, "")
    assert [line.split() for line in next(one)[2:4]] == [
        ["**", "spo2-low", "1", "12.0", "1"],
        ["about", "the", "patient", "1", "12.0", "1", "1.0", "times", "fewer"],
    ]
    assert "  events that last: 2, told in time 2, the latest 10 s after its beginning" in both
    assert "  gaps over the stale time: 2, told in time 2, the latest 16 s after its beginning" in both
    assert out.splitlines()[-1].startswith("profile ketamine-40min, version 1, sha256 ")


def test_the_figures_as_json(run, tmp_path):
    path = vitals(tmp_path / "t.csv", 120, spell("spo2", 30, 20, 85.0))
    code, out, _ = run("alarms", path, path, "--json")
    first, _, total = map(json.loads, out.splitlines())
    assert (code, first["name"], first["type"], total["type"]) == (0, "t.csv", "recording", "together")
    assert first["alarms"] == [
        {"priority": "high", "cause": "spo2-low", "raised": 1, "bare": 1},
        {"priority": "medium", "cause": "spo2-low", "raised": 0, "bare": 1},
    ]
    assert (first["times_fewer"], total["bare"], total["missed"]) == (2.0, 4, 0)
    assert [h["told_after_s"] for h in first["happenings"]] == [10.0, 10.0]


def test_a_profile_of_ones_own(run, tmp_path):
    path = vitals(tmp_path / "t.csv", 120, spell("spo2", 30, 20, 90.0))
    mine = tmp_path / "mine.toml"
    from ketamon.profiles.loader import SHIPPED

    mine.write_text(SHIPPED.read_text().replace("below = 92.0", "below = 89.0"))
    assert "spo2-low" not in run("alarms", path, "--profile", mine)[1]


def test_damaged_lines_and_unknown_names_are_told_and_the_rest_is_judged(run, tmp_path):
    path = vitals(tmp_path / "t.csv", 60)
    with path.open("a") as file:
        file.write("60,XYZ,1,%\n" + "60,spo2\n" * 7)
    code, out, err = run("alarms", path)
    assert code == 3
    assert err.splitlines()[0] == "t.csv: line 243: 2 fields instead of 4"
    assert err.splitlines()[5:] == [
        "t.csv: 2 more damaged lines",
        "t.csv: not judged, as unknown: XYZ in % (1)",
        "ketamon evaluate: 1 of the files are damaged; the figures are those of the rest",
    ]
    assert "about the patient" in out


def test_a_recorded_stream(run):
    code, out, err = run("alarms", samples.path("desaturation"), "--json")
    found = json.loads(out)
    assert (code, err, found["missed"]) == (0, "", 0)
    assert {a["cause"] for a in found["alarms"] if a["raised"]} >= {"spo2-low"}
    assert found["happenings"]


@pytest.mark.parametrize(("args", "code"), [(("alarms", "none.csv"), 3), (("alarms",), 2), (("noise", "x.csv"), 2)])
def test_wrong_use(run, args, code):
    assert run(*args)[0] == code
