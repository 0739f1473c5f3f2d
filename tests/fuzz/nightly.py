"""Fuzzes one target with atheris, which looks for inputs that reach new code (`pip install ketamon[fuzz]`).

    python tests/fuzz/nightly.py                              the names of the targets
    python tests/fuzz/nightly.py store -max_total_time=600    ten minutes of one; any option of libFuzzer
    python tests/fuzz/nightly.py each -max_total_time=60      all of them, one after the other

What it finds it writes to `crash-…` or `timeout-…` in this folder's `found/<target>`; give that file in place of an
option to run it alone. The inputs that reach something stay in `corpus/<target>` for the next night.
"""

import subprocess
import sys
from pathlib import Path

import atheris

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

with atheris.instrument_imports(include=["ketamon", "ketamon_drivers"]):
    from fuzz.targets import TARGETS

LIMITS = ["-timeout=20", "-rss_limit_mb=2048", "-max_len=65536"]


def fuzz(name: str, options: list[str]) -> None:
    """Fuzz one target in this process; does not come back."""
    target = TARGETS[name]
    place = name.replace(":", "-")
    corpus, found = HERE / "corpus" / place, HERE / "found" / place
    corpus.mkdir(parents=True, exist_ok=True)
    found.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    alone = [option for option in options if not option.startswith("-")]
    folders = [] if alone else [str(corpus)]
    atheris.Setup([sys.argv[0], *LIMITS, f"-artifact_prefix={found}/", *options, *folders], target.run)
    atheris.Fuzz()


def each(options: list[str]) -> int:
    """Fuzz all targets, each in a process of its own; return how many failed."""
    command = [sys.executable, __file__]
    failed = [name for name in TARGETS if subprocess.run([*command, name, *options], check=False).returncode]
    sys.stdout.write(f"failed: {', '.join(failed) or 'none'}\n")
    return len(failed)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["each", *options]:
            sys.exit(each(options))
        case [name, *options] if name in TARGETS:
            fuzz(name, options)
        case _:
            sys.stdout.write("\n".join(TARGETS) + "\n")
