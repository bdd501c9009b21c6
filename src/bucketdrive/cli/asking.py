"""Questions, which are asked on a terminal only."""

import sys

import click

from bucketdrive.cli import output
from bucketdrive.errors import UsageError


def may_ask() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def be_sure(question: str, *, is_sure: bool) -> bool:
    """Ask whether to go on, unless that is clear (`is_sure`).

    Raises:
        UsageError: nobody is there to answer.
    """
    if is_sure:
        return True
    if not may_ask():
        raise UsageError(
            f"{question} There is no terminal to ask on, so nothing was done.",
            hint="If you are sure: --yes, or BUCKETDRIVE_YES=1. See what would be done with --dry-run.",
        )
    is_sure = click.confirm(question, err=True)
    if not is_sure:
        output.tell("Nothing was done.")
    return is_sure
