"""`ketamon attach`: the console of cores that run already."""

from ketamon.cli import configured, console, options, page
from ketamon.errors import SourceError, UsageError
from ketamon.local import answers, running_chairs, socket_path


def main(argv: list[str]) -> int:
    """Show the console of a chair, or of several."""
    parser = options.parser(
        "attach",
        "Show the chairs that run on this machine in one console: one in full, and of each a line; chairs that\n"
        "start later come by themselves. With --chair only those named. Any number of consoles may follow one core.",
        "  ketamon attach\n  ketamon attach --chair 2 --as AB\n"
        '  ketamon attach --chair 2 --chair 3 --as "Dr. Lee" --role physician',
    )
    parser.add_argument(
        "--chair", action="append", default=[], help="name of a chair, several times for several (all that run)"
    )
    options.add_staff(parser)
    only_me = "nobody else can act or sign in at this screen; an observer's only shows"
    parser.add_argument("--only-me", action="store_true", help=only_me)
    options.add_sound(parser, live=True)
    args = parser.parse_args(argv)
    config = configured.or_usual()
    for chair in args.chair:
        if not answers(socket_path(chair)):
            raise SourceError(f"chair {chair} has no running core; start one with “ketamon run --chair {chair}”")
    first = (args.chair or running())[0]
    chairs = None if len(args.chair) == 1 else args.chair
    if page.on_page():
        page.end_with_server()
    staff = options.staff(args, config.person)
    sound = config.sounds(args.sound)
    return console.show(socket_path(first), staff, config, sound, bound=args.only_me, chairs=chairs)


def running() -> list[str]:
    """Return the chairs whose core runs. Raises `SourceError` where none does."""
    chairs = running_chairs()
    if not chairs:
        raise SourceError("no core runs on this machine; start one with “ketamon run”")
    return chairs


def only_chair() -> str:
    """Return the one chair whose core runs. Raises as `running`, and `UsageError` where several do."""
    chairs = running()
    if len(chairs) > 1:
        raise UsageError(f"several chairs run ({', '.join(chairs)}); choose one with --chair")
    return chairs[0]
