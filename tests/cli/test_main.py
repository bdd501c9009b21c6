import json
import re
import subprocess
import sys

import pytest

from bucketdrive import __version__
from bucketdrive.cli.main import COMMANDS, main
from bucketdrive.drive.records import DriveRecord, save_drive

HEAVY = (
    "apsw",
    "asyncio",
    "boto3",
    "botocore",
    "fastapi",
    "flask",
    "moto",
    "obstore",
    "pydantic",
    "rich",
    "tomllib",
    "urllib3",
    "uvicorn",
)


@pytest.fixture(autouse=True)
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("BUCKETDRIVE_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("BUCKETDRIVE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


def imported_by(*arguments: str) -> set[str]:
    """The packages that a process has imported at the end of a command."""
    code = "import sys; from bucketdrive.cli.main import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stderr.split()}


@pytest.mark.parametrize(
    "arguments",
    [("--help",), ("--version",), ("sync", "--help"), ("start", "--help"), ("link", "--help"), ("demo", "-h")],
)
def test_help_imports_nothing_heavy(arguments):
    assert imported_by(*arguments).isdisjoint(HEAVY)


def test_status_starts_neither_an_sdk_nor_an_event_loop(tmp_path):
    drive = tmp_path / "drive"
    (drive / ".bucketdrive").mkdir(parents=True)
    (drive / ".bucketdrive" / "root.json").write_text(json.dumps({"drive_id": "d", "root_id": "r"}))
    save_drive(DriveRecord("r", drive, "bucket"))
    assert imported_by("status", str(drive)).isdisjoint(set(HEAVY) - {"apsw", "tomllib"})
    assert "apsw" not in imported_by("versions", "--help")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_has_two_examples_and_the_exit_codes(name, capsys):
    assert main([name, "--help"]) == 0
    text = capsys.readouterr().out
    assert len(re.findall(r"^ +.*bucketdrive .*$", text.partition("Examples:")[2], re.MULTILINE)) >= 2
    assert "Exit codes: 0 done" in " ".join(text.split())


def test_the_overview_names_every_command(capsys):
    assert main([]) == 0
    without_arguments = capsys.readouterr().out
    assert main(["--help"]) == 0
    assert capsys.readouterr().out.strip() == without_arguments.strip()
    assert all(re.search(rf"^  {name} ", without_arguments, re.MULTILINE) for name in COMMANDS)


def test_version_is_told(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"bucketdrive {__version__}\n"


@pytest.mark.parametrize(
    "arguments", [["bogus"], ["versions"], ["sync", "--bogus"], ["link", "s3://b"], ["completion", "tcsh"]]
)
def test_wrong_usage_is_two_lines_on_stderr_and_exit_code_2(arguments, capsys):
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert re.fullmatch(r"error: .+\nhint: See: bucketdrive.* --help\n", told.err)


def test_an_error_with_json_is_one_object_on_stderr(capsys):
    assert main(["sync", "--json"]) == 3
    told = capsys.readouterr()
    assert told.out == ""
    fields = json.loads(told.err)
    assert (fields["error"], fields["exit_code"]) == ("no-such-drive", 3)
    assert "bucketdrive link" in fields["hint"]


def test_a_drive_that_is_not_there_is_exit_code_3_with_a_hint(capsys):
    assert main(["sync"]) == 3
    assert re.fullmatch(r"error: .*Nothing was done\.\nhint: .+\n", capsys.readouterr().err)


def test_debug_shows_where_an_error_came_from(capsys):
    main(["--debug", "sync"])
    assert "Traceback" in capsys.readouterr().err


def test_status_of_a_machine_without_drives_says_how_to_make_one(capsys):
    assert main(["status"]) == 0
    told = capsys.readouterr()
    assert told.out == "This machine has no drives.\n"
    assert "bucketdrive link" in told.err
    assert main(["status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"drives": []}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell, capsys):
    assert main(["completion", shell]) == 0
    assert "_BUCKETDRIVE_COMPLETE" in capsys.readouterr().out


def test_completion_completes_commands(monkeypatch):
    for name, value in {
        "_BUCKETDRIVE_COMPLETE": "bash_complete",
        "COMP_WORDS": "bucketdrive con",
        "COMP_CWORD": "1",
    }.items():
        monkeypatch.setenv(name, value)
    run = [sys.executable, "-m", "bucketdrive"]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["plain,conflicts"]


def test_a_reader_that_stops_early_is_no_error_to_shout_about():
    shell = f"{sys.executable} -m bucketdrive completion bash | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["/bin/bash", "-c", shell], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.strip() in ("0", "1")
