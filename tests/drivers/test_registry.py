"""Finding drivers: by real metadata on a real path, as installed plug-ins are found."""

import subprocess
import sys

import pytest

from ketamon import registry
from ketamon.driver import DriverSpec
from ketamon.errors import UsageError

BUILT_IN = {"alaris-gh", "ge-dri", "masimo-ascii1"}
GOOD = "from dataclasses import replace\nfrom ketamon_drivers.ge_dri import SPEC as GE\nSPEC = replace(GE, id={id!r})\n"


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a distribution with one driver, as a wheel would."""
    monkeypatch.syspath_prepend(tmp_path)

    def put(distribution, name, source):
        module = distribution.replace("-", "_") + "_module"
        (tmp_path / f"{module}.py").write_text(source, encoding="utf-8")
        info = tmp_path / f"{distribution.replace('-', '_')}-1.5.dist-info"
        info.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.5\n"
        (info / "METADATA").write_text(metadata, encoding="utf-8")
        points = f"[ketamon.drivers]\n{name} = {module}:SPEC\n"
        (info / "entry_points.txt").write_text(points, encoding="utf-8")
        monkeypatch.delitem(sys.modules, module, raising=False)

    return put


def row(name):
    (found,) = [r for r in registry.rows() if r.id == name]
    return found


def test_built_in_drivers_use_the_same_door():
    assert set(registry.names()) >= BUILT_IN
    for name in BUILT_IN:
        assert registry.load(name).id == name
        assert registry.load(f"ketamon:{name}") is registry.load(name)
        assert row(name).available
        assert (row(name).distribution, row(name).reason) == ("ketamon", "")


def test_names_come_from_metadata_alone():
    program = (
        "import sys; from ketamon import registry; print(*registry.names());"
        "assert not [m for m in sys.modules if m.startswith('ketamon_drivers')]"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert set(done.stdout.split()) >= BUILT_IN


def test_a_strangers_driver_is_found(install):
    install("stranger", "new-monitor", GOOD.format(id="new-monitor"))
    assert registry.load("new-monitor").id == "new-monitor"
    assert (row("new-monitor").distribution, row("new-monitor").version) == ("stranger", "1.5")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise RuntimeError('no licence')", "RuntimeError: no licence"),
        ("import a_module_that_is_not_there", "ModuleNotFoundError"),
        ("def broken(:", "SyntaxError"),
        ("raise SystemExit(3)", "SystemExit"),
        ("OTHER = 1", "AttributeError"),
        ("SPEC = 'a string'", "is no DriverSpec"),
        (GOOD.format(id="ge-dri"), 'it calls itself "ge-dri"'),
    ],
)
def test_a_driver_that_cannot_be_used_is_a_row_with_its_reason(install, source, reason):
    install("stranger", "broken", source)
    assert not row("broken").available
    assert reason in row("broken").reason
    assert {r.id for r in registry.rows() if r.available} >= BUILT_IN
    with pytest.raises(UsageError, match="of stranger cannot be used"):
        registry.load("broken")


def test_one_name_from_two_distributions_is_refused_until_one_is_named(install):
    install("stranger", "ge-dri", GOOD.format(id="ge-dri"))
    with pytest.raises(UsageError, match="ketamon:ge-dri or stranger:ge-dri"):
        registry.load("ge-dri")
    assert registry.load("stranger:ge-dri") is not registry.load("ketamon:ge-dri")
    assert {"ketamon:ge-dri", "stranger:ge-dri"} <= set(registry.names())
    assert "several distributions" in row("stranger:ge-dri").reason


@pytest.mark.parametrize(
    ("name", "advice"),
    [("masimo", "did you mean masimo-ascii1"), ("GE", "did you mean ge-dri"), ("alaris-hg", "did you mean alaris-gh")],
)
def test_a_wrong_name_is_answered_with_near_ones(name, advice):
    with pytest.raises(UsageError, match=advice):
        registry.load(name)


@pytest.mark.parametrize("name", ["", "zzzz", "ketamon:", ":ge-dri", "stranger:ge-dri"])
def test_a_name_like_none_is_still_one_clear_error(name):
    with pytest.raises(UsageError, match="there is no driver"):
        registry.load(name)


def test_what_is_loaded_is_a_spec():
    assert all(isinstance(r.spec, DriverSpec) for r in registry.rows() if r.available)
