"""A keeper by itself, where a daemon around it would be in the way."""

import asyncio

import pytest

from bucketdrive.drive.keeper import Keeper
from bucketdrive.drive.records import find_drive
from bucketdrive.errors import CredentialsError, UnavailableError


@pytest.fixture
def keep(world):
    """Runs a coroutine function with a keeper of the laptop's drive, which is closed at the end."""

    def run(play):
        async def closing():
            keeper = Keeper(find_drive(world.laptop.folder))
            try:
                await play(keeper)
            finally:
                await keeper.close()

        asyncio.run(closing())

    return run


async def up_to_date(keeper):
    """Wait until the drive is."""
    for _ in range(1500):
        if (await keeper.status()).state == "up to date":
            return
        await asyncio.sleep(0.02)
    pytest.fail(f"not up to date: {await keeper.status()}")


def test_credentials_that_expire_are_read_anew_from_the_chain_and_other_trouble_keeps_the_drive_open(keep, monkeypatch):
    async def play(keeper):
        await keeper.sync()
        first = keeper.session._open
        for error, is_kept_open in ((UnavailableError("gone"), True), (CredentialsError("expired"), False)):

            async def fail(error=error, **_):
                raise error

            with monkeypatch.context() as patch:
                patch.setattr(keeper.session, "sync", fail)
                with pytest.raises(type(error)):
                    await keeper.sync()
            assert (keeper.session._open is first) is is_kept_open
            assert (await keeper.status()).last_error == error.message
        await keeper.sync()
        assert (await keeper.status()).last_error is None

    keep(play)


def test_syncs_come_one_after_the_other_and_reading_does_not_wait(keep, world):
    world.laptop.change({"a": "one"})

    async def play(keeper):
        await keeper.sync()
        async with keeper._turn:
            waiting, history = asyncio.ensure_future(keeper.sync()), keeper.session.history
            assert [version.path for version in await keeper.reading(history.versions("a"))] == ["a"]
            assert [entry.path for entry in await keeper.reading(history.ls())] == ["a"]
            assert (await keeper.status()).files == 1
            assert [line.op for line in await keeper.log()] == ["upload"]
            assert not waiting.done()
        await waiting

    keep(play)


def test_what_it_does_not_expect_becomes_its_state_and_it_goes_on(keep, monkeypatch):
    async def play(keeper):
        async def fail(**_):
            raise ZeroDivisionError("oops")

        with monkeypatch.context() as patch:
            patch.setattr(keeper.session, "sync", fail)
            await keeper._look(None)
        status = await keeper.status()
        assert (status.state, "ZeroDivisionError" in status.last_error) == ("needs you", True)
        await keeper._look(None)
        assert (await keeper.status()).state == "up to date"

    keep(play)


def test_until_it_has_looked_at_everything_a_drive_is_not_up_to_date_whatever_was_so_before(keep, world):
    world.laptop.start({"a": "one"})
    world.laptop.change({"b": "while no daemon ran"})

    async def play(keeper):
        assert (await keeper.status()).state == "scanning"
        await keeper.sync()
        assert (await keeper.status()).state == "up to date"

    keep(play)


def test_a_change_that_is_being_looked_at_is_pending_until_it_is_done(keep, world, monkeypatch):
    async def play(keeper):
        sync, during = keeper.session.sync, asyncio.Queue()

        async def telling(**options):
            during.put_nowait(await keeper.status())
            return await sync(**options)

        monkeypatch.setattr(keeper.session, "sync", telling)
        running = asyncio.ensure_future(keeper.run())
        await during.get()  # the first look
        await up_to_date(keeper)
        world.laptop.change({"a": "one"})
        status = await during.get()
        assert (status.state, status.pending) == ("syncing", 1)
        await up_to_date(keeper)
        assert world.bucket.tree() == {"a": "one"}
        running.cancel()
        await asyncio.wait({running})

    keep(play)


async def kept(keeper, play):
    """Play while the keeper runs by itself."""
    async with asyncio.TaskGroup() as group:
        running = group.create_task(keeper.run())
        await up_to_date(keeper)
        await play()
        running.cancel()


async def until(keeper, state):
    """Wait until the drive is in a state; its status then."""
    for _ in range(1500):
        status = await keeper.status()
        if status.state == state:
            return status
        await asyncio.sleep(0.02)
    pytest.fail(f"not {state}: {status}")


def test_an_idle_drive_that_is_refused_news_says_so_until_it_gets_them(keep, monkeypatch):
    async def play(keeper):
        async def idle():
            async def refuse():
                raise CredentialsError("expired")

            with monkeypatch.context() as patch:
                patch.setattr(keeper.session, "hear", refuse)
                assert (await until(keeper, "needs you")).last_error == "expired"
            await up_to_date(keeper)

        await kept(keeper, idle)

    keep(play)


def test_what_nobody_expects_while_it_listens_ends_nothing(keep, world, monkeypatch):
    async def play(keeper):
        async def idle():
            async def fail():
                raise ZeroDivisionError("oops")

            with monkeypatch.context() as patch:
                patch.setattr(keeper.session, "hear", fail)
                assert "ZeroDivisionError" in (await until(keeper, "needs you")).last_error
            await up_to_date(keeper)
            world.laptop.change({"late": "one"})
            for _ in range(500):
                if world.bucket.tree() == {"late": "one"}:
                    break
                await asyncio.sleep(0.02)
            assert world.bucket.tree() == {"late": "one"}

        await kept(keeper, idle)

    keep(play)
