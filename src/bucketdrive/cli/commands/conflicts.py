"""`bucketdrive conflicts`."""

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bucketdrive.cli import options, output
from bucketdrive.cli.open import find_place, open_drive
from bucketdrive.cli.progress import Progress
from bucketdrive.cli.reporting import show_report
from bucketdrive.errors import NoSuchPathError, UsageError

if TYPE_CHECKING:
    from bucketdrive.model.explanations import ConflictCopy
    from bucketdrive.model.reports import VersionInfo


@click.command(
    epilog=options.epilog(
        "bucketdrive conflicts",
        "bucketdrive conflicts report.odt --keep mine",
        "bucketdrive conflicts notes.txt --diff",
        codes=(0, 1, 2, 3, 4, 5, 7, 130),
    )
)
@click.argument("path", metavar="[FOLDER_OR_PATH]", default=".")
@click.option(
    "--keep",
    type=click.Choice(["mine", "theirs", "both"]),
    help="Settle it: the conflict copy takes the file's place; or goes; or gets an ordinary name.",
)
@click.option("--diff", is_flag=True, help="Show what the conflict copy has that the file has not, for text.")
@options.folder_option
@options.as_json
def command(path: str, folder: Path | None, *, keep: str | None, diff: bool, as_json: bool) -> int:
    """List conflict copies that wait for you, or settle one.

    A conflict copy is an ordinary file beside the one it is a copy of: MINE is its content, THEIRS that of the file.
    PATH is either of the two. Whatever is kept, the other stays a version in the bucket.
    """
    if keep and diff:
        raise UsageError("--keep and --diff cannot both be given. Nothing was done.", hint="Look first, then settle.")
    root, inside = find_place(path, folder)
    if keep:
        with Progress() as progress, open_drive(root, progress) as drive:
            report = drive.settle(inside, keep)
        return show_report(report, as_json=as_json)
    with open_drive(root) as drive:
        found = [copy for copy in drive.conflicts() if _is_about(copy, inside)]
    if diff:
        _show_difference(root, _only(found, inside))
    elif as_json:
        output.show_json(
            {"conflicts": [copy.path for copy in found], "copies": [copy.to_json() for copy in found]},
        )
    else:
        _show(found)
    return 0


def _is_about(copy: "ConflictCopy", place: str) -> bool:
    return not place or place in (copy.path, copy.of) or copy.path.startswith(f"{place}/")


def _show(found: "list[ConflictCopy]") -> None:
    for copy in found:
        output.say(output.safe(f"{copy.path}, a conflict copy of {copy.of}"))
        for word, version in (("mine", copy.mine), ("theirs", copy.theirs), ("base", copy.base)):
            output.say(output.safe(f"  {word:7} {_told(version)}"))
    if not found:
        output.say("There are no conflict copies.")
        return
    output.hint("bucketdrive conflicts PATH --diff, or --keep mine|theirs|both")


def _told(version: "VersionInfo | None") -> str:
    if version is None:
        return "-"
    size, device = output.size_text(version.size), version.device or "another tool"
    return f"{output.time_text(version.modified)}  {device}, {size}, version {version.version_id}"


def _only(found: "list[ConflictCopy]", path: str) -> "ConflictCopy":
    if not found:
        raise NoSuchPathError(f"{path or 'The drive'} has no conflict copy.", hint="bucketdrive conflicts", path=path)
    if len(found) > 1:
        raise UsageError(f"There are {len(found)} conflict copies.", hint=f"Name one of them, such as {found[0].path}.")
    return found[0]


def _show_difference(root: Path, copy: "ConflictCopy") -> None:
    theirs, mine = _lines(root / copy.of), _lines(root / copy.path)
    for line in difflib.unified_diff(theirs, mine, copy.of, copy.path, lineterm=""):
        output.say(output.safe(line))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not text, so there is no difference to show.", path=str(path)) from error
    except OSError as error:
        raise NoSuchPathError(f"{path} cannot be read: {error.strerror}.", hint="bucketdrive sync") from error
