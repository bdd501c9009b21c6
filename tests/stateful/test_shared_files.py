"""Devices that share files, driven by hypothesis: whatever happens, some order of steps of a simple model explains it.

A failure shrinks to a short script: the rules below, with their arguments, in the order in which they were played.
"""

import contextlib
from functools import partial
from random import Random  # noqa: TID251  its seeds are what hypothesis chooses

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from bucketdrive.engine.parts import Options
from bucketdrive.errors import BucketDriveError, UnknownOutcomeError
from bucketdrive.rules.names import is_conflict_name
from bucketdrive.testing.crash_points import CrashPoint
from bucketdrive.testing.faults import Faults
from bucketdrive.testing.file_model import Ending, SharedFile
from bucketdrive.testing.memory_bucket import MemoryBucket
from bucketdrive.testing.world import PREFIX, Device, World

PATHS = ("a", "b")
WRITES = ("put_object", "delete_object", "copy_object", "complete_multipart_upload")

KINDS = ("plain", "moving", "in parts")
"""Moving: both paths have the same texts, so that what is new may be a move, which nobody then edits midway. In parts:
what a device and another tool make of one text has two ETags, so the tool's texts are its own."""

names = st.runner().flatmap(lambda machine: st.sampled_from(sorted(machine.devices)))
paths = st.sampled_from(PATHS)
texts = st.sampled_from(["v1", "v2", "v3"])
busy_names = st.runner().flatmap(lambda machine: st.sampled_from(machine.busy()))
few = st.integers(0, 12)


