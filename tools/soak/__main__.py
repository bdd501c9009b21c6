"""Three devices as processes on a real store, through a proxy that fails, killed at random: is every promise kept?

    make soak MINUTES=10 SEED=1 ARGS=--keep
    PYTHONPATH=tools python -m soak [--minutes N] [--seed N] [--kills N] [--kind daemons] [--keep] [--rgw FOLDER]

Three folders are linked to one prefix of a bucket on Ceph, which is started for it (tools/rgw.py). For some minutes,
somebody at each device makes edits of every kind (`edits`), the device runs `bucketdrive sync` again and again, most of
the runs killed or paused at a random moment (`fates`), and every request meets what the proxy has for it (`weather`):
delays, 503, resets, lost replies, cut bodies, requests that reach the store when their sender has long given them up.
With `--kind daemons` each device runs `bucketdrive start --foreground` instead: killed at random too and started again,
stopped by a signal or the command, paused now and then; what it calls up to date is taken at its word.
Then it becomes quiet, the devices sync until nothing is left to do, and the judge compares: folders and bucket must be
equal, every content that somebody let rest must be in the tree or a version, nothing partial may ever have been seen,
and `verify --full` must find nothing on any device.

The same seed makes the same plan of edits, faults and kills. What they meet is a matter of real timing, so a finding
need not come again with its seed. Exit code 1 if anything is wrong; the folder is kept then, with a log of all that
happened (events.jsonl), all versions of the bucket (versions.json), and the devices as they are.
"""

import argparse
import asyncio
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from soak.running import DEVICES, KINDS, Options, Soak, clear_environment
from soak.store import running_store
from soak.summary import table

KILLS_A_MINUTE = {"syncs": 20, "daemons": 8}


def main(arguments: list[str]) -> int:
    """The exit code."""
    given = _parser().parse_args(arguments)
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(1 << 32)
    kills = given.kills if given.kills is not None else int(given.minutes * KILLS_A_MINUTE[given.kind])
    options = Options(seed, given.minutes, kills, given.writers, is_kept=given.keep, kind=given.kind)
    clear_environment()
    folder = Path(tempfile.mkdtemp(prefix="bucketdrive-soak-", dir=given.folder))
    print(f"seed {seed}, {given.minutes:g} minutes, in {folder}", file=sys.stderr, flush=True)
    is_kept = True
    try:
        with running_store(folder / "ceph", given.rgw) as store:
            soak = Soak(options, folder, store)
            asyncio.run(_run(soak))
        print(table(soak))
        for sentence in soak.wrong:
            print(f"WRONG: {sentence}")
        is_kept = bool(soak.wrong) or given.keep
    except (KeyboardInterrupt, asyncio.CancelledError):
        is_kept = given.keep
        return 130
    finally:
        if is_kept:
            print(f"kept: {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder)
    return 1 if soak.wrong else 0


async def _run(soak: Soak) -> None:
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await soak.run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="soak", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long the storm lasts")
    parser.add_argument("--seed", type=int, help="what the plan follows from; drawn and printed where it is not given")
    parser.add_argument("--kills", type=int, help="how many kills are asked for; 20 a minute, 8 of daemons")
    parser.add_argument("--kind", choices=list(KINDS), default="syncs", help="how devices sync during the storm")
    parser.add_argument("--writers", type=int, default=len(DEVICES), help="at how many devices people work")
    parser.add_argument("--folder", type=Path, help="where the soak's folder is made; the folder for temporary files")
    parser.add_argument("--rgw", type=Path, help="use the Ceph that tools/rgw.py started in this folder")
    parser.add_argument("--keep", action="store_true", help="keep the folder even if nothing is wrong")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
