"""The pages: what stands in them is escaped, and everything they need comes from this server."""

import html
from collections.abc import Iterable
from pathlib import Path
from string import Template

from ketamon.domain.people import Person

_FOLDER = Path(__file__).with_name("page")


def console(chair: str, person: Person) -> str:
    """Return the page with the terminal of a chair."""
    return _filled("console.html", chair=chair, person=str(person))


def chairs(names: Iterable[str], person: Person) -> str:
    """Return the page with a link for each chair that runs."""
    links = "".join(f'<li><a href="/chair/{html.escape(name)}">chair {html.escape(name)}</a></li>' for name in names)
    return _plain(
        "Chairs",
        f"<ul>{links}</ul>" if links else "<p>No chair runs on this machine. <a href='/'>Look again</a></p>",
        f"<p>You are {html.escape(str(person))}.</p>",
        '<form method="post" action="/logout"><button>Log out</button></form>',
    )


def said(title: str, text: str) -> str:
    """Return a page that says something in words, with the way to a link."""
    way = "A link comes from the machine where ketamon runs: ketamon serve token --as NAME --role ROLE --for 8h"
    return _plain(title, f"<p>{html.escape(text)}</p>", f"<p>{way}</p>")


def entering() -> str:
    """Return the page that follows a link at once: it goes on by itself, without the token.

    A redirect would not do: a browser that comes from another site's link sends a strict cookie only from here on.
    """
    return _plain("Logged in", '<p><a href="/">Go on</a></p>', head='<meta http-equiv="refresh" content="0; url=/">')


def _plain(title: str, *parts: str, head: str = "") -> str:
    return _filled("plain.html", _raw={"parts": "\n".join(parts), "head": head}, title=title)


def _filled(name: str, _raw: dict[str, str] | None = None, **texts: str) -> str:
    page = Template((_FOLDER / name).read_text("utf-8"))
    return page.substitute({key: html.escape(text) for key, text in texts.items()} | (_raw or {}))
