"""`bucketdrive demo`: the whole story, really run, on an embedded store. The only command that uses the test kit."""

import contextlib
import io
import os
import shlex
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from bucketdrive.cli import options, output
from bucketdrive.cli.main import main
from bucketdrive.errors import InternalError


@dataclass(frozen=True, slots=True)
class _Step:
    """A line that a user could type. `shows` must be in what it prints, and `exit_code` is how it must end."""

    line: str
    shows: str = ""
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class _Chapter:
    title: str
    steps: tuple[_Step, ...]


_BUCKET = """python -c '
import boto3
s3 = boto3.client("s3")
s3.create_bucket(Bucket="demo")
s3.put_bucket_versioning(Bucket="demo", VersioningConfiguration={"Status": "Enabled"})
s3.put_bucket_lifecycle_configuration(Bucket="demo", LifecycleConfiguration={"Rules": [
    {"ID": "keep old versions for 90 days", "Status": "Enabled", "Filter": {"Prefix": ""},
     "NoncurrentVersionExpiration": {"NoncurrentDays": 90}},
    {"ID": "drop unfinished uploads", "Status": "Enabled", "Filter": {"Prefix": ""},
     "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}]})'"""

_OTHER_TOOL = """python -c '
import boto3
boto3.client("s3").put_object(Bucket="demo", Key="drive/notes/today.txt", Body=b"Buy milk and bread\\n")'"""

STORY = (
    _Chapter("A bucket that keeps old versions for 90 days", (_Step(_BUCKET),)),
    _Chapter(
        "Two folders, as two devices of one drive",
        (
            _Step("bucketdrive link s3://demo/drive laptop --device laptop", "Created"),
            _Step("bucketdrive link s3://demo/drive desktop --device desktop", "Joined"),
        ),
    ),
    _Chapter(
        "A file goes up, and comes down on the other device",
        (
            _Step("mkdir laptop/notes; echo 'Buy milk' > laptop/notes/today.txt"),
            _Step("bucketdrive sync laptop", "1 uploaded"),
            _Step("bucketdrive sync desktop", "1 downloaded"),
            _Step("cat desktop/notes/today.txt", "Buy milk"),
        ),
    ),
    _Chapter(
        "Another S3 tool puts a new version into the bucket; it arrives",
        (
            _Step(_OTHER_TOOL),
            _Step("bucketdrive sync laptop", "1 downloaded"),
            _Step("cat laptop/notes/today.txt", "Buy milk and bread"),
            _Step("bucketdrive versions laptop/notes/today.txt", "current"),
        ),
    ),
    _Chapter(
        "Both devices edit the same file: both edits stay, one as a conflict copy",
        (
            _Step("echo 'Buy tea' > laptop/notes/today.txt; echo 'Buy coffee' > desktop/notes/today.txt"),
            _Step("bucketdrive sync laptop", "1 uploaded"),
            _Step("bucketdrive sync desktop", "conflict: notes/today.txt", exit_code=4),
            _Step("bucketdrive sync laptop", "1 downloaded"),
            _Step("bucketdrive conflicts laptop", "conflict desktop"),
            _Step("head laptop/notes/* desktop/notes/*", "Buy coffee"),
        ),
    ),
    _Chapter(
        "A deleted file waits in the trash, and comes back",
        (
            _Step("rm laptop/notes/today.txt"),
            _Step("bucketdrive sync laptop", "1 deleted in the bucket"),
            _Step("bucketdrive trash laptop", "notes/today.txt"),
            _Step("bucketdrive restore laptop/notes/today.txt"),
            _Step("cat laptop/notes/today.txt", "Buy tea"),
        ),
    ),
)

_OWN_BUCKET = """
On your own bucket:
  bucketdrive link s3://BUCKET/PREFIX FOLDER --enable-versioning
  bucketdrive start        # from then on by itself; or once: bucketdrive sync FOLDER"""


