"""Playing one script on two adapters of a port, and telling where they differ."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

_SHOWN = 20
"""Steps shown before the one where two sides differ."""


class NumberedStep(Protocol):
    """A step of a script."""

    @property
    def number(self) -> int:
        """Its place in the script, from 0."""
        ...


StepT_contra = TypeVar("StepT_contra", contravariant=True)
StepT = TypeVar("StepT", bound=NumberedStep)


class Played(Protocol[StepT_contra]):
    """One of the two sides. What its methods return compares equal where the sides are."""

    def do(self, step: StepT_contra) -> Any:
        """Do a step; what came of it."""
        ...

    def end(self) -> Any:
        """What is there in the end."""
        ...


def compare(seed: int, steps: Sequence[StepT], one: Played[StepT], other: Played[StepT]) -> None:
    """Play `steps`, made from `seed`, on both sides.

    Raises:
        AssertionError: they differ; it tells where, and what was done just before.
    """
    for step in steps:
        outcomes = one.do(step), other.do(step)
        if outcomes[0] != outcomes[1]:
            before = "\n".join(map(str, steps[max(0, step.number - _SHOWN) : step.number]))
            raise AssertionError(f"seed {seed}: {step}\n  {outcomes[0]}\n  {outcomes[1]}\nafter\n{before}")
    ends = one.end(), other.end()
    if ends[0] != ends[1]:
        raise AssertionError(f"seed {seed}: in the end\n  {ends[0]}\n  {ends[1]}")
