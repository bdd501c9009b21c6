"""What is looked at next, and when, in virtual time."""

import asyncio

import pytest

from bucketdrive.engine.attention import Attention, Pace
from bucketdrive.errors import GuardError, UnavailableError
from bucketdrive.model.hints import Hints
from bucketdrive.model.paths import RelPath
from bucketdrive.ports.watcher import Changes
from bucketdrive.testing.world import World

PACE = Pace(settle_s=0.3, longest_s=10.0, listen_s=1.0, everything_s=3600.0, blind_s=60.0)
P = RelPath("p")


class Folder:
    """A watcher that hears what a test says."""

    def __init__(self):
        self.queue = asyncio.Queue()
        self.blind = ""

        self.is_gone = False

    async def begin(self):
        if self.is_gone:
            raise GuardError("The folder is not there.")
        return Changes()

    async def wait(self):
        changes = await self.queue.get()
        if self.is_gone:
            raise GuardError("The folder was moved.")
        return changes

    def close(self): ...


class Scene:
    """Attention, what it is told, and what it has looked at by when: (seconds, hints or None for everything)."""

    def __init__(self):
        self.world = World(0)
        self.folder = Folder()
        self.told = []
        self.is_down = False
        self.looks = []
        self.attention = Attention(lambda: self.folder, self._hear, self.world, PACE)

    async def _hear(self):
        if self.is_down:
            raise UnavailableError("The store cannot be reached.")
        return self.told.pop(0) if self.told else Hints()

    def play(self, script):
        async def run():
            loop = asyncio.get_running_loop()
            gathering = loop.create_task(self.attention.run())
            looking = loop.create_task(self._look())
            await script(self)
            gathering.cancel()
            looking.cancel()

        self.world.run(run())
        self.world.close()
        return self.looks

    async def _look(self):
        while True:
            hints = await self.attention.next()
            self.looks.append((round(asyncio.get_running_loop().time(), 1), hints))

    def change(self, *names, lost=""):
        self.folder.queue.put_nowait(Changes(frozenset(names), lost))


@pytest.fixture
def scene():
    return Scene()


def names(*names):
    return Hints(names=frozenset(names))


def test_everything_is_due_first_and_then_from_time_to_time(scene):
    async def script(_):
        await asyncio.sleep(7201)

    assert scene.play(script) == [(0.0, None), (3600.0, None), (7200.0, None)]


def test_a_name_is_looked_at_when_it_has_been_quiet(scene):
    async def script(scene):
        await asyncio.sleep(5)
        for _ in range(4):
            scene.change("a")
            await asyncio.sleep(0.2)
        await asyncio.sleep(5)

    assert scene.play(script) == [(0.0, None), (5.9, names("a"))]


def test_a_name_that_is_never_quiet_is_looked_at_all_the_same(scene):
    async def script(scene):
        for _ in range(110):
            scene.change("log")
            await asyncio.sleep(0.1)

    (_, first), (at_s, second) = scene.play(script)[:2]
    assert (first, second) == (None, names("log"))
    assert at_s == pytest.approx(10.0, abs=0.2)


def test_names_that_rest_at_the_same_time_are_looked_at_together(scene):
    async def script(scene):
        await asyncio.sleep(1)
        scene.change("old/f", "new/f")
        await asyncio.sleep(1)

    assert scene.play(script) == [(0.0, None), (1.3, names("old/f", "new/f"))]


def test_what_is_told_in_the_bucket_is_looked_at_at_once(scene):
    async def script(scene):
        scene.told += [Hints(), Hints(paths=frozenset({P}))]
        await asyncio.sleep(5)

    assert scene.play(script) == [(0.0, None), (2.0, Hints(paths=frozenset({P})))]


@pytest.mark.parametrize("how", ["lost here", "too much told", "asked for"])
def test_what_was_missed_makes_everything_due(scene, how):
    async def script(scene):
        await asyncio.sleep(2.5)
        if how == "lost here":
            scene.change(lost="More changed at once than the system can tell of.")
        elif how == "too much told":
            scene.told.append(None)
        else:
            scene.attention.look_at_everything()
        await asyncio.sleep(2)

    looks = scene.play(script)
    assert [hints for _, hints in looks] == [None, None]
    assert 2.5 <= looks[1][0] <= 3.5


def test_a_machine_that_slept_looks_at_everything(scene):
    async def script(scene):
        await asyncio.sleep(5)
        scene.world.clock_step_s = 3600.0
        await asyncio.sleep(2)

    assert [hints for _, hints in scene.play(script)] == [None, None]


def test_what_could_not_be_done_is_looked_at_again_after_a_while(scene):
    async def script(scene):
        await asyncio.sleep(1)
        scene.attention.look_again(names("a"), 7.0)
        await asyncio.sleep(10)

    assert scene.play(script) == [(0.0, None), (8.0, names("a"))]


def test_or_at_once_when_the_store_answers_again(scene):
    async def script(scene):
        await asyncio.sleep(1.5)
        scene.is_down = True
        scene.attention.look_again(names("a"), 300.0)
        await asyncio.sleep(40)
        scene.is_down = False
        await asyncio.sleep(60)

    looks = scene.play(script)
    assert looks[1:] == [(looks[1][0], names("a"))]
    assert 41.5 <= looks[1][0] <= 75


def test_a_folder_that_is_not_wholly_watched_is_looked_at_more_often(scene):
    async def script(scene):
        scene.folder.blind = "The system watches no more folders."
        await asyncio.sleep(125)

    assert scene.play(script) == [(0.0, None), (60.0, None), (120.0, None)]


def test_what_was_heard_before_everything_was_looked_at_is_done(scene):
    async def script(scene):
        await asyncio.sleep(5)
        scene.change("a")
        await asyncio.sleep(0.1)
        scene.attention.looked_at_everything(asyncio.get_running_loop().time())
        scene.change("b")
        await asyncio.sleep(5)

    assert scene.play(script) == [(0.0, None), (5.4, names("b"))]


def test_a_folder_that_went_away_is_looked_at_at_once_and_when_it_is_back(scene):
    async def script(scene):
        await asyncio.sleep(2)
        scene.folder.is_gone = True
        scene.change("whatever")
        await asyncio.sleep(22)
        scene.folder.is_gone = False
        await asyncio.sleep(6)
        scene.change("a")
        await asyncio.sleep(1)

    looks = scene.play(script)
    assert looks[:2] == [(0.0, None), (2.0, None)]
    assert [hints for _, hints in looks[2:]] == [None] * (len(looks) - 3) + [names("a")]


def test_what_waits_is_counted(scene):
    async def script(scene):
        await asyncio.sleep(1.1)
        scene.change("a", "b")
        await asyncio.sleep(0.1)
        assert scene.attention.pending == 2
        await asyncio.sleep(1)
        assert scene.looks[-1][1] == names("a", "b")
        assert scene.attention.pending == 2, "they are being looked at"
        scene.change("c")
        await asyncio.sleep(0.1)
        assert scene.attention.pending == 3
        scene.attention.done()
        assert scene.attention.pending == 1

    scene.play(script)


def test_what_a_look_at_everything_takes_with_it_is_counted_until_that_is_done(scene):
    async def script(scene):
        await asyncio.sleep(1.1)
        scene.change("a", lost="too much")
        scene.attention.look_at_everything()
        await asyncio.sleep(0.1)
        assert (scene.looks[-1][1], scene.attention.pending) == (None, 1)
        scene.attention.done()
        assert scene.attention.pending == 0

    scene.play(script)
