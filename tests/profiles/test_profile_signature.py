"""A director's signature: for this text, by a director, and whatever is wrong with it is never "signed"."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from rules.clinic import TEXT

from ketamon.domain.people import Person, Proof, Role
from ketamon.errors import ProfileError, Refused, SourceError
from ketamon.profiles import load, sign, signature_of
from ketamon.profiles.signature import APPROVED, Standing

DIRECTOR = Person('Dr. "A" Ahn', Role.DIRECTOR)
AT = datetime(2026, 11, 21, 8, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "ours.toml"
    path.write_text(TEXT, "utf-8")
    return path


def standing(path):
    return signature_of(path, load(path)[2])


def test_not_signed_signed_and_changed_since(path):
    assert str(standing(path)) == "not signed"
    signature = sign(path, DIRECTOR, Proof.PIN, AT)
    assert signature.sha256 == load(path)[2]
    signed = standing(path)
    assert str(signed) == 'signed by director Dr. "A" Ahn on 2026-11-21'
    assert signed.signature == signature
    assert (signature.at, signature.proof, signature.meaning) == (AT.replace(microsecond=0), Proof.PIN, APPROVED)
    path.write_text(TEXT.replace("below = 92.0", "below = 91.0"), "utf-8")
    assert str(standing(path)) == 'changed since it was signed by director Dr. "A" Ahn on 2026-11-21'
    assert standing(path).standing is Standing.CHANGED
    sign(path, DIRECTOR, Proof.NAME, AT.astimezone(timezone(timedelta(hours=5))))
    assert standing(path).standing is Standing.SIGNED
    assert standing(path).signature.at == AT.replace(microsecond=0)


def test_what_it_extends_is_signed_with_it(path):
    own = path.with_name("own.toml")
    own.write_text('extends = "ours.toml"\nname = "own"\nversion = "1"\ntitle = "Own"\n')
    sign(own, DIRECTOR, Proof.NAME, AT)
    assert standing(own).standing is Standing.SIGNED
    path.write_text(TEXT.replace("below = 92.0", "below = 91.0"), "utf-8")
    assert standing(own).standing is Standing.CHANGED


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.DIRECTOR])
def test_nobody_else_signs(path, role):
    with pytest.raises(Refused, match="a profile is signed by a director, not by the"):
        sign(path, Person("AB", role), Proof.PIN, AT)
    assert standing(path).standing is Standing.NOT_SIGNED


def test_what_cannot_be_used_is_not_signed(path):
    path.write_text(TEXT.replace("below = 92.0", 'below = "x"'), "utf-8")
    with pytest.raises(ProfileError):
        sign(path, DIRECTOR, Proof.PIN, AT)
    assert not path.with_name("ours.toml.sig").exists()


def test_where_it_cannot_be_written(path):
    path.with_name("ours.toml.sig").mkdir()
    with pytest.raises(SourceError, match=r"ours\.toml\.sig cannot be written: .*; copy the profile, and sign that"):
        sign(path, DIRECTOR, Proof.PIN, AT)
    assert standing(path).standing is Standing.UNREADABLE


DAMAGE = [
    ('role = "director"', 'role = "nurse"'),
    ('role = "director"', 'role = "chief"'),
    ('proof = "pin"', 'proof = "word"'),
    ("at = 2026-11-21 08:00:00+00:00", "at = 2026-11-21 08:00:00"),
    ("at = 2026-11-21 08:00:00+00:00", 'at = "2026-11-21"'),
    ("at = 2026-11-21 08:00:00+00:00", ""),
    ("name = ", 'more = "x"\nname = '),
    ('"Dr. \\"A\\" Ahn"', '" "'),
    ("sha256 = ", "sha256 = 3 #"),
    ("name = ", "name = = "),
]


@pytest.mark.parametrize(("old", "new"), DAMAGE)
def test_a_damaged_signature_is_none(path, old, new):
    sign(path, DIRECTOR, Proof.PIN, AT)
    beside = path.with_name("ours.toml.sig")
    text = beside.read_text("utf-8")
    assert old in text
    beside.write_text(text.replace(old, new), "utf-8")
    assert str(standing(path)) == "not signed: its signature cannot be read"
    assert standing(path).signature is None


def test_every_byte_that_is_lost_at_the_end_makes_it_none(path):
    sign(path, DIRECTOR, Proof.PIN, AT)
    digest, beside = load(path)[2], path.with_name("ours.toml.sig")
    whole = beside.read_bytes()
    for length in range(len(whole) - 1):  # the last byte ends the line
        beside.write_bytes(whole[:length])
        assert signature_of(path, digest).standing is not Standing.SIGNED
    beside.write_bytes(b"\xff")
    assert signature_of(path, digest).standing is Standing.UNREADABLE


def test_the_shipped_one_is_not_signed():
    assert signature_of(None, load(None)[2]).standing is Standing.NOT_SIGNED
