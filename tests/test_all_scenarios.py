"""Every named scenario of spec §3.6 is a test that bears its number, on the fakes of `bucketdrive.testing`."""

import ast
import re
from pathlib import Path

ON_FAKES = Path(__file__).with_name("engine")
SCENARIOS = range(1, 69)


def numbers(folder):
    """The numbers at the beginning of the names of the tests in a folder: one, or several that are played at once."""
    trees = [ast.parse(path.read_text()) for path in folder.rglob("test_*.py")]
    names = [node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    leads = [match[0] for name in names if (match := re.match(r"test(_\d\d(?!\d))+", name))]
    return {int(number) for lead in leads for number in re.findall(r"\d\d", lead)}


def test_no_scenario_is_missing():
    assert set(SCENARIOS) - numbers(ON_FAKES) == set()
