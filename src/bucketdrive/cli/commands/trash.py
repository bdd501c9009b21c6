"""`bucketdrive trash`; with `empty` as its first word it is the command of `trash_empty.py`."""

from importlib import import_module
from pathlib import Path

import click

from bucketdrive.cli import options, output
from bucketdrive.cli.open import find_place, open_drive
from bucketdrive.model.trash import Expiry, TrashedFile, Which


class _Trash(click.Command):
    def make_context(  # type: ignore[explicit-override]  # not in Python 3.11
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: object
    ) -> click.Context:
        if args[:1] == ["empty"]:
            inner: click.Command = import_module("bucketdrive.cli.commands.trash_empty").command
            return inner.make_context(f"{info_name} empty", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@click.command(
    cls=_Trash,
    epilog=options.epilog(
        "bucketdrive trash",
        "bucketdrive trash ~/Photos/2025 --since 2d --by laptop",
        "bucketdrive trash empty --before 2026-01-01 --dry-run",
        codes=(0, 1, 2, 3, 5, 7, 130),
    ),
)
@click.argument("path", metavar="[FOLDER_OR_PATH]", default=".")
@options.deleted_since
@options.deleted_until
@options.deleted_by
@click.option("--limit", metavar="N", type=click.IntRange(1), default=1000, help="At most N files.  [default: 1000]")
@click.option("--after", metavar="PATH", default="", help="Go on behind PATH, the last of the page before.")
@options.folder_option
@options.as_json
def command(path: str, folder: Path | None, *, limit: int, after: str, as_json: bool, **which: str) -> None:
    """List deleted files that can be restored: when, by which device, and when they expire.

    All at and below FOLDER_OR_PATH, a drive's folder or a path in it; without it, the working directory. They come by
    path, a page at a time. EXPIRES is from when on the store may let a file go, by the bucket's own rules.

    `bucketdrive trash empty` destroys what is in the trash, for good; a folder of that name is written ./empty.
    """
    root, inside = find_place(path, folder)
    with open_drive(root) as drive:
        page = drive.trash(inside, Which(**which), limit, after)
    if as_json:
        output.show_json(page.to_json())
        return
    if not page.deleted:
        output.say(
            "The trash is empty." if not (inside or after or any(which.values())) else "No such file is deleted."
        )
        return
    output.show_table(("DELETED", "BY", "SIZE", "EXPIRES", "PATH"), map(_row, page.deleted), right=(2,))
    if page.next:
        output.hint(f"There are more: --after {page.next!r}")
    output.hint("bucketdrive undelete PATH")


def _row(entry: TrashedFile) -> tuple[str, ...]:
    size = output.size_text(entry.size)
    path = entry.path if entry.moved_to is None else f"{entry.path} (moved to {entry.moved_to})"
    return (output.time_text(entry.deleted), entry.by or "-", size, _end(entry), path)


def _end(entry: TrashedFile) -> str:
    if entry.expires is None:
        word = "unknown" if entry.expiry is Expiry.UNKNOWN else "never"
    else:
        word = output.time_text(entry.expires)
    return f"{word}, or sooner" if entry.may_expire_sooner else word
