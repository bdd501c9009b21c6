"""A history of many versions, made by two devices, against the record of it."""

import pytest

from bucketdrive.history.look import each_file
from bucketdrive.model.paths import KeySpace
from bucketdrive.state.runs import approve_holds
from bucketdrive.testing.seeded_past import SeededPast, etags
from bucketdrive.testing.stage import Stage
from bucketdrive.testing.world import PREFIX

KEYS = KeySpace(PREFIX)


async def files_at(stage, at_s):
    """ETag and size of each file that was live at a moment, by path."""
    return {KEYS.tail(p.then.key): (p.then.etag, p.then.size) async for p in each_file(stage.sweeps, "", at_s)}


class Simulated:
    """A device in a world of its own time."""

    def __init__(self, stage, name):
        self.stage, self.name = stage, name
        self.write, self.delete, self.move = (getattr(stage.folder(name), verb) for verb in ("save", "delete", "move"))

    def sync(self):
        """One sync by hints; deletions that are asked about are meant."""
        report = self.stage.sync_by_hints(self.name)
        device = self.stage.devices[self.name]
        while report is not None and (report.has_done_something or report.held):
            if report.held:
                device.state.run_now(approve_holds, "G3")
            assert report.failed == []
            report = self.stage.sync_by_hints(self.name)
        assert report is not None


def make_past(stage, machines, seed, files, rounds, deeds):
    """Play a history; what was recorded of it."""
    past, before = SeededPast(seed), {}
    for number in range(rounds):
        machine, other = machines[number % 2], machines[1 - number % 2]
        if number == 0:
            past.begin(machine, files)
        else:
            past.change(machine, deeds)
        machine.sync()
        other.sync()
        past.end_round(stage.world.now_s(), before)
        before = dict(past.tree)
        stage.wait(2.0)
    return past


@pytest.mark.parametrize(("files", "rounds", "deeds"), [(200, 12, 60)])
def test_the_tree_at_any_moment_is_what_it_was(files, rounds, deeds):
    stage = Stage("A", "B", seed=7)
    past = make_past(stage, [Simulated(stage, name) for name in "AB"], 7, files, rounds, deeds)
    moments = past.moments(20)
    for (at_s, _), tree in zip(moments, past.trees([at for _, at in moments]), strict=True):
        assert stage.world.run(files_at(stage, at_s)) == etags(tree)
