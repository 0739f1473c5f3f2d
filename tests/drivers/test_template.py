"""The package that `ketamon drivers new` writes is a driver that keeps the contract."""

import subprocess
import sys

import pytest

from ketamon.errors import SourceError, UsageError
from ketamon.testing import template


def test_a_new_package_passes_the_contract(tmp_path):
    written = template.write("acme-200", tmp_path)
    root = tmp_path / "ketamon-acme-200"
    assert {str(path.relative_to(root)) for path in written} == {
        "README.md", "pyproject.toml", "ketamon_acme_200/__init__.py", "tests/test_acme_200.py",
    }  # fmt: skip
    left = [line for path in written for line in path.read_text("utf-8").splitlines() if "ACME" in line]
    assert left == []
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--driver-inputs=500",
         f"--rootdir={root}", "."],
        cwd=root, env={"PYTHONPATH": str(root), "PATH": ""}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert "passed" in run.stdout


@pytest.mark.parametrize("name", ["Acme", "acme 200", "../acme", "", "-a", "2acme", "ac--me"])
def test_a_name_that_cannot_be_one(name, tmp_path):
    with pytest.raises(UsageError, match="cannot be a driver's name"):
        template.write(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(tmp_path):
    (tmp_path / "ketamon-acme").mkdir()
    with pytest.raises(SourceError, match="File exists"):
        template.write("acme", tmp_path)
