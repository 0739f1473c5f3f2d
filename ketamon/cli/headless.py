"""Runs a core in this process, without a screen: progress in lines, then the summary."""

import sys

from ketamon.chair.core import Core
from ketamon.cli import summary
from ketamon.codec import encode_json
from ketamon.domain.events import Event
from ketamon.plain import plain


async def run(core: Core, *, json: bool) -> None:
    """Run to the end. With `json`, events and the summary go out as lines of JSON."""
    state, profile = core.engine.state, core.engine.profile

    def tell(event: Event) -> None:
        line = summary.progress(event, state, profile)
        if line and json:
            out = {"type": event.body.TYPE, "seq": event.seq, "t": event.at.seconds, "body": event.body}
            sys.stdout.buffer.write(encode_json(out) + b"\n")
        elif line:
            print(line)

    core.listeners.append(tell)
    await core.run(None)
    if json:
        sys.stdout.buffer.write(encode_json(summary.fields(state)) + b"\n")
        sys.stdout.buffer.flush()
    else:
        print("\n".join(["", *map(plain, summary.lines(state, profile))]))
