"""Where sample streams are found."""

import pytest

from ketamon import samples
from ketamon.errors import SourceError


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package folder inside a checkout folder, both without sample streams."""
    folder = tmp_path / "ketamon"
    folder.mkdir()
    monkeypatch.setattr(samples, "_PACKAGE", folder)
    return folder


def put(folder, *names):
    folder.mkdir()
    for name in names:
        (folder / f"{name}.kstream").touch()
    (folder / "README.md").touch()


def test_a_checkout_keeps_them_beside_the_package(package):
    put(package.parent / "sample_streams", "two", "one")
    assert samples.names() == ["one", "two"]
    assert samples.path("two") == package.parent / "sample_streams" / "two.kstream"


def test_an_installed_package_brings_its_own(package):
    put(package.parent / "sample_streams", "checkout")
    put(package / "sample_streams", "packaged")
    assert samples.names() == ["packaged"]


@pytest.mark.parametrize("name", ["three", "", "../one", "README"])
def test_an_unknown_name_is_answered_with_the_names_there_are(package, name):
    put(package.parent / "sample_streams", "two", "one")
    with pytest.raises(SourceError, match="there are: one, two"):
        samples.path(name)


def test_without_any_it_says_so(package):
    assert package.is_dir()
    with pytest.raises(SourceError, match="there are: none"):
        samples.path("one")
