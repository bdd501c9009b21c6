"""Starting a daemon in the background: a process in a session of its own, which outlives the terminal."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bucketdrive.daemon.place import make_folder
from bucketdrive.drive.settings import log_path
from bucketdrive.errors import BucketDriveError, DriveError, read_error

READY = b"1"


def launch(folders: Sequence[str]) -> None:
    """Start one, and return when its API answers. `folders` are absolute; none: all drives of this machine.

    Raises:
        BucketDriveError: what the daemon told before it ended.
    """
    make_folder()
    errors = log_path().with_name("daemon.err")
    errors.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    hears, tells = os.pipe()
    os.set_inheritable(tells, True)  # noqa: FBT003  the system's own call
    command = [sys.executable, "-m", "bucketdrive", "start", "--ready-fd", str(tells), "--json", *folders]
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.fspath(errors), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    try:
        variables = os.environ  # noqa: TID251  handed on as it is
        process = os.posix_spawn(sys.executable, command, variables, file_actions=actions, setsid=True)
    finally:
        os.close(tells)
    with os.fdopen(hears, "rb") as pipe:
        is_ready = pipe.read(1) == READY  # nothing, when the process has ended
    if not is_ready:
        os.waitpid(process, 0)
        raise _told(errors)


def use_memory_that_is_given_back() -> None:
    """Start this very command again, on the system's allocator, if it is on Python's own.

    Python's keeps most of what a look at a whole drive took: after one of 100,000 files a daemon has 147 MiB that way,
    and 65 on the system's. A process that embeds the daemon stays as it is.
    """
    variables = os.environ  # noqa: TID251  an interpreter reads this one when it starts, and no other way
    if "PYTHONMALLOC" not in variables and "start" in sys.orig_argv:
        os.execve(sys.executable, sys.orig_argv, {**variables, "PYTHONMALLOC": "malloc"})  # noqa: S606  ourselves


def _told(errors: Path) -> BucketDriveError:
    """The error that a daemon left."""
    text = errors.read_text(errors="replace").strip()
    try:
        return read_error(json.loads(text.rpartition("\n")[2]))
    except (ValueError, AttributeError):
        return DriveError(
            f"The daemon ended before it was ready: {text.rpartition(chr(10))[2] or 'it said nothing'}",
            hint=f"See {errors}, or start it with --foreground.",
        )
