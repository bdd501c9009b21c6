"""`bucketdrive cat`."""

from pathlib import Path

import click

from bucketdrive.cli import options, output
from bucketdrive.cli.open import find_path, open_drive


@click.command(
    epilog=options.epilog(
        "bucketdrive cat notes/today.txt --as-of 2h",
        "bucketdrive cat report.odt --version 3sL4kqtJlcpXroDTDmJ > old.odt",
        codes=(0, 1, 2, 3, 5, 7, 130),
    )
)
@click.argument("path")
@options.as_of
@click.option("--version", "version_id", metavar="ID", default="", help="This version of it.")
@options.folder_option
def command(path: str, folder: Path | None, *, as_of: str, version_id: str) -> None:
    """Print a file to stdout, byte for byte: as it is in the bucket now, or was at some moment, or one version of it.

    Nothing is restored, and nothing changes. A version that the file had under an earlier name is its own too.
    """
    root, inside = find_path(path, folder)
    with open_drive(root) as drive:
        for piece in drive.cat(inside, version_id, as_of):
            output.write_bytes(piece)
