"""What an idle drive asks in a day, and what that costs, beside `rclone bisync` once a minute.

    idle.py [--files N]...

Ours is reckoned by the rule that the daemon goes by (`rules/budget.py`; bench/daemons.py measures it). For rclone, one
run in which nothing has changed is counted on the embedded store, plain and with --fast-list.
"""

import argparse
import os
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

from bucketdrive.drive.settings import Settings
from bucketdrive.rules.budget import (
    DAY_S,
    GET_USD,
    LIST_USD,
    idle_requests_per_day,
    idle_usd_per_month,
    look_every_s,
)
from bucketdrive.testing.sandbox import EmbeddedStore

RCLONE = Path(__file__).parents[1] / ".venv-tools" / "bin" / "rclone"
FOLDERS = 40


def bisync_requests(files: int, flags: list[str]) -> Counter[str]:
    """What one run of `rclone bisync` asks where nothing has changed."""
    with tempfile.TemporaryDirectory() as home, EmbeddedStore() as store:
        folder = Path(home) / "drive"
        for number in range(files):
            path = folder / f"folder-{number % FOLDERS}" / f"file-{number}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"%d" % number)
        variables = os.environ | store.environment() | {"RCLONE_CONFIG": f"{home}/rclone.conf"}  # noqa: TID251
        endpoint = variables["AWS_ENDPOINT_URL_S3"]
        remote = f":s3,provider=Other,env_auth,endpoint='{endpoint}':bench-idle/drive"
        common = [RCLONE, "bisync", folder, remote, "--workdir", f"{home}/work", "--checkers", "16", *flags]
        subprocess.run([RCLONE, "mkdir", remote], env=variables, check=True)
        subprocess.run([*common, "--resync"], env=variables, check=True, capture_output=True)
        asked: Counter[str] = Counter()
        store.watch = lambda method, path: asked.update([f"{method} {'object' if path.count('/') > 2 else 'bucket'}"])
        subprocess.run(common, env=variables, check=True, capture_output=True)
        return asked


def main() -> None:
    """Count, reckon, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, action="append")
    options = parser.parse_args()
    settings = Settings()
    print(f"{'files':>8}  {'who':28} {'requests a day':>15} {'USD in 30 days':>15}")
    for files in options.files or [1000, 5000]:
        every_s = look_every_s(settings.requests_per_day, settings.listen_s, files)
        ours = sum(idle_requests_per_day(settings.listen_s, every_s, files))
        cost = idle_usd_per_month(settings.listen_s, every_s, files)
        print(f"{files:8}  {'ours, at the defaults':28} {ours:15.0f} {cost:15.2f}")
        for flags in ([], ["--fast-list"]):
            asked = bisync_requests(files, flags)
            runs = DAY_S / 60
            usd = 30 * runs * (asked["GET bucket"] * LIST_USD + (asked["HEAD object"] + asked["GET object"]) * GET_USD)
            name = " ".join(["rclone bisync", *flags])
            print(f"{files:8}  {name:28} {asked.total() * runs:15.0f} {usd:15.2f}   a run: {dict(asked)}")


if __name__ == "__main__":
    main()
