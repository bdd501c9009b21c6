"""What a file that several devices share may be by now, after what was seen: the oracle of the stateful tests.

The model is that of "Mysteries of Dropbox" (Hughes, Pierce, Arts, Norell, ICST 2016): the value in the bucket, the set
of conflicting values, and for each device its local value and whether that is fresh and clean. Devices act unseen, in
steps; a test passes if some order of steps explains all that was seen. So all states are kept that may be, and what is
seen rules states out; when none is left, the engine did something that nothing explains.

Fresh and clean are told by content, as the engine does: `base` is what device and bucket last agreed on, so a device is
fresh where that is in the bucket, and clean where it is in its folder. Nothing (a deletion) is a value like any other.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

Value = str | None
"""A file's content; None where no file is."""


class Ending(Enum):
    """How the work of a device ends, and with that, what it may have done and not written down."""

    WHOLE = "whole"
    KILLED = "killed"
    """That it deleted in the bucket: a delete marker does not tell whose it is, so if another puts the same content
    there again, the device takes it for what its user deleted. It may have written down that it is about to delete."""
    CUT = "cut"
    """The power went: that, or that what stands in its folder came from the bucket."""


@dataclass(frozen=True, slots=True)
class FileState:
    """One state of the model.

    `late`: values that requests of devices put where nothing was, long after they were sent. Those may be taken back by
    the device that sent them, as it knows them for what they are. `forsaken_by`: devices that wrote down that they
    delete this file and did not get as far. What their users put there again is a new file.
    """

    local: tuple[Value, ...]
    base: tuple[Value, ...]
    server: Value = None
    conflicts: frozenset[str] = frozenset()
    late: frozenset[tuple[int, str]] = frozenset()
    forsaken_by: frozenset[int] = frozenset()

    def write(self, device: int, value: Value) -> "FileState":
        """A user's write or deletion."""
        written = replace(self, local=_with(self.local, device, value))
        return written if value is None or device not in self.forsaken_by else written.agree(device, None)

    def agree(self, device: int, value: Value) -> "FileState":
        """A device takes `value` for what it and the bucket last agreed on."""
        return replace(self, base=_with(self.base, device, value), forsaken_by=self.forsaken_by - {device})

    def steps(self, device: int, *, ending: Ending = Ending.WHOLE) -> Iterator["FileState"]:
        """What a device may do next; nothing where it is at rest."""
        local, base, server = self.local[device], self.base[device], self.server
        agreed = self.agree(device, server)
        if local == server != base:
            yield agreed
        elif local == base != server or (local is None and server not in (base, None)):
            yield agreed.write(device, server)  # down; an edit beats a deletion
            if ending is Ending.CUT:
                yield self.write(device, server)
        elif local != base and (server == base or server is None):
            if local is None and ending is not Ending.WHOLE:
                yield replace(self, server=None, late=frozenset())
                yield replace(self, forsaken_by=self.forsaken_by | {device})
            yield replace(self.agree(device, local), server=local, late=frozenset())  # up
        elif local != base and local is not None:
            yield self.aside(device, local)

    def aside(self, device: int, value: str) -> "FileState":
        """A device's file has become a conflict copy of its value."""
        return replace(self.agree(device, None), conflicts=self.conflicts | {value}).write(device, None)

    def regrets(self, device: int) -> Iterator["FileState"]:
        """A device may take back what a request of its own put into the bucket long after it was sent."""
        if self.server is not None and (device, self.server) in self.late:
            yield replace(self, server=None, late=frozenset())


def _with(values: tuple[Value, ...], device: int, value: Value) -> tuple[Value, ...]:
    return (*values[:device], value, *values[device + 1 :])


class SharedFile:
    """All states in which one file may be. Every method changes them; `see` raises where none is left."""

    def __init__(self, path: str, devices: int) -> None:
        self._path = path
        nothing = (None,) * devices
        self.states = {FileState(nothing, nothing)}

    def _all(self, change: Callable[[FileState], Iterable[FileState]]) -> None:
        self.states = {after for state in self.states for after in change(state)}

    def write(self, device: int, value: Value, *, comes_along: bool = False) -> None:
        """A user writes or deletes. `comes_along`: at the moment at which the file may become a conflict copy."""
        before = self.states
        self._all(lambda state: [state.write(device, value)])
        if comes_along and value is not None:
            asides = {state: state.aside(device, state.local[device] or "") for state in before}
            self.states |= {
                replace(aside, conflicts=state.conflicts | {value})
                for state, aside in asides.items()
                if aside in state.steps(device)
            }

    def put(self, value: Value) -> None:
        """Another tool puts or deletes."""
        self._all(lambda state: [replace(state, server=value, late=frozenset())])

    def work(self, devices: Sequence[int], ending: Ending = Ending.WHOLE) -> None:
        """Devices do as much as they like of what there is to do."""
        fresh = self.states
        while fresh:
            fresh = {
                after
                for state in fresh
                for device in devices
                for after in (*state.steps(device, ending=ending), *state.regrets(device))
            } - self.states
            self.states |= fresh

    def rest(self, device: int) -> None:
        """The device has nothing more to do."""
        self._all(lambda state: [] if any(state.steps(device)) else [state])

    def land(self, device: int, value: Value) -> None:
        """A request of a device was executed late, or was refused; `value` is in the bucket now."""
        self._all(lambda state: {state, *_landed(state, device, value)})

    def see(self, server: Value, local: Sequence[Value], conflicts: Iterable[str] | None = None) -> None:
        """What is where now; with `conflicts`, which values have conflict copies.

        Raises:
            AssertionError: no state of the model explains it.
        """
        seen, before = (server, tuple(local)), self.states
        copies = None if conflicts is None else frozenset(conflicts)
        self.states = {
            state for state in before if (state.server, state.local) == seen and copies in (None, state.conflicts)
        }
        if not self.states:
            told = f"bucket {server!r}, devices {list(local)}" + (
                "" if copies is None else f", copies {sorted(copies)}"
            )
            may = "\n".join(f"  {state}" for state in sorted(before, key=repr))
            raise AssertionError(f"{self._path}: {told}\nnone of these explains it:\n{may}")


def _landed(state: FileState, device: int, value: Value) -> Iterator[FileState]:
    landed = replace(state, server=value, late=frozenset())
    yield replace(landed, base=_with(state.base, device, value))
    yield landed
    if value is not None and state.server is None:
        yield replace(landed, late=frozenset({(device, value)}))
