"""A systemd user unit for the daemon: written, looked at, removed. Where systemd is not there, it says what to do."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bucketdrive.drive.settings import own_variables, user_units_dir
from bucketdrive.errors import DriveError

UNIT = "bucketdrive.service"


@dataclass(frozen=True, slots=True)
class ServiceReport:
    """How the unit is: where it stands, whether it is written, and what systemd says; `to_do`: what is left to you."""

    unit: str
    is_installed: bool
    enabled: str = ""
    active: str = ""
    to_do: str = ""

    def to_json(self) -> dict[str, Any]:
        """The document of `service --json`."""
        return asdict(self)


def render_unit(python: str, variables: Mapping[str, str]) -> str:
    """The unit's text: `python` runs the daemon, with the environment `variables`."""
    environment = "".join(f"Environment={_quoted(f'{name}={value}')}\n" for name, value in variables.items())
    return f"""\
# Written by `bucketdrive service install`.
[Unit]
Description=BucketDrive keeps folders and buckets in sync
StartLimitIntervalSec=300
StartLimitBurst=10

[Service]
Type=notify
ExecStart={_quoted(python)} -m bucketdrive start --foreground
{environment}Restart=on-failure
RestartSec=5
RestartPreventExitStatus=2 3
WatchdogSec=60
TimeoutStopSec=30
NoNewPrivileges=yes

[Install]
WantedBy=default.target
"""


def _quoted(text: str) -> str:
    """A word of a unit's line (man systemd.syntax): `%` and `$` mean something there."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'


def own_unit() -> str:
    """The unit for this interpreter and the settings of this environment."""
    return render_unit(sys.executable, own_variables())


def unit_path() -> Path:
    """Where the unit stands."""
    return user_units_dir() / UNIT


def install() -> ServiceReport:
    """Write the unit, and start it now and with each session.

    Raises:
        DriveError: it cannot be written, or systemd refuses it.
    """
    path = unit_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(own_unit())
    except OSError as error:
        raise DriveError(f"{path} cannot be written: {error.strerror}. Nothing was installed.") from error
    if not _is_there():
        return ServiceReport(str(path), is_installed=True, to_do=_TO_DO)
    for arguments in (("daemon-reload",), ("enable", "--now", UNIT)):
        done = _systemctl(*arguments)
        if done.returncode:
            raise DriveError(
                f"systemctl --user {' '.join(arguments)} failed: {done.stderr.strip()} The unit {path} is written.",
                hint="journalctl --user -u bucketdrive",
            )
    return look()


def look() -> ServiceReport:
    """How it is."""
    path = unit_path()
    if not _is_there():
        return ServiceReport(str(path), path.exists(), to_do=_TO_DO if path.exists() else "")
    enabled, active = (_systemctl(verb, UNIT).stdout.strip() for verb in ("is-enabled", "is-active"))
    to_do = "To keep it running after you log out: loginctl enable-linger" if path.exists() else ""
    return ServiceReport(str(path), path.exists(), enabled, active, to_do)


def uninstall() -> ServiceReport:
    """Stop it, and remove the unit. Drives and files stay as they are."""
    path = unit_path()
    if _is_there() and path.exists():
        _systemctl("disable", "--now", UNIT)
    path.unlink(missing_ok=True)
    if _is_there():
        _systemctl("daemon-reload")
    return ServiceReport(str(path), is_installed=False)


_TO_DO = (
    "systemd does not run for this user here. Where it does: systemctl --user daemon-reload, then systemctl --user "
    "enable --now bucketdrive. Elsewhere, let your session run: bucketdrive start"
)


def _is_there() -> bool:
    """Whether this user has a systemd that answers."""
    if shutil.which("systemctl") is None:
        return False
    return _systemctl("show-environment").returncode == 0


def _systemctl(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [shutil.which("systemctl") or os.devnull, "--user", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own words
