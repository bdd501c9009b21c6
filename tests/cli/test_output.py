import io
import json

import pytest

from bucketdrive.cli import output
from bucketdrive.errors import GuardError


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (1024**2 - 1, "1.0 MiB"),
        (3 * 1024**4, "3.0 TiB"),
    ],
)
def test_sizes_are_in_iec_units(size, text):
    assert output.size_text(size) == text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain é 日本 😀", "plain é 日本 😀"),
        ("a\nb\x1b[31m", "a\\x0ab\\x1b[31m"),
        ("caf\udce9", "caf\\xe9"),
        ("exe\u202egpj", "exe\\u202egpj"),
        ("csi\x9b", "csi\\x9b"),
    ],
)
def test_names_that_could_steer_a_terminal_are_escaped(name, shown):
    assert output.safe(name) == shown


def test_a_table_is_aligned_also_with_wide_letters(capsys):
    output.show_table(("PATH", "SIZE"), [("a", "1.0 KiB"), ("日本", "12 B"), ("e\u0301\n", "3 B")], right=(1,))
    assert capsys.readouterr().out.splitlines() == [
        "PATH      SIZE",
        "a      1.0 KiB",
        "日本      12 B",
        "e\u0301\\x0a      3 B",
    ]


def test_an_error_is_a_line_and_a_hint(capsys):
    output.show_error(GuardError("It stopped.\x1b", hint="Do this.", path="a"), as_json=False)
    assert capsys.readouterr().err == "error: It stopped.\\x1b\nhint: Do this.\n"


def test_an_error_as_json_has_all_that_a_program_needs(capsys):
    output.show_error(GuardError("It stopped.", hint="Do this.", path="a"), as_json=True)
    expected = {"error": "guard", "message": "It stopped.", "hint": "Do this.", "path": "a", "exit_code": 7}
    assert json.loads(capsys.readouterr().err) == expected


def test_json_is_ascii_whatever_names_hold(capsys):
    output.show_json({"path": "é\x9b\udce9"})
    assert capsys.readouterr().out.isascii()


def test_no_line_is_redrawn_where_stderr_is_no_terminal(monkeypatch):
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert not output.may_redraw()


def test_counts_have_their_noun():
    assert [output.count_text(number, "entry") for number in (0, 1, 2000)] == ["0 entries", "1 entry", "2,000 entries"]
