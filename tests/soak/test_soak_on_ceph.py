"""A short soak from end to end. `make soak` is the long one."""

import subprocess
import sys
from os import environ  # noqa: TID251  for a process of its own
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.mark.ceph
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("kind", "kills"), [("syncs", "12"), ("daemons", "6")])
def test_devices_that_are_killed_for_a_minute_lose_nothing(ceph, tmp_path, kind, kills):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "soak", "--minutes", "1", "--kind", kind, "--kills", kills),
            *("--rgw", ceph.folder, "--folder", tmp_path),
        ],
        env=environ | {"PYTHONPATH": str(TOOLS)},
        capture_output=True,
        text=True,
        check=False,
    )
    sys.stdout.write(done.stderr + done.stdout)  # the seed, and what was found
    assert (done.returncode, "lost replies of writes" in done.stdout) == (0, True), done.stdout + done.stderr
