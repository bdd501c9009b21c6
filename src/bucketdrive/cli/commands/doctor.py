"""`bucketdrive doctor`."""

from pathlib import Path

import click

from bucketdrive.cli import options, output
from bucketdrive.cli.open import find_record
from bucketdrive.model.reports import DoctorReport, Finding

_INDENT = " " * 9


@click.command(
    epilog=options.epilog("bucketdrive doctor", "bucketdrive doctor ~/Photos --json", codes=(0, 1, 2, 3, 4, 7, 130))
)
@options.folder_argument
@options.as_json
def command(folder: Path | None, *, as_json: bool) -> int:
    """Say what a drive's bucket does, how folder and state are, and what to do about each.

    What the store does with conditions on writes was tried out at `link`. Nothing is destroyed to find out what the
    credentials may do.
    """
    record = find_record(folder)
    from bucketdrive.drive.drive import examine_drive  # noqa: PLC0415  it brings the SDK with it

    report = examine_drive(record)
    if as_json:
        output.show_json(report.to_json())
    else:
        _show(report)
    return report.exit_code


def _show(report: DoctorReport) -> None:
    output.say(output.safe(f"{report.folder} leads to {report.drive} as {report.device}"))
    for finding in report.findings:
        output.say(output.safe(f"{finding.level.value:8} {finding.about}: {finding.says}"))
        if finding.to_do:
            output.say(output.safe(f"{_INDENT}{_to_do(finding)}"))


def _to_do(finding: Finding) -> str:
    return f"> {finding.to_do}"
