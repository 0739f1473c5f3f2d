"""A bug tells where it is, and never what it was handling."""

import os
import resource
import subprocess
import sys

import pytest
from console.pilot import console
from security.test_foreign_text import hostile

from ketamon.crash import report

BROKEN = """
import sys
import ketamon.cli
from ketamon.__main__ import run
def broken(args):
    patient = "Wilhelmina"
    raise KeyError(patient + sys.argv[0])
ketamon.cli._run = broken
run()
"""


def test_a_bug_names_no_patient_and_leaves_no_memory_image(tmp_path):
    done = subprocess.run([sys.executable, "-c", BROKEN], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert "in broken" in done.stderr
    assert "KeyError" in done.stderr
    assert "Wilhelmina" not in done.stderr
    limits = "import resource as r; from ketamon.crash import *; keep_quiet(); print(r.getrlimit(r.RLIMIT_CORE))"
    told = subprocess.run([sys.executable, "-c", limits], capture_output=True, text=True, env=os.environ, check=True)
    assert told.stdout.strip() == "(1, 1)"
    assert resource.getrlimit(resource.RLIMIT_CORE) is not None


def test_causes_are_told_without_what_they_said():
    try:
        try:
            int("J. D.")
        except ValueError as error:
            raise RuntimeError("1984-82") from error
    except RuntimeError as error:
        text = report(error)
    assert "which led to" in text
    assert "J. D." not in text
    assert "1984-82" not in text


async def test_a_bug_of_the_console_shows_no_variables():
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 (the console leaves by it)
        async with console(hostile()) as desk:
            app = desk.app
            app._handle_exception(ZeroDivisionError("Wilhelmina"))
    shown = "".join(segment.text for each in app._exit_renderables for segment in each.segments)
    assert "Wilhelmina" not in shown
    assert "locals" not in shown
