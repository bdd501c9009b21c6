"""Where the file system cannot exchange, or cannot refuse to replace, the contract is the same (spec §2.6)."""

import asyncio

import pytest

from bucketdrive.disk.folder import FileSystem
from bucketdrive.errors import OccupiedError
from bucketdrive.testing.contracts import disk_moves as moves
from bucketdrive.testing.contracts.disk_harness import fingerprint, run, stage
from bucketdrive.testing.contracts.folder_harness import FolderHarness

POOR = {
    "no exchange": FileSystem(may_exchange=False),
    "no renameat2": FileSystem(may_exchange=False, may_refuse_replacing=False),
}


@pytest.fixture(params=POOR)
def harness(request, parent):
    made = FolderHarness(parent, POOR[request.param])
    yield made
    made.close()


class TestInstall(moves.InstallContract): ...


class TestExchange(moves.ExchangeContract): ...


class TestAside(moves.AsideContract): ...


class TestRename(moves.RenameContract): ...


class TestFolders(moves.FolderContract): ...


def interrupt_at_move(harness, number, act):
    """Before its `number`th move, from 1, the exchange meets `act`."""
    renamer = harness.disk._moves._renamer
    move, seen = renamer.move, []

    def counted(source, target):
        seen.append(target)
        if len(seen) == number:
            act()
        move(source, target)

    renamer.move = counted


def reopened(harness):
    """The same folder after a crash of the process."""
    harness.disk.close()
    disk = type(harness.disk)(harness.path, FileSystem(may_exchange=False))
    harness.disk = disk
    asyncio.run(disk.root())
    return disk


class PowerCutError(Exception):
    """Not an OSError: nothing in between gets a chance to tidy up."""


@pytest.mark.parametrize(
    ("number", "files", "places"),
    [
        (1, {"d/a": b"old"}, {"tmp/a": b"new"}),
        (2, {"d/a": b"old"}, {"tmp/a": b"new"}),
        (3, {"d/a": b"new"}, {"quarantine/aside/1/d/a": b"old"}),
    ],
)
def test_an_exchange_cut_short_is_healed_by_the_next_process(harness, number, files, places):
    def cut():
        raise PowerCutError

    harness.write("d/a", b"old")
    expected = fingerprint(harness, "d/a")
    stage(harness, "tmp/a", b"new")
    interrupt_at_move(harness, number, cut)
    with pytest.raises(PowerCutError):
        run(harness.disk.exchange("tmp/a", "d/a", expected))
    reopened(harness)
    assert (harness.files(), harness.places()) == (files, places)


def test_a_file_that_appears_in_the_gap_stays_and_the_old_one_is_kept(harness):
    harness.write("a", b"old")
    expected = fingerprint(harness, "a")
    stage(harness, "tmp/a", b"new")
    interrupt_at_move(harness, 2, lambda: harness.write("a", b"user's"))
    with pytest.raises(OccupiedError):
        run(harness.disk.exchange("tmp/a", "a", expected))
    assert harness.files() == {"a": b"user's"}
    assert harness.places() == {"tmp/a": b"new", "quarantine/aside/1/a": b"old"}


def test_an_exchange_that_fails_puts_the_file_back(harness):
    harness.write("a", b"old")
    expected = fingerprint(harness, "a")
    stage(harness, "tmp/a", b"new")
    interrupt_at_move(harness, 2, lambda: harness.delete(".bucketdrive/tmp/a"))
    with pytest.raises(Exception, match="Nothing was changed"):
        run(harness.disk.exchange("tmp/a", "a", expected))
    assert (harness.files(), harness.places()) == ({"a": b"old"}, {})
