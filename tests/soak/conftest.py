"""What the tests of the soak need."""

import pytest

from soak.account import Account
from soak.hands import Hands
from soak.log import Log


@pytest.fixture
def log(tmp_path):
    """A log of events."""
    log = Log(tmp_path / "events.jsonl")
    yield log
    log.close()


@pytest.fixture
def account():
    """An account of nothing."""
    return Account()


@pytest.fixture
def hands(tmp_path, account, log):
    """Those of somebody at the laptop, with an empty folder."""
    folder = tmp_path / "laptop"
    (folder / ".bucketdrive").mkdir(parents=True)
    return Hands("laptop", folder, tmp_path / "aside", account, log)
