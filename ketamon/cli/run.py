"""`ketamon run`: a session at a chair, core and console in one step."""

import sys

from ketamon.cli import configured, console, offer, options
from ketamon.local import answers, refuse_running, socket_path
from ketamon.store.keys import KEYS


def main(argv: list[str]) -> int:
    """Start the core of a chair and show its console; leaving the console leaves the core running."""
    parser = options.parser(
        "run",
        "Run a session at a chair. The core reads the devices and keeps the record in a process of its own: leaving\n"
        "or losing the console loses nothing, and “ketamon attach” shows it again.",
        "  ketamon run --chair 2 --monitor ge-dri:/dev/ttyUSB0 --pump alaris-gh:/dev/ttyUSB1 --as AB\n"
        "  ketamon run --chair 2 --resume\n\n"
        "Where the chair has a session that did not end, it is offered first. What is not given is taken from the\n"
        "configuration; “ketamon config” says what is in it.",
    )
    parser.add_argument("--chair", default=None, help="name of the chair (1, or the configured one)")
    options.add_devices(parser)
    options.add_profile(parser)
    options.add_staff(parser)
    options.add_sound(parser, live=True)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--resume", action="store_true", help="go on with this chair's session that did not end")
    what.add_argument("--new", action="store_true", help="begin another one without asking, whatever did not end")
    args = parser.parse_args(argv)
    options.devices(args)  # a wrong name is told here, before a core is started
    config = configured.or_usual() if args.resume else configured.load()  # a session is gone on with whatever is in it
    seat = config.seat(args.chair)
    path = socket_path(seat.name)
    refuse_running(seat.name)
    resume = args.resume or (not args.new and offer.accepted(seat.name))
    if not (resume or args.monitor or args.pump):
        args.monitor, args.pump = seat.monitor, seat.pump
    args.profile = args.profile or configured.profile_of(seat)
    given = ["--chair", seat.name]
    given += [part for text in args.monitor for part in ("--monitor", text)]
    given += [part for text in args.pump for part in ("--pump", text)]
    given += ["--profile", str(args.profile.resolve())] if args.profile else []
    given += ["--resume"] if resume else []
    console.start(given, path, own_session=True, passphrase=KEYS.passphrase())
    if not sys.stdout.isatty():
        print(f"the core of chair {seat.name} runs; “ketamon attach --chair {seat.name}” shows it")
        return 0
    code = console.show(path, options.staff(args, config.person), config, config.sounds(args.sound))
    if answers(path):
        print(f"chair {seat.name} goes on without a screen; “ketamon attach --chair {seat.name}” shows it again")
    return code
