"""`bucketdrive start`."""

import os
from pathlib import Path

import click

from bucketdrive.cli import options, output
from bucketdrive.cli.open import find_daemon, find_record
from bucketdrive.errors import InternalError


@click.command(
    epilog=options.epilog(
        "bucketdrive start",
        "bucketdrive start ~/Photos ~/Documents",
        "bucketdrive start --foreground        # for a service manager",
        codes=(0, 1, 2, 3, 5, 7, 130),
    )
)
@click.argument("folders", nargs=-1, metavar="[FOLDER]...", type=click.Path(path_type=Path))
@click.option("--foreground", is_flag=True, help="Stay here until a signal or `bucketdrive stop`; log to stderr.")
@click.option("--ready-fd", type=int, default=-1, hidden=True)
@options.as_json
def command(folders: tuple[Path, ...], *, foreground: bool, ready_fd: int, as_json: bool) -> None:
    """Keep drives in sync from now on, in one background process: all of this machine, or those of FOLDERs.

    If the daemon runs already, FOLDERs are added to it. To start it with your session: bucketdrive service install.
    """
    named = list(dict.fromkeys(str(find_record(folder).folder) for folder in folders))
    if foreground or ready_fd >= 0:
        _run_here(named, ready_fd)
        return
    daemon = find_daemon()
    if daemon is None:
        from bucketdrive.daemon.launch import launch  # noqa: PLC0415  --help does not need it

        launch(named)
        daemon = find_daemon()
        if daemon is None:
            raise InternalError("The daemon was started, and does not answer.", hint="bucketdrive status")
        added = None
    else:
        added = daemon.ask("POST", "/drives", body={"folders": named})["started"]
    pid = daemon.ask("GET", "/")["pid"]
    kept = [status.folder for status in daemon.statuses()]
    if as_json:
        output.show_json({"pid": pid, "was_running": added is not None, "folders": kept})
        return
    verb = "Started" if added is None else "It runs already, with more drives now" if added else "It runs already"
    output.say(f"{verb}: process {pid} keeps {output.count_text(len(kept), 'drive')} in sync.")
    for folder in kept:
        output.say(output.safe(f"  {folder}"))
    output.hint("bucketdrive status; bucketdrive stop ends it")


def _run_here(folders: list[str], ready_fd: int) -> None:
    from bucketdrive.daemon.launch import (  # noqa: PLC0415  --help does not need all this
        READY,
        use_memory_that_is_given_back,
    )

    use_memory_that_is_given_back()
    from bucketdrive.daemon.logs import log_to_file, log_to_stderr  # noqa: PLC0415
    from bucketdrive.daemon.run import run_daemon  # noqa: PLC0415
    from bucketdrive.drive.settings import log_path  # noqa: PLC0415

    if ready_fd < 0:
        log_to_stderr()
        run_daemon(folders)
        return
    log_to_file(log_path())
    os.chdir("/")  # no disk is kept from being unmounted

    def tell() -> None:
        os.write(ready_fd, READY)
        os.close(ready_fd)

    run_daemon(folders, tell)
