"""The table of commands, each imported when it runs, and the one place where an error becomes an exit code.

A process starts in under 100 ms because nothing else is imported here: no SDK, no database, no event loop.
"""

import gc
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from bucketdrive import __version__
from bucketdrive.cli import output
from bucketdrive.errors import BucketDriveError, InternalError, UsageError

COMMANDS = {
    "demo": "Play the whole story on an embedded store; no account needed.",
    "link": "Make a folder and a bucket prefix a drive, or join one.",
    "sync": "Make folder and bucket the same, once.",
    "start": "Keep drives in sync from now on, in the background.",
    "stop": "End the daemon.",
    "pause": "Let nothing travel for a while.",
    "resume": "Go on after a pause.",
    "service": "Start the daemon with your session, by systemd.",
    "status": "Show how a drive stands, without asking the bucket.",
    "log": "Show what was done, newest last.",
    "why": "Explain a path: what it was, is, and what will happen.",
    "ls": "List the files in the bucket, now or as of a moment.",
    "cat": "Print a file as it is in the bucket, or was at a moment.",
    "diff": "Show what differs between two moments.",
    "moments": "Show when many files changed or vanished.",
    "versions": "List the versions of a file.",
    "trash": "List deleted files that can be restored; or destroy them for good.",
    "undelete": "Bring back deleted files: some, a folder's, or all.",
    "restore": "Bring back a deleted file, an old version, or a folder as it was.",
    "undo": "Take back what a sync, a restore or an undo did.",
    "retention": "Show or set how long old versions and deleted files stay.",
    "verify": "Compare folder, state and bucket by hash; change nothing.",
    "doctor": "Say how a drive's bucket and folder are, and what to do.",
    "conflicts": "List conflict copies that wait for you, or settle one.",
    "approve": "Let deletions happen that a guard holds.",
    "deny": "Undo deletions that a guard holds.",
    "completion": "Print a script that completes commands in your shell.",
}
"""Every command with its line in the overview; `commands/NAME.py` has it as `command`."""

STOPPED_EXIT_CODE = 130
_GARBAGE_EVERY = 20_000
"""New objects between two searches for cycles. Python's 700 is for small heaps: it cost a tenth of a sync."""

_EPILOG = """\b
Examples:
  bucketdrive demo
  bucketdrive link s3://my-bucket/photos ~/Photos --enable-versioning
  bucketdrive start

\b
Exit codes: 0 done · 1 error · 2 usage · 3 not found · 4 done, but something
needs you · 5 temporary, try again · 7 stopped to protect data · 75 no daemon running"""


class _LazyCommands(click.Group):
    """Imports a command's module when it is asked for, and none for the overview.

    (`override`, which would mark the three methods, is not in Python 3.11.)
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # type: ignore[explicit-override]
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # type: ignore[explicit-override]
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"bucketdrive.cli.commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # type: ignore[explicit-override]
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=_LazyCommands,
    invoke_without_command=True,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="bucketdrive", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show where in the program an error came from.")
@click.pass_context
def bucketdrive(context: click.Context, *, debug: bool) -> None:
    """Your own Dropbox on any S3 bucket that keeps versions."""
    del debug  # `main` looks for it among the arguments: it must know even when they cannot be understood
    if context.invoked_subcommand is None:
        output.say(context.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code. Every error is told here, and nowhere else."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    gc.set_threshold(_GARBAGE_EVERY)
    try:
        answer = bucketdrive.main(given, prog_name="bucketdrive", standalone_mode=False)
        output.flush()
    except BrokenPipeError:  # the reader, `head` perhaps, has enough
        output.give_up_stdout()
        return 1
    except (click.Abort, KeyboardInterrupt):
        output.tell("Stopped. Nothing is lost: the next sync goes on from here.")
        return STOPPED_EXIT_CODE
    except click.ClickException as error:
        told: BucketDriveError = _as_usage_error(error)
        told.__cause__ = error
    except BucketDriveError as error:
        told = error
    except Exception as error:  # noqa: BLE001  the top of the process: a user gets a sentence, not a stack
        told = InternalError(
            f"BucketDrive met something it did not expect: {type(error).__name__}: {error}",
            hint="Files and versions are safe. Run it again with --debug in front, and report what that shows.",
        )
        told.__cause__ = error
    else:
        return answer if isinstance(answer, int) else 0
    if "--debug" in given[:1]:
        output.show_origin(told)
    output.show_error(told, as_json="--json" in given)
    return told.exit_code


def _as_usage_error(error: click.ClickException) -> UsageError:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return UsageError(
        error.format_message(),
        hint=f"See: {context.command_path if context else 'bucketdrive'} --help",
    )