class Machine(RuleBasedStateMachine):
    """Two or three devices, two files, one bucket. What each rule may bring about is told to the model of each file."""

    @initialize(devices=st.sampled_from(["AB", "ABC"]), kind=st.sampled_from(KINDS))
    def begin(self, devices, kind):
        self.world = World(0)
        self.order, self.world.random = self.world.random, Random(0)
        options = Options(whole_bytes=1, part_bytes=1) if kind == "in parts" else Options()
        self.devices = {name: Device(self.world, name, options) for name in devices}
        self.files = {path: SharedFile(path, len(devices)) for path in PATHS}
        self.kind = kind
        self.late = []
        for name in devices:  # the first sync after linking goes by the history of versions
            self.run_sync(name)

    def run(self, work, order=0):
        """Run `work`, what is ready at one moment in an `order` that nothing before has a part in."""
        self.order.seed(order)
        return self.world.run(work)

    def run_sync(self, name, order=0):
        return self.run(self.devices[name].sync(), order)

    def text(self, path, text):
        return text if self.kind == "moving" else f"{text} of {path}"

    def number(self, name):
        return list(self.devices).index(name)

    def folder(self, name):
        return self.devices[name].folder

    def see(self, copies=None):
        """Tell the model what is where now."""
        live = self.world.live()
        for path, file in self.files.items():
            here = [device.folder.files().get(path) for device in self.devices.values()]
            local = [None if data is None else data.decode() for data in here]
            server = live[path].decode() if path in live else None
            file.see(server, local, None if copies is None else copies[path])

    def work(self, *workers, ending=Ending.WHOLE):
        for file in self.files.values():
            file.work([self.number(name) for name in workers], ending)

    def busy(self):
        """Devices for which there is something to do."""
        states = [state for file in self.files.values() for state in file.states]
        return [name for name in self.devices if any(any(state.steps(self.number(name))) for state in states)]

    # --- users --------------------------------------------------------------------------------------------------------

    def user_writes(self, name, path, text, *, comes_along=False):
        """Or deletes, where `text` is None; as editors save. What `comes_along` becomes the conflict copy."""
        if text is not None:
            self.folder(name).save(path, text.encode())
        elif path in self.folder(name).files():
            self.folder(name).delete(path)
        else:
            return
        self.files[path].write(self.number(name), text, comes_along=comes_along)

    @rule(name=names, path=paths, text=texts)
    def write(self, name, path, text):
        self.user_writes(name, path, self.text(path, text))

    @rule(path=paths, one=texts, other=texts)
    def two_write(self, path, one, other):
        self.user_writes("A", path, self.text(path, one))
        self.user_writes("B", path, self.text(path, other))

    @rule(name=names, path=paths)
    def delete(self, name, path):
        self.user_writes(name, path, None)

    @precondition(lambda self: self.kind == "moving")
    @rule(name=names, path=paths)
    def move(self, name, path):
        """To the other path, over what is there."""
        folder, target = self.folder(name), "ab".replace(path, "")
        if path in folder.files():
            text = folder.files()[path].decode()
            folder.move(path, target)
            self.files[path].write(self.number(name), None)
            self.files[target].write(self.number(name), text)

    # --- syncs --------------------------------------------------------------------------------------------------------

    @rule(name=names)
    def sync(self, name):
        report = self.run_sync(name)
        assert report is not None
        assert (report.held, report.failed) == ([], [])
        self.work(name)
        for file in self.files.values():
            file.rest(self.number(name))
        self.see()

    @precondition(busy)
    @rule(name=busy_names, effects=few)
    def sync_until_a_crash(self, name, effects):
        device = self.devices[name]
        self.order.seed(0)
        CrashPoint(device, effects).run(device.process.cycle.sync)
        self.work(name, ending=Ending.KILLED)
        self.see()

    @precondition(busy)
    @rule(name=busy_names, effects=few, is_kept=st.booleans())
    def sync_until_a_power_cut(self, name, effects, is_kept):
        """`is_kept`: what the disk was about to write is there afterwards."""
        device = self.devices[name]

        def cut_power(device):
            device.crash()
            device.boots += 1
            device.folder.tree.lose_unsynced(lambda: float(is_kept))

        self.order.seed(0)
        CrashPoint(device, effects, cut_power).run(device.process.cycle.sync)
        self.work(name, ending=Ending.CUT)
        self.see()

    @precondition(busy)
    @rule(name=busy_names, writes=st.integers(0, 3), is_late=st.booleans())
    def sync_without_a_reply(self, name, writes, is_late):
        """The store does not answer one write: it was done, or `is_late`, will be done some time."""
        self.fail_a_write(name, writes, is_late)
        self.run_sync(name)
        self.devices[name].crash()
        self.work(name, ending=Ending.KILLED)
        self.see()

    def fail_a_write(self, name, writes, is_late):
        bucket = self.devices[name].process.parts.bucket
        left = [writes]

        def wrap(method):
            original = getattr(bucket, method)

            async def unanswered(key, *args, **kwargs):
                left[0] -= 1
                if left[0] != -1:
                    return await original(key, *args, **kwargs)
                if is_late:
                    call = getattr(MemoryBucket(self.world.store), method)
                    self.late.append((name, partial(call, key, *args, **kwargs)))
                else:
                    await original(key, *args, **kwargs)
                raise UnknownOutcomeError("No reply came.")

            bucket.__dict__[method] = unanswered

        for method in WRITES:
            wrap(method)

    @precondition(lambda self: self.late)
    @rule()
    def late_write_comes(self):
        name, request = self.late.pop(0)
        with contextlib.suppress(BucketDriveError):
            self.run(request())
        live = self.world.live()
        for path, file in self.files.items():
            file.land(self.number(name), live[path].decode() if path in live else None)
        self.see()

    @precondition(busy)
    @rule(one=busy_names, other=names, order=st.integers(0, 999))
    def sync_both(self, one, other, order):
        """At the same time."""

        async def both():
            loop = self.world.loop
            tasks = [loop.create_task(self.devices[name].sync()) for name in sorted({one, other})]
            return [await task for task in tasks]

        reports = self.run(both(), order)
        assert all(report is not None for report in reports)
        self.work(one, other)
        self.see()

    @precondition(lambda self: self.kind != "moving" and self.busy())
    @rule(name=busy_names, path=paths, text=texts | st.none(), steps=st.integers(0, 50))
    def sync_while_a_user_writes(self, name, path, text, steps):
        """After so many steps; or deletes, where `text` is None."""
        text = None if text is None else self.text(path, text)
        self.sync_midst(name, steps, lambda: self.user_writes(name, path, text))

    @precondition(busy)
    @rule(name=busy_names, path=paths, text=texts | st.none(), steps=st.integers(0, 50))
    def sync_while_another_tool_writes(self, name, path, text, steps):
        """After so many steps; or deletes, where `text` is None."""
        self.sync_midst(name, steps, lambda: self.tool_writes(path, text))

    def sync_midst(self, name, steps, act):
        loop, is_over, acted = self.world.loop, [], []

        def at_step():
            if not is_over:
                acted.append(True)
                self.work(name)
                act()

        loop.call_at_step(loop.steps + steps, at_step)
        assert self.run_sync(name) is not None
        is_over.append(True)
        self.work(name)
        if not acted:
            act()
        self.see()

    @precondition(lambda self: self.kind != "moving" and self.busy())
    @rule(name=busy_names, text=texts | st.none())
    def sync_while_a_user_writes_at_the_last_moment(self, name, text):
        """To each file that the engine is about to move."""

        def write(path):
            if path in self.files:
                self.work(name)
                self.user_writes(name, path, None if text is None else self.text(path, text), comes_along=True)

        self.devices[name].on_meddling = write
        self.world.faults = Faults(meddling=1.0)
        assert self.run_sync(name) is not None
        self.world.faults = Faults()
        self.work(name)
        self.see()

    # --- another tool -------------------------------------------------------------------------------------------------

    def tool_writes(self, path, text):
        """Or deletes, where `text` is None."""
        if text is not None:
            text = self.text(path, text) + (" in one" if self.kind == "in parts" else "")
            self.world.store.put(PREFIX + path, text.encode())
        elif path in self.world.live():
            self.world.store.delete(PREFIX + path)
        else:
            return
        self.files[path].put(text)

    @rule(path=paths, text=texts | st.none())
    def other_tool_writes(self, path, text):
        self.tool_writes(path, text)

    # --- the end ------------------------------------------------------------------------------------------------------

    @rule()
    def stabilize(self):
        """All requests are executed, all devices sync until nothing is to be done: all sides are then as one."""
        while self.late:
            self.late_write_comes()
        for _ in range(8):
            reports = [self.run_sync(name) for name in self.devices]
            if not any(report is None or report.has_done_something for report in reports):
                break
        else:
            raise AssertionError("they do not come to rest")
        live = {path: data for path, data in self.world.live().items() if path[-1] != "/"}
        for device in self.devices.values():
            assert device.folder.files() == live
        self.work(*self.devices)
        for file in self.files.values():
            for number in range(len(self.devices)):
                file.rest(number)
        assert {path for path in live if not is_conflict_name(path)} <= set(PATHS)
        self.see(
            {path: [live[copy].decode() for copy in live if copy.startswith(f"{path} (conflict ")] for path in PATHS}
        )

    def teardown(self):
        if hasattr(self, "world"):
            self.stabilize()
            self.world.close()


BRIEF = settings(
    max_examples=100,
    stateful_step_count=20,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)

TestSharedFiles = pytest.mark.timeout(400)(Machine.TestCase)  # a failing script takes minutes to be made short
TestSharedFiles.settings = BRIEF


@pytest.mark.long
@pytest.mark.timeout(600)
def test_many_more_scripts_are_explained_too():
    run_state_machine_as_test(Machine, settings=settings(BRIEF, max_examples=1000, stateful_step_count=30))


def test_what_is_put_back_after_a_deletion_was_begun_is_a_new_file():
    machine = Machine()
    machine.begin(devices="AB", kind="moving")
    machine.other_tool_writes(path="b", text="v1")
    machine.stabilize()
    machine.delete(name="A", path="b")
    machine.move(name="B", path="b")
    machine.sync_until_a_power_cut(effects=8, is_kept=False, name="B")
    machine.move(name="B", path="a")
    machine.teardown()
