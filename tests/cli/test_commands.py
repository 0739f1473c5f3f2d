"""The commands as scripts and people meet them: output, words, exit codes."""

import json
import subprocess
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from ketamon import samples
from ketamon.cli import COMMANDS, main

CAPTURES = Path(__file__).parents[3] / "shared" / "captures"
INF = b"!INF^8002-51733^A^HLD^0.00^ml/h^^0.969^ml^530.15^mmHg^00:04:09^EVENT^214725|DB9D\r"
OCCLUDED = b"!ALARM^AL_OCCLU^ ^ |5B3B\r"


@pytest.fixture
def run(private, monkeypatch, capfdbinary):
    """Run a command; return its exit code, its lines and its words."""

    def call(*args: object, data: bytes = b"") -> tuple[int, list[str], str]:
        monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(data)))
        try:
            code = main([str(a) for a in args])
        except SystemExit as leaving:  # argparse's way
            code = int(leaving.code or 0)
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        return code, out.decode().splitlines(), err.decode()

    return call


def rows(lines: list[str]) -> list[dict]:
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(run, command):
    code, lines, _ = run(command, "--help")
    assert code == 0
    assert f"  ketamon {command}" in "\n".join(lines).split("examples:")[1]


def test_version_and_help(run):
    assert run("--version")[:2] == (0, ["ketamon 0.1.0"])
    code, lines, _ = run("--help")
    assert code == 0
    assert "Not a medical device" in "\n".join(lines)
    assert run()[0] == 2


def test_drivers_tell_what_they_are(run):
    code, lines, _ = run("drivers", "--json")
    found = {row["id"]: row for row in rows(lines)}
    assert code == 0
    assert set(found) >= {"ge-dri", "masimo-ascii1", "alaris-gh"}
    ge = found["ge-dri"]
    assert ge["kind"] == "monitor"
    assert ge["distribution"] == "ketamon"
    assert ge["line_settings"] == "19200 8E1 RTS/CTS"
    assert {"hr", "spo2", "nibp_sys", "etco2"} <= set(ge["parameters"])
    assert ge["available"] is True
    assert ge["reason"] == ""


def test_decode_prints_a_pump_in_full(run):
    code, lines, words = run("decode", "--frames", "alaris-gh", "-", data=b"?" + INF + OCCLUDED)
    garbage, frame, pump, *rest = rows(lines)
    assert code == 0
    assert garbage == {"type": "garbage", "offset": 0, "length": 1, "reason": garbage["reason"]}
    assert frame == {"type": "frame", "offset": 1, "length": len(INF), "name": "INF"}
    assert pump["type"] == "pump"
    assert (pump["offset"], pump["state"], pump["rate"], pump["volume_infused"]) == (1, "held", 0.0, 0.969)
    readings = {r["parameter"]: (r["value"], r["unit"]) for r in rest if r["type"] == "reading"}
    assert readings == {
        "rate": (0.0, "mL/h"), "volume_infused": (0.969, "mL"), "time_remaining": (249.0, "s"),
        "pressure": (530.15, "mm[Hg]"),
    }  # fmt: skip
    (alarm,) = [r for r in rest if r["type"] == "alarm"]
    assert (alarm["code"], alarm["priority"], alarm["offset"]) == ("AL_OCCLU", "high", 1 + len(INF))
    assert "2 frames" in words


def test_decode_says_null_and_repeated(run):
    path = CAPTURES / "ge_datex_dri" / "db02.raw"
    if not path.exists():
        pytest.skip("the recordings are not beside this checkout")
    code, lines, _ = run("decode", "ge-dri", path)
    found = rows(lines)
    assert code == 0
    first = {r["parameter"]: r for r in found if r["offset"] == 0 and r["type"] == "reading"}
    assert first["spo2"] == {
        "type": "reading", "offset": 0, "parameter": "spo2", "value": 96.65, "unit": "%", "quality": "valid",
    }  # fmt: skip
    assert first["temp"]["value"] is None
    assert first["etco2"]["value"] == 37.0
    pressures = [r for r in found if r.get("parameter") == "nibp_sys"]
    assert len(pressures) == 107
    assert [r.get("repeated", False) for r in pressures] == [False] + [True] * 106