@click.command(epilog=options.epilog("bucketdrive demo", "bucketdrive demo --keep", codes=(0, 1, 2)))
@click.option("--keep", is_flag=True, help="Leave store and folders running to play with, until Ctrl-C.")
def command(*, keep: bool) -> None:
    """Play the whole story on an embedded store; no account needed.

    It runs in a folder of its own. What is in the embedded store lasts only as long as the demo runs.
    """
    from bucketdrive.testing.sandbox import EmbeddedStore  # noqa: PLC0415  brings a web server with it

    with tempfile.TemporaryDirectory(prefix="bucketdrive-demo-") as name, EmbeddedStore() as store:
        place = Path(name)
        variables = store.environment() | _own_places(place)
        output.say(f"An embedded S3 store runs at {store.endpoint_url}, and the folders lie in {place}.")
        output.say("What is in the store lasts only as long as this runs.")
        with _world(place, variables):
            for number, chapter in enumerate(STORY, 1):
                output.say(f"\n{number}. {chapter.title}\n")
                for step in chapter.steps:
                    _play(step)
        if keep:
            _stay(place, variables)
    output.say(_OWN_BUCKET)


def _own_places(place: Path) -> dict[str, str]:
    """Settings and state of their own, nothing of the user's AWS configuration, and no patience for slow editors."""
    return {
        "BUCKETDRIVE_CONFIG_DIR": str(place / "config"),
        "BUCKETDRIVE_STATE_DIR": str(place / "state"),
        "BUCKETDRIVE_SETTLE_S": "0.1",
        "BUCKETDRIVE_ABSENCE_S": "0.1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1",
    }


@contextlib.contextmanager
def _world(place: Path, variables: Mapping[str, str]) -> Iterator[None]:
    """Work in `place` under these variables, without those of AWS and BucketDrive that were there before."""
    environment = os.environ  # noqa: TID251  this command makes a world of its own, for itself and its children
    before = dict(environment)
    try:
        for name in before:
            if name.startswith(("AWS_", "BUCKETDRIVE_")):
                del environment[name]
        environment.update(variables)
        with contextlib.chdir(place):
            yield
    finally:
        environment.clear()
        environment.update(before)


def _play(step: _Step) -> None:
    """Print a line and run it, print what it printed, and see that the story goes as told.

    Raises:
        InternalError: it does not.
    """
    output.say(f"  $ {step.line}")
    output.flush()
    words = shlex.split(step.line)
    printed, exit_code = _run_here(words[1:]) if words[0] == "bucketdrive" else _run_child(step.line)
    for line in printed.splitlines():
        output.say(f"    {line}".rstrip())
    output.flush()
    if exit_code != step.exit_code or step.shows not in printed:
        raise InternalError(
            f"The demo did not go as it should: {step.line.splitlines()[0]!r} ended with exit code {exit_code}.",
            hint="Nothing of yours was touched. Please report this with what is printed above.",
        )


def _run_here(arguments: list[str]) -> tuple[str, int]:
    """Run one of our own commands: what it printed, and its exit code."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        exit_code = main(arguments)
    return printed.getvalue(), exit_code


def _run_child(line: str) -> tuple[str, int]:
    """Run a line in a shell, `python` being this one."""
    script = f'python() {{ {shlex.quote(sys.executable)} "$@"; }}\n{line}'
    done = subprocess.run(  # noqa: S603  the lines are those above
        ["/bin/sh", "-c", script], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    return done.stdout, done.returncode


def _stay(place: Path, variables: Mapping[str, str]) -> None:
    """Leave everything running until Ctrl-C, and say how to play with it."""
    programs = shlex.quote(str(Path(sys.executable).parent))
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    play = place / "play.sh"
    play.write_text("\n".join(["unset AWS_PROFILE AWS_SESSION_TOKEN", *lines, f'export PATH={programs}:"$PATH"', ""]))
    output.say("\nStore and folders stay until Ctrl-C. To play, in another terminal:\n")
    for line in (f". {play}", f"cd {place}", "echo Hello > laptop/hello.txt", "bucketdrive sync laptop"):
        output.say(f"  {line}")
    output.flush()
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()
    output.say("\nStore and folders are gone.")
