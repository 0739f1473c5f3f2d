"""`ketamon profile` as directors and scripts meet it."""

import json
from io import BytesIO, TextIOWrapper

import pytest

from ketamon.cli import main
from ketamon.profiles import names

OURS = """\
extends = "ketamine-40min"
name = "ours"
version = "2"
title = "Ours"
[[limit]]
id = "spo2-low"
below = 93.0
"""


@pytest.fixture
def run(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("KETAMON_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ours.toml").write_text(OURS)

    def call(*args: str, data: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(data)))
        try:
            code = main(["profile", *args])
        except SystemExit as leaving:  # argparse's way
            code = int(leaving.code or 0)
        return (code, *capfd.readouterr())

    return call


def test_the_list_of_shipped_profiles(run):
    code, out, _ = run("list")
    assert code == 0
    heads = [line for line in out.splitlines() if not line.startswith(" ")]
    assert [line.split()[0] for line in heads] == names()
    assert all(line.endswith("  not signed") for line in heads)


def test_check_says_all_that_is_wrong_with_line_and_whether_it_is_signed(run, tmp_path):
    assert run("check", "ours.toml", "pain-240min")[0] == 0
    assert "ours.toml: ours, version 2, can be used; not signed" in run("check", "ours.toml")[1]
    (tmp_path / "bad.toml").write_text(OURS.replace("93.0", "'x'") + "dwell = 3\n")
    code, out, err = run("check", "ours.toml", "bad.toml")
    assert code == 2
    assert out.count("\n") == 1
    assert "bad.toml:7: limit[0].below is 'x'; allowed is a number" in err
    assert "bad.toml:8: limit[0].dwell is not a key of this table" in err
    assert "1 of 2 cannot be used" in err
    assert run("check", "none.toml")[0] == 3
    assert run("check", "none")[0] == 2


def test_show_has_numbers_units_and_where_they_are_from(run):
    code, out, _ = run("show", "ours.toml")
    assert code == 0
    low = out[out.index("spo2-low ") :]
    assert "below 93 %, dwell 10 s" in low[: low.index("spo2-very-low")]
    assert "below: instead of ketamine-40min: 92.0; ours.toml:7" in " ".join(
        low[: low.index("spo2-very-low")].replace("#", " ").split()
    )
    order = [out.index(f"\n{heading}\n") for heading in ("plan", "order", "alarm limits", "schedule", "screening")]
    assert order == sorted(order)
    rows = [json.loads(line) for line in run("show", "--json")[1].splitlines()]
    minutes = next(row for row in rows if row["entry"] == "plan" and row["key"] == "minutes")
    assert (minutes["value"], minutes["unit"]) == (40.0, "min")
    assert minutes["source"].startswith("published")


def test_diff_says_what_differs(run):
    code, out, _ = run("diff", "ketamine-40min", "ours.toml")
    assert code == 0
    assert [line.split(":")[0] for line in out.splitlines()] == ["name", "version", "title", "limit spo2-low below"]
    assert out.endswith("limit spo2-low below: 92 % → 93 %\n")
    assert run("diff", "ours.toml", "ours.toml") == (0, "", "no difference in meaning\n")


def test_sign_by_name_where_there_is_no_roster(run, tmp_path):
    code, out, _ = run("sign", "ours.toml", "--name", "Dr. Ahn")
    assert code == 0
    assert "signed by director Dr. Ahn on 20" in out
    assert 'proof = "name"' in (tmp_path / "ours.toml.sig").read_text()
    assert "can be used; signed by director Dr. Ahn on 20" in run("check", "ours.toml")[1]
    (tmp_path / "ours.toml").write_text(OURS.replace("93.0", "94.0"))
    assert "changed since it was signed by director Dr. Ahn" in run("show", "ours.toml")[1]


def test_sign_by_pin_where_there_is_a_roster(run, tmp_path):
    pytest.importorskip("argon2")
    fill_roster(tmp_path)
    code, _, err = run("sign", "ours.toml", "--name", "Dr. Ahn", "--pin-stdin", data=b"000000\n")
    assert code == 2
    assert "wrong PIN" in err
    code, _, err = run("sign", "ours.toml", "--name", "MK", "--pin-stdin", data=b"938471\n")
    assert code == 2
    assert "signed by a director, not by the nurse MK" in err
    assert not (tmp_path / "ours.toml.sig").exists()
    assert run("sign", "ours.toml", "--name", "dr. ahn", "--pin-stdin", data=b"481516\n")[0] == 0
    assert 'proof = "pin"' in (tmp_path / "ours.toml.sig").read_text()
    assert 'name = "Dr. Ahn"' in (tmp_path / "ours.toml.sig").read_text()


def fill_roster(tmp_path):
    """Put a director and a nurse into the roster."""
    from ketamon.domain.people import Person, Role
    from ketamon.roster import Roster

    roster = Roster.open(tmp_path / "home")
    roster.add(Person("Dr. Ahn", Role.DIRECTOR), "481516")
    roster.add(Person("MK", Role.NURSE), "938471")


def test_a_name_of_a_shipped_profile_is_good_wherever_a_file_is(run, capfd):
    assert main(["replay", "uneventful", "--profile", "nope"]) == 2
    assert "there is no profile “nope”; shipped are" in capfd.readouterr().err


@pytest.mark.parametrize("word", ["list", "check", "show", "diff", "sign"])
def test_every_word_has_help_with_examples(run, word):
    code, out, _ = run(word, "--help")
    assert code == 0
    assert f"  ketamon profile {word}" in out.split("examples:")[1]