BAD = [
    (["decode", "ge-drx", "x"], 2, "did you mean ge-dri"),
    (["decode", "ge-dri", "{tmp}/nothing"], 3, "no file"),
    (["decode", "ge-dri", "{tmp}"], 3, "cannot be read"),
    (["decode", "ge-dri", "{tmp}/empty"], 3, "empty"),
    (["replay", "{tmp}/nothing.kstream", "--headless"], 3, "no file"),
    (["replay", "{tmp}/empty", "--headless"], 3, "empty"),
    (["replay", "{tmp}/foreign", "--headless"], 3, "not a recorded stream"),
    (["replay", "{tmp}/newer", "--headless"], 3, "newer ketamon"),
    (["replay", "no-such-sample", "--headless"], 3, "uneventful"),
    (["replay", "{tmp}/foreign", "--speed", "fast"], 2, "no speed"),
    (["verify", "{tmp}/nothing.ksession"], 3, "nothing.ksession"),
    (["verify", "{tmp}/foreign.ksession"], 3, "foreign.ksession"),
    (["run", "--monitor", "ge-dri"], 2, "no port"),
    (["run", "--monitor", "alaris-gh:/dev/x"], 2, "is a pump"),
    (["run", "--chair", "../x", "--monitor", "ge-dri:/dev/x"], 2, "no name for a chair"),
    (["core", "--monitor", "ge-dri:/dev/no-such-port"], 3, "/dev/no-such-port"),
    (["core", "--monitor", "ge-dri:ftp://x"], 2, "ftp"),
    (["core"], 2, "no device"),
    (["core", "--resume"], 3, "no session to go on with"),
    (["core", "--profile", "{tmp}/profile.toml", "--monitor", "ge-dri:{tmp}/empty"], 3, "empty"),
    (["demo", "--headless", "--profile", "{tmp}/profile.toml"], 2, "profile.toml"),
    (["demo", "--headless", "--profile", "{tmp}/no.toml"], 3, "no.toml"),
    (["record", "{tmp}/x.kstream"], 2, "no device"),
    (["record", "{tmp}/x.kstream", "--monitor", "ge-dri:/dev/no-such-port"], 3, "/dev/no-such-port"),
    (["attach"], 3, "no core runs"),
    (["attach", "--chair", "9"], 3, "no running core"),
    (["status"], 3, "no core runs"),
    (["status", "--chair", "9"], 3, "no core answers"),
    (["simulate"], 2, "no device"),
    (["simulate", "--device", "ge-dri", "--speed", "max"], 2, "need a speed"),
    (["frobnicate"], 2, "no command"),
    (["decod"], 2, "did you mean “decode”"),
]


@pytest.mark.parametrize(("args", "code", "says"), BAD, ids=[" ".join(a) for a, _, _ in BAD])
def test_bad_input_gets_one_sentence_and_its_code(run, tmp_path, args, code, says):
    (tmp_path / "empty").touch()
    (tmp_path / "foreign").write_bytes(b"\x89PNG\r\n\x1a\n" * 100)
    (tmp_path / "foreign.ksession").write_bytes(b"\x89PNG\r\n\x1a\n" * 100)
    (tmp_path / "newer").write_text('{"ketamon-stream": 99, "created": "2026-11-21T08:00:00Z", "devices": {}}\n')
    (tmp_path / "profile.toml").write_text('name = 3\nsurprise = "x"\n')
    got, lines, words = run(*(a.replace("{tmp}", str(tmp_path)) for a in args))
    assert got == code
    assert says in words
    assert lines == []
    assert "Traceback" not in words


def outside(command: str, home: Path, **how) -> subprocess.Popen:
    """Run a command in a shell, as a user does, with buffers of its own."""
    env = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "KETAMON_HOME": str(home),
        "KETAMON_RUNTIME": str(home),
    }
    return subprocess.Popen(["/bin/sh", "-c", command], env=env, stderr=subprocess.PIPE, text=True, **how)


