"""What may have changed, and nothing more: a hint is never evidence, it only says where to look."""

from dataclasses import dataclass

from bucketdrive.model.paths import RelPath


@dataclass(frozen=True, slots=True)
class Hints:
    """Where to look. Each stands for itself and all below it.

    `names`: on disk here; `paths`: of files in the bucket; `folders`: of folders whose marker there was written.
    """

    names: frozenset[str] = frozenset()
    paths: frozenset[RelPath] = frozenset()
    folders: frozenset[RelPath] = frozenset()

    def __or__(self, other: "Hints") -> "Hints":
        return Hints(self.names | other.names, self.paths | other.paths, self.folders | other.folders)

    def __bool__(self) -> bool:
        return bool(self.names or self.paths or self.folders)
