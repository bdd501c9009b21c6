from pathlib import Path

import pytest

from bucketdrive import errors
from bucketdrive.cli.main import COMMANDS
from bucketdrive.drive.settings import SETTINGS
from bucketdrive.rules.ignore import DEFAULT_PATTERNS

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("row", SETTINGS, ids=lambda row: row.name)
def test_every_setting_is_documented_with_its_variable_default_and_unit(row):
    _, heading, rest = (REFERENCE / "settings.md").read_text().partition(f"\n## `{row.name}`\n")
    section = " ".join(rest.partition("\n## ")[0].split())
    assert heading
    assert f"`{row.variable}`" in section
    assert row.unit in section
    assert row.help.removesuffix(".") in section or row.default == ""
    assert row.default == "" or f"default {row.default}" in section


def test_every_default_ignore_pattern_is_documented():
    text = (REFERENCE / "settings.md").read_text()
    assert set(DEFAULT_PATTERNS) <= set(text.partition("## Ignored files")[2].split())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name):
    headings = [line for line in (REFERENCE / "cli.md").read_text().splitlines() if line.startswith("## ")]
    assert any(f"`bucketdrive {name}" in heading for heading in headings)


def test_every_error_is_in_the_table_of_exit_codes():
    rows = [line.split("|") for line in (REFERENCE / "exit-codes.md").read_text().splitlines() if line.startswith("| ")]
    documented = {code.strip("`"): int(row[1]) for row in rows[1:] for code in row[3].split()}
    kinds = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.BucketDriveError)
    ]
    assert documented == {kind.code: kind.exit_code for kind in kinds}
