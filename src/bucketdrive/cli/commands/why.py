"""`bucketdrive why`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bucketdrive.cli import options, output
from bucketdrive.cli.open import find_path, open_drive

if TYPE_CHECKING:
    from bucketdrive.model.explanations import PathFacts


@click.command(
    epilog=options.epilog(
        "bucketdrive why notes/today.txt",
        "bucketdrive why report.odt -C ~/Drive --json",
        codes=(0, 1, 2, 3, 5, 7, 130),
    )
)
@click.argument("path")
@options.folder_option
@options.as_json
def command(path: str, folder: Path | None, *, as_json: bool) -> None:
    """Explain a path: what it was, is here and in the bucket, what a sync will do, and by which rule.

    Looks at both sides, and changes nothing.
    """
    root, inside = find_path(path, folder)
    with open_drive(root) as drive:
        why = drive.why(inside)
    if as_json:
        output.show_json(why.to_json())
        return
    output.say(output.safe(why.path))
    for side, facts in (("agreed on", why.agreed), ("here", why.here), ("in bucket", why.bucket)):
        output.say(output.safe(f"  {side:10} {_told(facts)}"))
    for sentence in why.will:
        output.say(output.safe(f"  next sync  {sentence}"))
    output.say(output.safe(f"  because    {why.rule}"))


def _told(facts: "PathFacts") -> str:
    told = [facts.what]
    told += [output.size_text(facts.size)] if facts.sha256 or facts.size else []
    told += [f"of {output.time_text(facts.modified)}"] if facts.modified else []
    told += [f"by {facts.device}"] if facts.device else []
    told += [f"version {facts.version_id}"] if facts.version_id else []
    told += [f"sha256 {facts.sha256[:12]}"] if facts.sha256 else []
    return ", ".join(told)
