import configparser
import os
import sys
from pathlib import Path

import pytest

from bucketdrive.daemon import service


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A user without systemd, whose units would stand below here."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in [name for name in os.environ if name.startswith("BUCKETDRIVE_")]:  # noqa: TID251  a clean slate
        monkeypatch.delenv(name)
    return tmp_path


def read(text):
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read_string(text)
    return {section: dict(parser[section]) for section in parser.sections()}


def test_the_unit_restarts_what_fails_and_watches_that_it_runs():
    unit = read(service.render_unit("/opt/a b/python", {}))
    assert unit["Service"] == {
        "Type": "notify",
        "ExecStart": '"/opt/a b/python" -m bucketdrive start --foreground',
        "Restart": "on-failure",
        "RestartSec": "5",
        "RestartPreventExitStatus": "2 3",
        "WatchdogSec": "60",
        "TimeoutStopSec": "30",
        "NoNewPrivileges": "yes",
    }
    assert unit["Install"] == {"WantedBy": "default.target"}


def test_settings_go_into_the_unit_with_what_means_something_there_escaped():
    text = service.render_unit("/python", {"BUCKETDRIVE_STATE_DIR": '/100%/$x "y" \\'})
    assert 'Environment="BUCKETDRIVE_STATE_DIR=/100%%/$$x \\"y\\" \\\\"' in text.splitlines()


def test_without_systemd_the_unit_is_written_and_what_to_do_is_said(home, monkeypatch):
    monkeypatch.setenv("BUCKETDRIVE_SETTLE_S", "2")
    report = service.install()
    path = home / "systemd" / "user" / "bucketdrive.service"
    assert (report.unit, report.is_installed, report.active) == (str(path), True, "")
    assert "systemctl --user enable --now bucketdrive" in report.to_do
    assert path.read_text() == service.render_unit(sys.executable, {"BUCKETDRIVE_SETTLE_S": "2"})
    assert service.look() == report
    assert service.uninstall().is_installed is False
    assert not path.exists()
    assert service.look().to_do == ""


def test_with_systemd_it_is_enabled_and_asked(home):
    calls = home / "calls"
    systemctl = home / "bin" / "systemctl"
    systemctl.parent.mkdir()
    systemctl.write_text(f'#!/bin/sh\necho "$*" >>{calls}\n[ "$2" = is-active ] && echo active || echo enabled\n')
    systemctl.chmod(0o755)
    report = service.install()
    assert (report.enabled, report.active) == ("enabled", "active")
    assert "linger" in report.to_do
    service.uninstall()
    told = [line for line in calls.read_text().splitlines() if "show-environment" not in line]
    assert told == [
        "--user daemon-reload",
        "--user enable --now bucketdrive.service",
        "--user is-enabled bucketdrive.service",
        "--user is-active bucketdrive.service",
        "--user disable --now bucketdrive.service",
        "--user daemon-reload",
    ]
    assert not Path(report.unit).exists()
