"""Whole inputs, damaged at random, and noise: nothing but a refusal comes of them. See `targets.py`."""

import time

import pytest
from fuzz.targets import TARGETS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SLOWEST_S = 5.0
"""No input of some kilobytes takes nearly as long; a search that runs away takes for ever."""
EXAMPLES = {"store": 150, "asking": 30, "follower": 120, "stream": 200, "profile": 100, "intent": 200}

EDIT = st.tuples(
    st.sampled_from(("set", "cut", "put", "twice", "drop-rest", "number")),
    st.floats(0, 1, exclude_max=True),
    st.integers(1, 40),
    st.binary(min_size=1, max_size=12),
)
ODD = (
    b"NaN",
    b"1e999",
    b"-1",
    b"0",
    b"9" * 30,
    b"null",
    b"[" * 2000,
    b'"',
    b"\\u0000",
    b"\xff",
    b"1e308",
    b"true",
    b"{}",
)


def damage(data: bytes, edits: list[tuple[str, float, int, bytes]]) -> bytes:
    """Apply edits, each at its share of the length."""
    for what, share, length, piece in edits:
        at = int(share * len(data))
        match what:
            case "set":
                data = data[:at] + piece + data[at + len(piece) :]
            case "cut":
                data = data[:at] + data[at + length :]
            case "put":
                data = data[:at] + piece + data[at:]
            case "twice":
                data = data[:at] + data[at : at + length * 8] * 2 + data[at + length * 8 :]
            case "drop-rest":
                data = data[:at] if length > 30 else data
            case "number":  # the nearest digits become something that is no number, or too large a one
                while at < len(data) and not data[at : at + 1].isdigit():
                    at += 1
                end = at
                while end < len(data) and (data[end : end + 1].isdigit() or data[end] in b".-"):
                    end += 1
                data = data[:at] + ODD[length % len(ODD)] + data[end:]
    return data


@pytest.mark.parametrize("name", TARGETS)
def test_anything_is_refused_in_words(name):
    target = TARGETS[name]
    seeds = target.seeds()
    for seed in seeds:
        target.run(seed)

    @settings(max_examples=EXAMPLES.get(name, 30), deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(range(len(seeds))), st.lists(EDIT, max_size=6), st.binary(max_size=60), st.integers(0, 9))
    def fuzz(seed, edits, noise, kind):
        begun = time.process_time()
        target.run(noise if kind == 0 else damage(seeds[seed], edits) + (noise if kind == 1 else b""))
        assert time.process_time() - begun < SLOWEST_S

    fuzz()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("profile", b"a = " + b"[" * 5000),
        ("profile", b"a = 9" + b"9" * 5000),
        ("follower", b'{"kind":"x","body":' + b"[" * 3000 + b"}\n"),
        ("follower", b'{"x":' + b"[" * 3000 + b"}\n"),
        ("follower", TARGETS["follower"].seeds()[1].replace(b'"seq":', b'"seq":99999999')),
        ("asking", b"\n" + b'{"id":1,"intent":' + b"[" * 3000 + b"\n"),
        ("asking", b"\n" + b'{"id":1,"intent":{"type":"note","body":' + b'{"by":' * 3000 + b"\n"),
        ("intent", b'{"type":"note","body":' + b'{"by":' * 3000 + b"}" * 3001),
        ("stream", b'{"ketamon-stream":1,"devices":' + b"[" * 3000 + b"\n"),
    ],
)
def test_what_was_found_once_stays_mended(name, data):
    TARGETS[name].run(data)
