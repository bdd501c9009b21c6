import signal
import subprocess
import sys

from bucketdrive.cli.commands.demo import STORY


def test_the_demo_plays_its_story_and_can_be_played_with_until_ctrl_c(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("AWS_PROFILE", "not-there")
    run = [sys.executable, "-u", "-m", "bucketdrive", "demo", "--keep"]
    told = []
    with subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as demo:
        for line in demo.stdout or ():
            told.append(line)
            if line == "  bucketdrive sync laptop\n":
                break
        assert demo.poll() is None, "".join(told)
        [place] = tmp_path.iterdir()
        sync = f"{sys.executable} -m bucketdrive sync laptop"
        play = f". {place}/play.sh && cd {place} && echo Hello > laptop/hello.txt && {sync}"
        played = subprocess.run(["/bin/sh", "-c", play], capture_output=True, text=True, check=False)
        demo.send_signal(signal.SIGINT)
        assert demo.wait(30) == 0
    assert "1 uploaded" in played.stdout, played.stderr
    assert all(any(chapter.title in line for line in told) for chapter in STORY)
    assert any("lasts only as long as this runs" in line for line in told)
    assert list(tmp_path.iterdir()) == []
