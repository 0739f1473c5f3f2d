"""`ketamon attach`: the console of a core that runs already."""

from ketamon.cli import configured, console, options, page
from ketamon.errors import SourceError, UsageError
from ketamon.local import answers, running_chairs, socket_path


def main(argv: list[str]) -> int:
    """Show the console of a chair."""
    parser = options.parser(
        "attach",
        "Show the console of a core that runs on this machine; any number of consoles may follow one core.",
        '  ketamon attach --chair 2 --as AB\n  ketamon attach --chair 2 --as "Dr. Lee" --role physician',
    )
    parser.add_argument("--chair", default=None, help="name of the chair (the only one that runs)")
    options.add_staff(parser)
    only_me = "nobody else can act or sign in at this screen; an observer's only shows"
    parser.add_argument("--only-me", action="store_true", help=only_me)
    options.add_sound(parser, live=True)
    args = parser.parse_args(argv)
    config = configured.or_usual()
    chair = args.chair or only_chair()
    path = socket_path(chair)
    if not answers(path):
        raise SourceError(f"chair {chair} has no running core; start one with “ketamon run --chair {chair}”")
    if page.on_page():
        page.end_with_server()
    staff = options.staff(args, config.person)
    return console.show(path, staff, config, config.sounds(args.sound), bound=args.only_me)


def only_chair() -> str:
    """Return the one chair whose core runs. Raises `SourceError` where none does, `UsageError` where several do."""
    chairs = running_chairs()
    if not chairs:
        raise SourceError("no core runs on this machine; start one with “ketamon run”")
    if len(chairs) > 1:
        raise UsageError(f"several chairs run ({', '.join(chairs)}); choose one with --chair")
    return chairs[0]
