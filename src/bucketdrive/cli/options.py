"""The arguments and options that commands share, and the ends of their help texts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

_Function = TypeVar("_Function", bound=Callable[..., Any])

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
dry_run = click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
yes = click.option(
    "-y", "--yes", "is_sure", is_flag=True, envvar="BUCKETDRIVE_YES", help="Do not ask. Also by BUCKETDRIVE_YES=1."
)
as_of = click.option(
    "--as-of",
    metavar="TIME",
    default="",
    help="As it was then: an age (90s, 15m, 2h, 3d, 1w) or ISO 8601; a date alone means the end of that day, a time "
    "without a zone is this machine's.",
)

deleted_since = click.option(
    "--since",
    metavar="TIME",
    default="",
    help="Deleted since then: an age (2h, 3d) or ISO 8601; a date is its beginning.",
)
deleted_until = click.option("--until", metavar="TIME", default="", help="Deleted until then; a date is its end.")
deleted_by = click.option("--by", metavar="DEVICE", default="", help="Deleted by this device, as the trash shows it.")


def folder_argument(function: _Function) -> _Function:
    """FOLDER, which may be left out inside a drive."""
    return click.argument("folder", required=False, type=click.Path(path_type=Path))(function)


def folder_option(function: _Function) -> _Function:
    """-C FOLDER, for commands whose argument is a file."""
    option = click.option(
        "-C",
        "folder",
        metavar="FOLDER",
        type=click.Path(path_type=Path),
        help="A folder of the drive, instead of here.",
    )
    return option(function)


_MEANINGS = {
    0: "done",
    1: "error",
    2: "usage",
    3: "not found",
    4: "done, but something needs you",
    5: "temporary, try again",
    7: "stopped to protect data",
    75: "no daemon running",
    130: "stopped by Ctrl-C",
}


def epilog(*examples: str, codes: tuple[int, ...] = (0, 1, 2, 3)) -> str:
    """The end of a command's help: examples, and the exit codes it can have."""
    lines = "\n".join(f"  {example}" for example in examples)
    meanings = " · ".join(f"{code} {_MEANINGS[code]}" for code in codes)
    return f"\b\nExamples:\n{lines}\n\nExit codes: {meanings}"
