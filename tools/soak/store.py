"""The store and its bucket: Ceph started for a soak, and what a bucket holds as any S3 tool sees it, by boto3."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from soak.account import Account
from soak.contents import digest_of

PREFIX = "home/"
OWN = f"{PREFIX}.bucketdrive/"
_RGW = Path(__file__).parents[1] / "rgw.py"
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Store:
    """Where a store answers, and whose it is."""

    url: str
    access_key: str
    secret_key: str
    region: str

    @property
    def variables(self) -> dict[str, str]:
        """The environment of whoever uses it, but for its address."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": self.region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }


@contextmanager
def running_store(folder: Path, known: Path | None = None) -> Iterator[Store]:
    """A Ceph in `folder`, ended afterwards; or the one that tools/rgw.py keeps running in the folder `known`."""
    if known is not None:
        yield _told(known)
        return
    variables = os.environ | {"BUCKETDRIVE_RGW_DIR": str(folder), "BUCKETDRIVE_RGW_PORT": "0"}
    try:
        subprocess.run([sys.executable, _RGW, "start"], env=variables, stdout=subprocess.DEVNULL, check=True)
        yield _told(folder)
    finally:
        subprocess.run([sys.executable, _RGW, "stop"], env=variables, check=False)


def _told(folder: Path) -> Store:
    told = json.loads((folder / "store.json").read_text())
    return Store(told["endpoint_url"], told["user"]["access_key"], told["user"]["secret_key"], told["region"])


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a file, or a delete marker (`digest` empty). `what` names its content."""

    key: str
    version_id: str
    is_latest: bool
    modified: str
    digest: str
    what: str


class Bucket:
    """A bucket with versions, of which a drive has the prefix `home/`."""

    def __init__(self, store: Store, name: str) -> None:
        """`name`: of a bucket that is there, or is made by `create`."""
        self.name = name
        self.s3: Any = boto3.client(
            "s3",
            endpoint_url=store.url,
            region_name=store.region,
            aws_access_key_id=store.access_key,
            aws_secret_access_key=store.secret_key,
        )

    def create(self) -> None:
        """Make it."""
        self.s3.create_bucket(Bucket=self.name)
        self.s3.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": "Enabled"})

    def live(self) -> dict[str, str]:
        """All live keys of the drive without its prefix, with their SHA-256; folders' markers end with `/`."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=PREFIX)
        rows = [row["Key"] for page in pages for row in page.get("Contents", [])]
        keys = [key for key in rows if not key.startswith(OWN)]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            bodies = pool.map(lambda key: digest_of(self._read(Key=key)), keys)
            return {key.removeprefix(PREFIX): digest for key, digest in zip(keys, bodies, strict=True)}

    def versions(self, account: Account) -> list[Version]:
        """All versions and markers of files, by key, each key's newest first."""
        pages = self.s3.get_paginator("list_object_versions").paginate(Bucket=self.name, Prefix=PREFIX)
        rows = [
            row | {"is_marker": kind == "DeleteMarkers"}
            for page in pages
            for kind in ("Versions", "DeleteMarkers")
            for row in page.get(kind, [])
            if not row["Key"].startswith(OWN) and not row["Key"].endswith("/")
        ]

        def read(row: dict[str, Any]) -> Version:
            digest = what = ""
            if not row["is_marker"]:
                data = self._read(Key=row["Key"], VersionId=row["VersionId"])
                digest, what = digest_of(data), account.name(data)
            modified = row["LastModified"].isoformat()
            key = row["Key"].removeprefix(PREFIX)
            return Version(key, row["VersionId"], row["IsLatest"], modified, digest, what)

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = list(pool.map(read, rows))
        found.sort(key=lambda version: version.modified, reverse=True)
        return sorted(found, key=lambda version: version.key)

    def metadata(self, version: Version) -> dict[str, str]:
        """What a version's metadata says of it."""
        found: dict[str, str] = self.s3.head_object(
            Bucket=self.name, Key=PREFIX + version.key, VersionId=version.version_id
        )["Metadata"]
        return found

    def open_uploads(self) -> int:
        """How many uploads in parts were begun and neither completed nor given up."""
        return len(self.s3.list_multipart_uploads(Bucket=self.name).get("Uploads", []))

    def _read(self, **what: str) -> bytes:
        data: bytes = self.s3.get_object(Bucket=self.name, **what)["Body"].read()
        return data
