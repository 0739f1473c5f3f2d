"""What holds the house together and imports alone cannot say."""

import ast
import subprocess
import sys
from pathlib import Path

from rows import each_row

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*(ROOT / "ketamon").rglob("*.py"), *(ROOT / "drivers").rglob("*.py")])
CLOCKS = {("time", "time"), ("time", "time_ns"), ("datetime", "now"), ("datetime", "today"), ("datetime", "utcnow")}


def room(path: Path) -> str:
    return path.relative_to(ROOT).parts[1]


def calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]


@each_row("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_one_file(path):
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"line {node.lineno}: a bare except hides everything"
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            assert not [n for n in names if n.split(".")[0] == "drivers"], "an editable install would load it twice"
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Attribute(value=ast.Name(id=module), attr=name) if (module, name) in CLOCKS:
                assert room(path) == "port", f"line {node.lineno}: clocks are injected; only port asks the system"
            case ast.Name(id="print"):
                assert room(path) == "cli", f"line {node.lineno}: only the command line prints"


def test_modules_stay_small():
    long = {str(p.relative_to(ROOT)): n for p in SOURCES if (n := len(p.read_text("utf-8").splitlines())) > 450}
    assert not long, "is there a second thing in them?"


LOADS = [
    ("import ketamon.chair.launch, ketamon.rules.gate", {"textual", "rich", "ketamon.console", "pint", "serial"}),
    ("import ketamon.cli.front", {"sqlite3", "serial", "ketamon.port", "ketamon.chair", "ketamon.console.view.chair"}),
    ("import ketamon.console.app", {"sqlite3", "serial", "ketamon.port", "ketamon.store", "ketamon.chair", "numpy"}),
    ("from ketamon.cli import main; main(['--version'])", {"textual", "msgspec", "argparse", "pint", "sqlite3"}),
    ("from ketamon.cli import main; main(['--help'])", {"textual", "msgspec", "pint", "sqlite3"}),
    ("from ketamon.cli import main; main(['drivers'])", {"textual", "pint", "sqlite3", "serial"}),
]  # fmt: skip


@each_row(("code", "unwanted"), LOADS, ids=[code for code, _ in LOADS])
def test_what_is_loaded(code, unwanted):
    """The import contracts cannot tell a deferred import from one at the top; a process can."""
    ask = f"{code}\nimport sys\nprint('LOADED', *sys.modules)"
    said = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout
    loaded = set(said.rsplit("LOADED", 1)[1].split())
    assert not loaded & unwanted
