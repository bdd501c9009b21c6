"""A past made by two devices and recorded as it was made: any folder as of any moment, and back again by undo."""

from random import Random  # noqa: TID251  seeds are where the edits come from

import pytest

from bucketdrive.testing.stage import Stage

FOLDERS = ["", "a", "a/b", "c", "c/d/e"]


def edit(random, folder, number):
    """One edit of a user: a file written, moved or deleted, in one of a few folders."""
    files = sorted(folder.files())
    where = random.choice(FOLDERS)
    path = f"{where}/{random.randint(0, 4)}.txt".lstrip("/")
    what = random.random()
    if what < 0.55 or len(files) < 3:
        folder.write(path, f"{number} {random.random()}".encode())
    elif what < 0.8:
        folder.delete(random.choice(files))
    elif path not in files:
        folder.move(random.choice(files), path)


def recorded(random, store_class):
    """A stage after a long past, and the tree at each of many moments."""
    stage, record = Stage("A", "B", store_class=store_class), {}
    stage.start_with({"a/b/0.txt": b"first", "keep": b"k"})
    for number in range(40):
        stage.wait(5)
        for name in random.sample("AB", 2):
            for _ in range(random.randint(0, 3)):
                edit(random, stage.folder(name), number)
            stage.sync(name)
        stage.settle()
        stage.wait(5)
        record[stage.wait(5)] = stage.everywhere()
    return stage, record


def below(files, folder):
    return {path: data for path, data in files.items() if not folder or path.startswith(f"{folder}/")}


@pytest.mark.parametrize("store_class", ["A", "C"])
@pytest.mark.parametrize("seed", range(3))
def test_a_folder_is_exactly_as_it_was_recorded_and_the_undo_gives_back_what_was(seed, store_class):
    random = Random(seed)
    stage, record = recorded(random, store_class)
    done = 0
    for moment in random.sample(sorted(record), 12):
        folder = random.choice(FOLDERS)
        before, wanted = stage.everywhere(), below(record[moment], folder)
        if not wanted:
            continue
        stage.wait(700)  # a guard counts what was deleted in ten minutes
        name = random.choice("AB")
        asked = stage.restore(name, folder, at_s=moment, exact=True)
        stage.world.run(stage.devices[name].process.cycle.sync(run=asked.run))
        stage.settle()
        after = stage.everywhere()
        assert (below(after, folder), asked.failed) == (wanted, []), f"seed {seed}"
        others = {path for path in before if not below({path: b""}, folder)}
        assert {path: after.get(path) for path in others} == {path: before[path] for path in others}
        if not asked.run:
            assert before == after
            continue
        stage.wait(700)
        undone = stage.undo(name, asked.run)
        stage.settle()
        assert (stage.everywhere(), undone.held, undone.failed) == (before, [], []), f"seed {seed}"
        done += 1
    assert done >= 3
