"""What all tests need."""

import json
import subprocess
import sys
from os import environ  # noqa: TID251  the tests' own switches
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.register_assert_rewrite("bucketdrive.testing.contracts")

_RGW = Path(__file__).parents[1] / "tools" / "rgw.py"


@pytest.fixture(scope="session")
def ceph(tmp_path_factory):
    """What `store.json` of tools/rgw.py tells of a running Ceph, and `folder`, where it stands.

    That of the folder BUCKETDRIVE_TEST_RGW, or else one of our own. Without Ceph, tests are skipped; on CI they fail.
    """
    folder = environ.get("BUCKETDRIVE_TEST_RGW")
    if folder:
        yield _told(Path(folder))
        return
    folder = tmp_path_factory.mktemp("ceph") / "cluster"
    variables = environ | {"BUCKETDRIVE_RGW_DIR": str(folder), "BUCKETDRIVE_RGW_PORT": "0"}
    started = subprocess.run(
        [sys.executable, _RGW, "start"], env=variables, capture_output=True, text=True, check=False
    )
    if started.returncode and environ.get("CI") != "true" and "Not installed" in started.stderr:
        pytest.skip(started.stderr)
    assert started.returncode == 0, started.stderr
    yield _told(folder)
    subprocess.run([sys.executable, _RGW, "stop"], env=variables, check=True)


def _told(folder):
    told = json.loads((folder / "store.json").read_text(), object_hook=lambda fields: SimpleNamespace(**fields))
    told.folder = folder
    return told
