"""Two devices at work, their bucket recorded as they go: what looking back tells is what was recorded."""

import random  # noqa: TID251  the seed is where all its chance comes from

import pytest

from bucketdrive.engine.parts import Options
from bucketdrive.history.as_of import NOW
from bucketdrive.history.look import compare_trees, each_file, list_tree
from bucketdrive.model.history import What
from bucketdrive.testing.stage import Stage
from bucketdrive.testing.world import PREFIX

LARGE = 3000
"""From this size on, files travel in parts here."""


class Recorded:
    """A drive that two people use, and what was in the bucket in each stretch of quiet."""

    def __init__(self, seed, store_class):
        self.chance = random.Random(seed)
        options = Options(whole_bytes=LARGE, part_bytes=LARGE // 2)
        self.stage = Stage("A", "B", seed=seed, store_class=store_class, options=options)
        self.quiet = []
        """(first second, last second, sizes by path), in order."""

    def live(self):
        return {path: len(data) for path, data in self.stage.world.live().items() if not path.endswith("/")}

    def play(self, steps):
        began = int(self.stage.world.now_s())
        for _ in range(steps):
            for _ in range(self.chance.randrange(1, 4)):
                self.edit(self.stage.folder(self.chance.choice("AB")))
            first, second = self.chance.sample("AB", 2)
            self.stage.sync(first, second)
            if self.chance.random() < 0.5:
                self.stage.sync(first)
            ended, tree = int(self.stage.world.now_s()), self.live()
            self.stage.wait(self.chance.choice((0.2, 1.0, 2.5, 30.0)))
            until = int(self.stage.world.now_s()) - 1
            if ended <= until:
                self.quiet.append((ended, until, tree))
        return began

    def edit(self, folder):
        files = sorted(folder.files())
        kind = self.chance.random()
        target = f"{self.chance.choice(('', 'd/', 'd/e/', 'd-old/'))}{self.chance.choice('abcfgh')}"
        if files and kind < 0.2:
            folder.delete(self.chance.choice(files))
        elif files and kind < 0.35 and target not in files:
            folder.move(self.chance.choice(files), target)
        else:
            folder.write(target, self.chance.randbytes(self.chance.choice((0, 1, 20, 900, LARGE, 2 * LARGE + 1))))


@pytest.mark.parametrize(("seed", "store_class"), [(1, "A"), (2, "A"), (3, "B"), (4, "C")])
def test_the_tree_of_every_moment_is_what_was_recorded(seed, store_class):
    recorded = Recorded(seed, store_class)
    recorded.play(60)
    stage, chance = recorded.stage, recorded.chance
    stage.wait(100)
    stage.sync()
    sweeps, now = stage.sweeps, recorded.live()
    assert len(recorded.quiet) > 25
    swept = 0
    for place in ["", *["d", "d/e", "d-old", "a"] * 2]:
        first, last, tree = chance.choice(recorded.quiet)
        expected = {path: size for path, size in tree.items() if not place or f"{path}/".startswith(f"{place}/")}
        assert sizes(stage, sweeps, place, chance.randint(first, last)) == expected, (seed, place)
        swept = swept or stage.requests("ListObjectVersions")
    for first, last, tree in recorded.quiet:
        assert sizes(stage, sweeps, "", chance.randint(first, last)) == tree, (seed, first)
    assert stage.requests("ListObjectVersions") == swept
    assert sizes(stage, sweeps, "", NOW) == now


def sizes(stage, sweeps, place, at_s):
    async def play():
        return {past.then.key[len(PREFIX) :]: past.then.size async for past in each_file(sweeps, place, at_s)}

    return stage.world.run(play())


@pytest.mark.parametrize("seed", [5, 6])
def test_the_differences_of_any_two_moments_lead_from_one_record_to_the_other(seed):
    recorded = Recorded(seed, "A")
    recorded.play(50)
    stage, chance = recorded.stage, recorded.chance
    stage.wait(100)
    sweeps, words = stage.sweeps, set()
    for _ in range(30):
        one, other = sorted(chance.choices(recorded.quiet, k=2), key=lambda quiet: quiet[0])
        changes = stage.world.run(compare_trees(sweeps, "", one[0], other[1]))
        tree = dict(one[2])
        for change in changes:
            words.add(change.what)
            if change.before:
                assert tree.pop(change.before.path) == change.before.size
        for change in changes:
            if change.after:
                tree[change.path] = change.after.size
        assert tree == other[2], (seed, one[0], other[1])
        listed = stage.world.run(list_tree(sweeps, "", other[1]))
        assert {entry.path: entry.size for entry in listed} == other[2]
    assert words == set(What)
