import os
import signal
import subprocess
import sys

import pytest

from bucketdrive.cli.commands.demo import STORY
from bucketdrive.cli.main import main


@pytest.fixture(autouse=True)
def room(tmp_path, monkeypatch):
    """Where the demo makes its folder; and a user's environment that must not get in its way."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setenv("AWS_PROFILE", "not-there")
    return tmp_path


def test_the_demo_plays_its_whole_story_and_leaves_nothing_behind(capfd, room):
    here = os.getcwd()
    assert main(["demo"]) == 0
    told = capfd.readouterr().out
    assert all(chapter.title in told for chapter in STORY)
    assert "lasts only as long as this runs" in told
    assert list(room.iterdir()) == []
    assert (os.getenv("AWS_PROFILE"), os.getenv("AWS_CONFIG_FILE"), os.getcwd()) == ("not-there", None, here)


@pytest.mark.timeout(120)
def test_a_demo_that_is_kept_can_be_played_with_until_ctrl_c(room):
    run = [sys.executable, "-u", "-m", "bucketdrive", "demo", "--keep"]
    with subprocess.Popen(run, stdout=subprocess.PIPE, text=True) as demo:
        assert any(line == "  bucketdrive sync laptop\n" for line in demo.stdout or [])
        [place] = room.iterdir()
        sync = f"{sys.executable} -m bucketdrive sync laptop"
        play = f". {place}/play.sh && cd {place} && echo Hello > laptop/hello.txt && {sync}"
        played = subprocess.run(["/bin/sh", "-c", play], capture_output=True, text=True, check=False)
        assert "1 uploaded" in played.stdout, played.stderr
        demo.send_signal(signal.SIGINT)
        assert demo.wait(30) == 0
    assert list(room.iterdir()) == []
