import re
from pathlib import Path

import pytest

from bucketdrive.drive.settings import SETTINGS
from bucketdrive.testing.sandbox import EmbeddedStore

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "notebook.md"


@pytest.fixture
def surroundings(tmp_path, monkeypatch):
    for row in SETTINGS:
        monkeypatch.delenv(row.variable, raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with EmbeddedStore() as store:
        places = {"BUCKETDRIVE_CONFIG_DIR": str(tmp_path / "config"), "BUCKETDRIVE_STATE_DIR": str(tmp_path / "state")}
        places |= {"BUCKETDRIVE_SETTLE_S": "0", "BUCKETDRIVE_ABSENCE_S": "0"}
        for name, value in (store.environment() | places).items():
            monkeypatch.setenv(name, value)
        yield store


def test_the_story_in_python_runs_as_it_is_told(surroundings, tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    names = {"bucket": "story", "folder": tmp_path}
    for number, block in enumerate(blocks, 1):
        exec(compile(block, f"{GUIDE.name}, block {number}", "exec"), names)
