import pytest

from bucketdrive.drive.settings import SETTINGS, Settings, load_settings, state_dir
from bucketdrive.errors import UsageError


@pytest.fixture(autouse=True)
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("BUCKETDRIVE_CONFIG_DIR", str(tmp_path))
    for row in SETTINGS:
        monkeypatch.delenv(row.variable, raising=False)
    return tmp_path


def test_without_anything_the_defaults_are_in_force():
    assert load_settings() == Settings()


def test_a_flag_beats_the_environment_beats_the_file_beats_the_default(config, monkeypatch):
    (config / "settings.toml").write_text("settle_s = 3\nabsence_s = 4.5\nmemory_mib = 64\n")
    monkeypatch.setenv("BUCKETDRIVE_ABSENCE_S", "5")
    monkeypatch.setenv("BUCKETDRIVE_MEMORY_MIB", "128")
    assert load_settings({"memory_mib": 512, "settle_s": None}) == Settings(settle_s=3.0, absence_s=5.0, memory_mib=512)


def test_an_empty_variable_counts_as_not_set(monkeypatch):
    monkeypatch.setenv("BUCKETDRIVE_SETTLE_S", "")
    assert load_settings().settle_s == 1.0


def test_an_unknown_key_is_an_error_that_names_file_and_line(config):
    (config / "settings.toml").write_text("# mine\nsettle_s = 2\nsetle_s = 3\n")
    with pytest.raises(UsageError, match=r"settings\.toml, line 3: there is no setting 'setle_s'"):
        load_settings()


@pytest.mark.parametrize(
    "line",
    [
        "settle_s = -1",
        "settle_s = nan",
        "settle_s = true",
        "max_requests_in_flight = 0",
        "memory_mib = 1.5",
        "memory_mib = [1]",
    ],
)
def test_a_value_that_makes_no_sense_is_refused(config, line):
    (config / "settings.toml").write_text(line)
    with pytest.raises(UsageError, match="cannot be") as caught:
        load_settings()
    assert "a number of at least" in caught.value.hint


def test_a_variable_that_makes_no_sense_is_refused_by_its_name(monkeypatch):
    monkeypatch.setenv("BUCKETDRIVE_MEMORY_MIB", "lots")
    with pytest.raises(UsageError, match="BUCKETDRIVE_MEMORY_MIB"):
        load_settings()


def test_a_file_that_is_not_toml_is_an_error_with_its_name(config):
    (config / "settings.toml").write_text("settle_s = ")
    with pytest.raises(UsageError, match=r"settings\.toml cannot be read"):
        load_settings()


def test_state_lies_in_the_named_folder_or_in_the_systems(monkeypatch, tmp_path):
    monkeypatch.setenv("BUCKETDRIVE_STATE_DIR", str(tmp_path / "state"))
    assert state_dir("r1") == tmp_path / "state" / "r1"
    monkeypatch.delenv("BUCKETDRIVE_STATE_DIR")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    assert state_dir("r1") == tmp_path / "xdg" / "bucketdrive" / "r1"
