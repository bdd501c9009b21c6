"""The settings, in one table, and where things lie on this machine. Reads the environment and `settings.toml`.

A flag beats the environment, that beats the file, that beats the default. Which drives there are is `drive.records`.
"""

import math
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from bucketdrive.errors import UsageError

APP = "bucketdrive"
SETTINGS_FILE = "settings.toml"


@dataclass(frozen=True, slots=True)
class Setting:
    """A row of the table. `unit` is empty where the value has none; a number is at least `minimum`."""

    name: str
    default: float | int | str
    unit: str
    minimum: float
    help: str

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"BUCKETDRIVE_{self.name.upper()}"


def _row(default: Any, explanation: str, *, unit: str = "", minimum: float = 0) -> Any:
    return field(default=default, metadata={"unit": unit, "minimum": minimum, "help": explanation})


@dataclass(frozen=True, slots=True)
class Settings:
    """The values in force. The fields are the table: `SETTINGS` is made of them."""

    settle_s: float = _row(1.0, "A file younger than this is looked at twice before it is sent.", unit="seconds")
    absence_s: float = _row(2.0, "How long a file must be gone before it counts as deleted.", unit="seconds")
    max_requests_in_flight: int = _row(64, "How many requests to the bucket run at once.", minimum=1)
    listen_s: float = _row(1.0, "How often a daemon asks the bucket for news.", unit="seconds", minimum=0.1)
    requests_per_day: int = _row(
        90_000, "How many requests an idle drive may make: what listening leaves goes into looks at everything."
    )
    bandwidth_up: int = _row(0, "How much of file contents is sent, on average. 0: no limit.", unit="KiB a second")
    bandwidth_down: int = _row(0, "How much of file contents is fetched, on average. 0: no limit.", unit="KiB a second")
    memory_mib: int = _row(256, "How much memory file contents on their way may take.", unit="MiB", minimum=16)
    reserve_mib: int = _row(1024, "How much of the disk downloads leave free.", unit="MiB")
    api_port: int = _row(0, "A port of 127.0.0.1 for the daemon's API, with a token. 0: its unix socket alone.")
    state_dir: str = _row("", "Where each drive's state lies. Empty: the user's state folder of the system.")


SETTINGS = tuple(Setting(row.name, getattr(Settings(), row.name), **row.metadata) for row in fields(Settings))
"""Every setting, in the order of the documentation."""


def load_settings(flags: Mapping[str, Any] | None = None) -> Settings:
    """The settings in force. `flags` are those given on the command line, by name; None and absent ones do not count.

    Raises:
        UsageError: a value is not one its setting can have, or the file has a key that is no setting.
    """
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    found = _from_file() | _from_environment()
    return Settings(**(found | given))


def config_dir() -> Path:
    """The folder of `settings.toml` and `drives.toml`: `BUCKETDRIVE_CONFIG_DIR`, else the system's for this user."""
    override = os.environ.get("BUCKETDRIVE_CONFIG_DIR")  # noqa: TID251  this module reads the environment
    return Path(override) if override else _system_folder("user_config_path")


def state_dir(root_id: str) -> Path:
    """The folder of the state of the drive with this root id. It may not be there yet.

    Raises:
        UsageError: as `load_settings`.
    """
    override = load_settings().state_dir
    return (Path(override) if override else _system_folder("user_state_path")) / root_id


def log_path() -> Path:
    """Where a daemon in the background writes what it does.

    Raises:
        UsageError: as `load_settings`.
    """
    return state_dir("daemon") / "daemon.log"


def runtime_dir() -> Path:
    """The folder of the daemon's socket: this user's of the system, gone with the session; else beside the states.

    Whoever chose a state folder of their own has a daemon of their own as well.

    Raises:
        UsageError: as `load_settings`.
    """
    system = Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.geteuid()}")  # noqa: TID251  as above
    return state_dir("daemon") if load_settings().state_dir or not system.is_dir() else system / APP


@dataclass(frozen=True, slots=True)
class ServiceManager:
    """How systemd wants to hear from this process: the socket, and how often; empty and 0 where it does not."""

    socket: str
    watchdog_s: float
    watchdog_pid: int


def service_manager() -> ServiceManager:
    """What the environment says of the service manager."""
    names = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
    address, period, pid = (os.environ.get(name, "") for name in names)  # noqa: TID251  as above
    return ServiceManager(address, int(period) / 1e6 if period.isdigit() else 0.0, int(pid) if pid.isdigit() else 0)


def own_variables() -> dict[str, str]:
    """What of the environment speaks to this program alone, by name: a service must be given it too."""
    return {name: value for name, value in sorted(os.environ.items()) if name.startswith("BUCKETDRIVE_")}  # noqa: TID251


def user_units_dir() -> Path:
    """Where systemd looks for this user's units."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd" / "user"  # noqa: TID251


def _system_folder(kind: str) -> Path:
    """Where the system keeps such things for this user, and for us."""
    import platformdirs  # noqa: PLC0415  10 ms, and not needed where a variable names the folder

    folder: Path = getattr(platformdirs, kind)(APP, appauthor=False)
    return folder


def host_name() -> str:
    """This machine's name without its domain: the device name `link` proposes."""
    return os.uname().nodename.partition(".")[0]


def _from_environment() -> dict[str, Any]:
    values = {row: os.environ.get(row.variable) for row in SETTINGS}  # noqa: TID251  this module reads the environment
    return {row.name: _understood(row, text, row.variable) for row, text in values.items() if text}


def _from_file() -> dict[str, Any]:
    path = config_dir() / SETTINGS_FILE
    try:
        text = path.read_text()
        found = tomllib.loads(text)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}. Nothing was done.", hint="Correct the file.") from error
    known = {row.name: row for row in SETTINGS}
    for name in found:
        if name not in known:
            raise UsageError(
                f"{path}, line {_line_of(name, text)}: there is no setting {name!r}. Nothing was done.",
                hint=f"The settings are {', '.join(known)}.",
            )
    return {name: _understood(known[name], value, str(path)) for name, value in found.items()}


def _line_of(name: str, text: str) -> int:
    """The line of a TOML text that sets `name` or opens it as a table."""
    starts = re.compile(rf"\s*\[*\s*[\"']?{re.escape(name)}\b")
    return next((number for number, line in enumerate(text.splitlines(), 1) if starts.match(line)), 1)


def _understood(row: Setting, value: object, where: str) -> float | int | str:
    """`value` as its setting wants it; text from the environment is turned into a number.

    Raises:
        UsageError: it cannot have this value.
    """
    if isinstance(row.default, str) and isinstance(value, str):
        return value
    number = _number(value, type(row.default))
    if number is not None and number >= row.minimum:
        return number
    wanted = "text" if isinstance(row.default, str) else f"a number of at least {row.minimum:g}"
    raise UsageError(
        f"{where}: {row.name} cannot be {value!r}. Nothing was done.",
        hint=f"It is {wanted}{f', in {row.unit}' if row.unit else ''}.",
    )


def _number(value: object, kind: type) -> float | int | None:
    """`value` as a finite number of that kind; None where it is none."""
    try:
        if kind is int:
            return int(value) if isinstance(value, str | int) and not isinstance(value, bool) else None
        number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
    except ValueError:
        return None
    return number if kind is float and math.isfinite(number) else None
