"""The settings of a bucket in memory: whether it is there, keeps versions, and what its lifecycle rules are."""

from collections import Counter
from dataclasses import replace
from typing import Literal

from bucketdrive.errors import AccessDeniedError, NoSuchBucketError
from bucketdrive.model.lifecycle import LifecycleRule

StoreClass = Literal["A", "B", "C"]
Versioning = Literal["Enabled", "Suspended", ""]


class MemorySettings:
    """What `MemoryStore` knows of its bucket as a whole. Every request begins with `_begin`."""

    def __init__(self, store_class: StoreClass, versioning: Versioning) -> None:
        self.store_class: StoreClass = store_class
        self.versioning: Versioning = versioning
        self.is_there = True
        self.lifecycle: list[LifecycleRule] = []
        self.may_destroy = True
        """Whether the credentials in use may destroy versions."""
        self.may_administer = True
        """Whether they may read and write lifecycle rules."""
        self.requests: Counter[str] = Counter()

    def head_bucket(self) -> None:
        """HeadBucket."""
        self._begin("HeadBucket")

    def create_bucket(self) -> None:
        """CreateBucket. A new one keeps the `versioning` this store was made with."""
        self.is_there = True
        self._begin("CreateBucket")

    def get_bucket_versioning(self) -> Versioning:
        """GetBucketVersioning."""
        self._begin("GetBucketVersioning")
        return self.versioning

    def enable_bucket_versioning(self) -> None:
        """PutBucketVersioning."""
        self._begin("PutBucketVersioning")
        self.versioning = "Enabled"

    def get_bucket_lifecycle(self) -> list[LifecycleRule]:
        """GetBucketLifecycleConfiguration."""
        self._begin_lifecycle("GetBucketLifecycleConfiguration")
        return list(self.lifecycle)

    def put_bucket_lifecycle(self, rules: list[LifecycleRule]) -> None:
        """PutBucketLifecycleConfiguration. In class C, numbers of versions to keep are dropped without a word."""
        self._begin_lifecycle("PutBucketLifecycleConfiguration")
        drops = self.store_class == "C"
        self.lifecycle = [replace(rule, newer_noncurrent_versions=0) if drops else rule for rule in rules]

    def _begin_lifecycle(self, operation: str) -> None:
        self._begin(operation)
        if not self.may_administer:
            raise AccessDeniedError(f"{operation} is denied. Nothing was done.")

    def _begin(self, operation: str) -> None:
        self.requests[operation] += 1
        if not self.is_there:
            raise NoSuchBucketError("The bucket does not exist. Nothing was done.")
