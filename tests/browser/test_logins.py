"""Links open once and soon; logins end at their time."""

import re

import pytest

from ketamon.browser import issuing
from ketamon.browser.issuing import Wish
from ketamon.browser.logins import OPEN_WITHIN_S, Logins
from ketamon.domain.people import Person, Role
from ketamon.errors import SourceError, UsageError

LEE = Person("Dr. Lee", Role.PHYSICIAN)
HOUR = 3600.0


@pytest.fixture
def logins():
    return Logins()


def test_a_link_opens_once(logins):
    token = logins.invite(LEE, HOUR, 0)
    cookie, login = logins.exchange(token, 1)
    assert login.person == LEE
    assert logins.exchange(token, 2) is None
    assert logins.who(cookie, 3) == login


@pytest.mark.parametrize(("lasts", "opened", "opens"), [
    (HOUR, OPEN_WITHIN_S - 1, True),
    (HOUR, OPEN_WITHIN_S, False),
    (60, 59, True),
    (60, 60, False),
])  # fmt: skip
def test_a_link_is_opened_soon_or_not_at_all(logins, lasts, opened, opens):
    token = logins.invite(LEE, lasts, 0)
    assert (logins.exchange(token, opened) is not None) == opens


def test_a_login_ends_counted_from_the_making_of_its_link(logins):
    cookie, _ = logins.exchange(logins.invite(LEE, HOUR, 0), 600)
    assert logins.who(cookie, HOUR - 1) is not None
    assert logins.who(cookie, HOUR) is None


def test_a_login_can_be_ended_and_only_that_one(logins):
    first, _ = logins.exchange(logins.invite(LEE, HOUR, 0), 0)
    second, _ = logins.exchange(logins.invite(LEE, HOUR, 0), 0)
    assert logins.end(first, 1).person == LEE
    assert logins.who(first, 1) is None
    assert logins.who(second, 1) is not None
    assert logins.end(first, 1) is None


@pytest.mark.parametrize("wrong", ["", "x", "é", "\udc80", "0" * 100_000])
def test_what_was_never_given_opens_nothing(logins, wrong):
    logins.invite(LEE, HOUR, 0)
    assert logins.exchange(wrong, 0) is None
    assert logins.who(wrong, 0) is None


def test_a_token_is_no_cookie_and_a_cookie_no_token(logins):
    token = logins.invite(LEE, HOUR, 0)
    assert logins.who(token, 0) is None
    cookie, _ = logins.exchange(token, 0)
    assert logins.exchange(cookie, 0) is None


def test_secrets_are_long_and_are_not_kept(logins):
    token = logins.invite(LEE, HOUR, 0)
    cookie, _ = logins.exchange(token, 0)
    assert all(re.fullmatch(r"[\w-]{43}", secret, re.ASCII) for secret in (token, cookie))
    kept = repr(vars(logins))
    assert token not in kept
    assert cookie not in kept


def test_what_has_ended_is_forgotten(logins):
    for at in range(50):
        logins.invite(LEE, 1, at * 10)
    assert len(logins._links) == 1


@pytest.mark.parametrize(("text", "wanted"), [("8h", 480), ("30m", 30), ("24h", 1440)])
def test_how_long_in_words(text, wanted):
    assert issuing.minutes(text) == wanted


@pytest.mark.parametrize("text", ["", "8", "h", "-1h", "1.5h", "8 h", "٣h", "99999h", "8h30"])
def test_no_time(text):
    with pytest.raises(UsageError, match="8h"):
        issuing.minutes(text)


@pytest.mark.parametrize(("name", "minutes"), [
    ("", 5), ("  ", 5), ("a\nb", 5), ("\x1b[2J", 5), ("x" * 41, 5), ("AB", 0), ("AB", 24 * 60 + 1),
])  # fmt: skip
def test_no_link_for(name, minutes):
    with pytest.raises(UsageError):
        Wish(name, Role.NURSE, minutes)


async def test_links_are_given_to_this_user_only(private, monkeypatch):
    import asyncio

    at = issuing.path()
    server = await issuing.listen(at, lambda wish: f"link of {wish.person}")
    wish = Wish("AB", Role.OBSERVER, 5)
    assert at.stat().st_mode & 0o777 == 0o600
    assert await asyncio.to_thread(issuing.ask, at, wish) == "link of observer AB"
    monkeypatch.setattr(issuing, "peer_uid", lambda _: 12345)
    with pytest.raises(SourceError, match="gave no link"):
        await asyncio.to_thread(issuing.ask, at, wish)
    server.close()


NONSENSE = [
    b"",
    b"x\n",
    b'{"name":"AB"}\n',
    b'{"name":"AB","role":"king","minutes":5}\n',
    b'{"name":"AB","role":"nurse","minutes":99999999}\n',
    b'{"name":"\\u001b[2J","role":"nurse","minutes":5}\n',
    b"[" * 99_999,
]


@pytest.mark.parametrize("line", NONSENSE, ids=lambda line: repr(line[:30]))
async def test_nonsense_gets_no_link(private, line):
    import asyncio

    given = []
    server = await issuing.listen(issuing.path(), lambda wish: given.append(wish) or "link")
    reader, writer = await asyncio.open_unix_connection(issuing.path())
    writer.write(line)
    writer.write_eof()
    assert await reader.read() == b""
    assert not given
    writer.close()
    server.close()


async def test_without_a_server_there_is_no_link(private):
    with pytest.raises(SourceError, match="start it first"):
        issuing.ask(issuing.path(), Wish("AB", Role.NURSE, 5))
