"""What goes wrong in a simulated world, and how often."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Faults:
    """All are probabilities, and 0 means never.

    Of a request: `refused` does nothing; `reply_lost` is done, but the reply does not come; `late` is executed some
    time after it timed out; `conflict` answers 409 and does nothing; `cut` gives less of a body than it said; `torn` is
    a listing without one of its rows; `stale` a listing that comes after the world went on.

    Of a step of the loop: `crash`, after which a process starts again. Of a crash: `power_cut`, that what the disk was
    about to write is lost; `state_lost`; `state_old`, that the state comes back as an earlier copy of it.

    Of a file that the engine moves: `meddling`, that its user edits it at that moment.

    Of a mishap's turn, which comes every second or so: `storm`, that nobody reaches the store for some time;
    `unmounted`, that a folder is not there; `swapped`, that another drive's folder is in its place; `full`, that a disk
    has no room; `clock_step`, that clocks jump by up to a year; `epoch`, that the operator declares the bucket
    restored; `suspended`, that versioning is off for some time; `foreign`, that another tool writes, copies or deletes
    an object.

    Of a user's edit: `kept_time`, that the file keeps its mtime; `held_open`, that a program writes to a file it opened
    before.

    Of a hint to a device that goes by hints: `unheard`, that it never comes.
    """

    refused: float = 0.0
    reply_lost: float = 0.0
    late: float = 0.0
    conflict: float = 0.0
    cut: float = 0.0
    torn: float = 0.0
    stale: float = 0.0
    crash: float = 0.0
    power_cut: float = 0.0
    state_lost: float = 0.0
    state_old: float = 0.0
    meddling: float = 0.0
    storm: float = 0.0
    unmounted: float = 0.0
    swapped: float = 0.0
    full: float = 0.0
    clock_step: float = 0.0
    epoch: float = 0.0
    suspended: float = 0.0
    foreign: float = 0.0
    kept_time: float = 0.0
    held_open: float = 0.0
    unheard: float = 0.0

    @property
    def has_mishaps(self) -> bool:
        """Whether anything can happen to a whole machine or the bucket."""
        ours = (self.storm, self.unmounted, self.swapped, self.full, self.clock_step, self.epoch, self.suspended)
        return any(ours) or self.foreign > 0
