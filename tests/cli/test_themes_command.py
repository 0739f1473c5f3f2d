"""`ketamon themes`: the list, and what is said of a file."""

import pytest

from ketamon.cli import configured, main
from ketamon.console.look.themes import THEMES
from ketamon.errors import UsageError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("KETAMON_HOME", str(tmp_path))
    (tmp_path / "themes").mkdir()
    return tmp_path / "themes"


def test_the_list_has_all_of_ours_and_the_users_own(folder, capsys):
    (folder / "ward.toml").write_text('spo2 = "#8FC7DD"')
    (folder / "odd.toml").write_text("spo2 = 1")
    assert main(["themes"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [*(theme.name for theme in THEMES), "odd", "ward"]
    assert "cannot be used" in lines[-2]
    assert lines[-1].endswith("ward.toml")


def test_a_good_theme_has_no_warning(folder, capsys):
    path = folder / "ward.toml"
    path.write_text('base = "light"')
    assert main(["themes", "check", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: can be used\n"


def test_what_is_hard_to_read_is_a_warning_and_no_error(folder, capsys):
    path = folder / "ward.toml"
    path.write_text('muted = "#333333"\nalarm-low = "#F0E442"')
    assert main(["themes", "check", str(path)]) == 0
    out = capsys.readouterr().out
    assert f"{path}: can be used; " in out
    assert "  warning: muted on background has a contrast of 1.5; it takes 4.5\n" in out
    assert "  warning: alarm-medium and alarm-low are alike for usual sight: a distance of 0; it takes 30\n" in out


def test_what_cannot_be_used_is_said_with_its_line(folder, capsys):
    path = folder / "ward.toml"
    path.write_text('\nspo2 = "blue"\nmuted = 3\n')
    assert main(["themes", "check", str(path)]) == 2
    err = capsys.readouterr().err
    assert f"{path}:2: spo2 is 'blue'; allowed is a colour as \"#RRGGBB\"\n{path}:3: muted is 3; " in err
    assert "1 of 1 cannot be used" in err
    assert main(["themes", "check", str(folder / "none.toml")]) == 2


def test_the_configuration_may_name_a_theme_of_ones_own(folder):
    (folder.parent / "config.toml").write_text('theme = "ward"')
    with pytest.raises(UsageError, match="theme is 'ward'"):
        configured.load()
    (folder / "ward.toml").write_text("")
    assert configured.load().theme == "ward"
