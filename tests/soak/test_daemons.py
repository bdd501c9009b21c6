"""A device that a daemon keeps: when its word counts, and that it sees how a daemon ended."""

import asyncio
import time

import pytest

from soak.daemons import DaemonMachine
from soak.traffic import Traffic

SETTLE_S = 0.5
LONG_AGO, LATER = "2020-01-01T00:00:00.000Z", "2099-01-01T00:00:00.000Z"


@pytest.fixture
def machine(hands, account, log, tmp_path):
    variables = {"BUCKETDRIVE_STATE_DIR": str(tmp_path / "state")}
    return DaemonMachine(hands, variables, Traffic("laptop"), account, log, SETTLE_S)


@pytest.fixture
def daemon(tmp_path):
    """Plays a coroutine function while a daemon answers as it is told to."""

    def play(script, **told):
        status = {"state": "up to date", "pending": 0, "synced_at": LATER, "last_error": None, "held": []} | told

        async def answer(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            body = repr({"drives": [status]}).replace("'", '"').replace("None", "null")
            writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode())
            writer.close()

        async def run():
            socket = tmp_path / "state" / "daemon" / "api.sock"
            socket.parent.mkdir(parents=True, exist_ok=True)
            async with await asyncio.start_unix_server(answer, socket):
                return await script()

        return asyncio.run(run())

    return play


@pytest.mark.parametrize(
    ("told", "counts"),
    [
        ({}, True),
        ({"pending": 1}, False),
        ({"state": "syncing"}, False),
        ({"state": "scanning"}, False),
        ({"state": "needs you"}, True),
        ({"state": "needs you", "synced_at": LONG_AGO}, False),
        ({"state": "needs you", "last_error": "a: denied"}, False),
        ({"held": [{"path": "a", "reason": "r"}]}, False),
        ({"held": [{"path": "b", "reason": "r"}]}, True),
    ],
)
def test_a_daemon_is_taken_at_its_word_when_it_says_that_all_is_done(machine, daemon, account, told, counts):
    data = account.new_content("laptop", "a", 100)
    account.place("laptop", "a", data, time.monotonic() - 2)
    fresh = account.new_content("laptop", "new", 100)
    account.place("laptop", "new", fresh, time.monotonic())
    machine._began_at = "2026-01-01T00:00:00.000000+00:00"
    daemon(machine._look, **told)
    account.supersede(data)
    account.supersede(fresh)
    assert [note.what for note in account.replaced.values()] == ([account.name(data)] if counts else [])


def test_where_no_daemon_answers_nothing_is_said(machine):
    assert asyncio.run(machine._look()) is None
    assert machine.tally.up_to_date == 0


class Ended:
    """A process that has ended."""

    pid = 1

    def __init__(self, code):
        self.returncode = code


@pytest.mark.parametrize(
    ("code", "killed_at", "said", "is_wrong"),
    [
        (0, "", "t INFO started drives=1", False),
        (-9, "upload", "t INFO started drives=1", False),
        (-15, "", "", False),
        (-15, "", "t INFO started drives=1", True),
        (-9, "", "t INFO started drives=1", True),
        (1, "", "t INFO started drives=1", True),
        (0, "", "t INFO started drives=1\nt ERROR unexpected folder=/f", True),
    ],
)
def test_a_daemon_that_ends_as_none_should_is_wrong(machine, code, killed_at, said, is_wrong):
    machine._judge_end(Ended(code), (b"", said.encode()), killed_at)
    assert bool(machine.wrong) is is_wrong
