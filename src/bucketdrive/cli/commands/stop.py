"""`bucketdrive stop`."""

import threading

import click

from bucketdrive.cli import options, output
from bucketdrive.cli.open import need_daemon
from bucketdrive.errors import UnavailableError

_PATIENCE_S = 30.0
_EVERY_S = 0.02


@click.command(epilog=options.epilog("bucketdrive stop", "bucketdrive stop --json", codes=(0, 1, 2, 5, 75)))
@options.as_json
def command(*, as_json: bool) -> None:
    """End the daemon. What is under way is broken off cleanly, and goes on with the next start."""
    pid = need_daemon().ask("POST", "/stop")["pid"]
    _wait(pid)
    if as_json:
        output.show_json({"stopped": pid})
        return
    output.say("The daemon has stopped. Nothing is synced until `bucketdrive start` or `bucketdrive sync`.")


def _wait(pid: int) -> None:
    """Until the process has given up its lock, which is the last thing that it does."""
    from bucketdrive.daemon.place import is_running  # noqa: PLC0415  --help does not need it

    pause = threading.Event()
    for _ in range(int(_PATIENCE_S / _EVERY_S)):
        if not is_running():
            return
        pause.wait(_EVERY_S)
    raise UnavailableError(f"The daemon (process {pid}) was told to stop, and runs still.", hint=f"kill {pid}")
