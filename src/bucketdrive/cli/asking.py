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
        raise _nobody_there(question)
    is_sure = click.confirm(question, err=True)
    if not is_sure:
        output.tell("Nothing was done.")
    return is_sure


def agrees(question: str, word: str = "yes") -> bool:
    """Whether the user types `word`; anything else is no.

    Raises:
        UsageError: nobody is there to answer.
    """
    if not sys.stdin.isatty():
        raise _nobody_there(question)
    output.flush()
    output.tell(f"{question} Type {word} to go on:")
    return sys.stdin.readline().strip() == word


def _nobody_there(question: str) -> UsageError:
    return UsageError(
        f"{question} There is no terminal to ask on, so nothing was done.",
        hint="If you are sure: --yes, or BUCKETDRIVE_YES=1. See what would be done with --dry-run.",
    )
