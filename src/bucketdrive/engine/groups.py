"""Groups of tasks: what a group of errors means to those who wait for one."""

from bucketdrive.errors import BucketDriveError


def sole_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error that stopped a group of tasks: ours before others, and the first of ours."""
    leaves = list(_leaves(group))
    return next((error for error in leaves if isinstance(error, BucketDriveError)), leaves[0])


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
    return [error]
