"""`bucketdrive versions`."""

from pathlib import Path

import click

from bucketdrive.cli import options, output
from bucketdrive.cli.open import find_path, open_drive
from bucketdrive.model.reports import VersionInfo


@click.command(
    epilog=options.epilog("bucketdrive versions notes/today.txt", "bucketdrive versions report.odt -C ~/Drive --json")
)
@click.argument("path")
@options.folder_option
@options.as_json
def command(path: str, folder: Path | None, *, as_json: bool) -> None:
    """List the versions of a file, newest first. A deleted file's are listed too."""
    root, inside = find_path(path, folder)
    with open_drive(root) as drive:
        found = drive.versions(inside)
    if as_json:
        output.show_json({"path": inside, "versions": [version.to_json() for version in found]})
        return
    rows = (_row(version, inside) for version in found)
    output.show_table(("WRITTEN", "SIZE", "DEVICE", "VERSION", ""), rows, right=(1,))


def _row(version: VersionInfo, path: str) -> tuple[str, ...]:
    size = "deleted" if version.is_delete_marker else output.size_text(version.size)
    mark = "current" if version.is_latest and not version.is_delete_marker else ""
    if version.path != path:
        mark = f"as {output.safe(version.path)}"
    return (output.time_text(version.modified), size, version.device or "-", version.version_id, mark)
