"""Asking a user before something is done. Without a terminal nobody is asked, and nothing is done."""

import sys

import click

from bucketdrive.cli import output
from bucketdrive.errors import UsageError

yes = click.option("--yes", is_flag=True, envvar="BUCKETDRIVE_YES", help="Do not ask.  [env: BUCKETDRIVE_YES=1]")


def agrees(question: str, word: str = "yes") -> bool:
    """Whether the user types `word`; anything else is no.

    Raises:
        UsageError: there is no terminal to ask on.
    """
    if not sys.stdin.isatty():
        raise UsageError(
            "This asks before it does anything, and there is no terminal to ask on. Nothing was done.",
            hint="Add --yes, or set BUCKETDRIVE_YES=1.",
        )
    output.flush()
    output.tell(f"{question} Type {word} to go on:")
    return sys.stdin.readline().strip() == word