FATES = [
    ("ketamon drivers --json >/dev/full", 3, "No space left"),
    ("ketamon decode --help >/dev/full", 3, "No space left"),
    ("printf x | ketamon decode ge-dri - >/dev/full", 3, "No space left"),
    ("ketamon drivers --json >&-", 3, "standard output is closed"),
    ("ketamon decode ge-dri - <&-", 3, "standard input is closed"),
    ("(ketamon --help; echo $? >&2) | true", 0, "0"),
    ("(ketamon decode --help; echo $? >&2) | true", 0, "0"),
    ("KETAMON_RUNTIME=/dev/null ketamon attach", 3, "/dev/null/ketamon cannot be used"),
    ("ketamon decode --fames ge-dri x", 2, "“ketamon decode --help” shows how"),
]


@pytest.mark.parametrize(("command", "code", "says"), FATES, ids=[command for command, _, _ in FATES])
def test_output_that_cannot_be_had_gets_one_sentence(tmp_path, command, code, says):
    if "/dev/full" in command and not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with outside(command, tmp_path, stdout=subprocess.DEVNULL) as done:
        words = done.communicate(timeout=20)[1]
    assert done.returncode == code
    assert says in words
    assert len(words.splitlines()) == 1


def test_decode_tells_at_once_what_a_slow_pipe_brought(tmp_path):
    with outside("exec ketamon decode alaris-gh -", tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as slow:
        slow.stdin.write(OCCLUDED.decode())
        slow.stdin.flush()
        assert json.loads(slow.stdout.readline())["code"] == "AL_OCCLU"
        assert slow.poll() is None
        slow.communicate(timeout=20)


def test_a_cut_stream_is_replayed_up_to_the_cut_and_told(run, tmp_path):
    whole = samples.path("oximeter").read_bytes()
    cut = tmp_path / "cut.kstream"
    cut.write_bytes(whole[: len(whole) // 8])
    code, lines, words = run("replay", cut, "--headless")
    assert code == 0
    assert any("▸ baseline" in line for line in lines)
    assert "gate: not judged yet" in lines
    assert "cut.kstream" in words


def test_replay_prints_json(run, tmp_path):
    whole = samples.path("oximeter").read_bytes()
    part = tmp_path / "part.kstream"
    part.write_bytes(whole[: len(whole) // 8])
    code, lines, _ = run("replay", part, "--json")
    found = rows(lines)
    assert code == 0
    assert found[-1]["type"] == "summary"
    assert found[-1]["phase"] == "infusion"
    assert "phase-changed" in {row["type"] for row in found}


def test_a_whole_replay_ends_as_the_session_did(run):
    code, lines, words = run("replay", "oximeter", "--headless")
    assert (code, words) == (0, "")
    assert "gate: open" in lines


def test_verify_finds_a_flipped_bit(run, tmp_path):
    whole = bytearray(samples.path("oximeter").read_bytes())
    good, bad = tmp_path / "good.kstream", tmp_path / "bad.kstream"
    good.write_bytes(whole)
    whole[len(whole) // 2] ^= 1
    bad.write_bytes(whole)
    assert run("verify", good)[0] == 0
    code, _, words = run("verify", good, bad)
    assert code == 4
    assert "bad.kstream" in words


@pytest.mark.long  # the gate runs the demo, too, from the wheel
def test_the_whole_demo_runs_headless_to_an_open_gate(tmp_path):
    """As a user would: a process of its own, no terminal. Everything of it: pseudo-terminals, core, rules, gate."""
    done = subprocess.run(
        [sys.executable, "-m", "ketamon", "demo", "--headless"],
        capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", "KETAMON_HOME": str(tmp_path), "KETAMON_RUNTIME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    summary = lines[lines.index("phases") :]
    order = ["check-in", "baseline", "infusion", "paused", "infusion", "recovery"]
    assert [line.split()[1] for line in summary[1:7]] == order
    assert "gate: open" in summary
    assert all(line.startswith("  ✓") for line in summary[summary.index("gate: open") + 1 :])
    assert any(line.startswith("alarms: ") and line != "alarms: 0" for line in summary)
