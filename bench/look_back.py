"""What looking back costs a version: sweeping what the bucket keeps, and looking at a moment of what was swept.

    python bench/look_back.py [--versions 300000] [--files 100000] [--ceph 15000]

CPU of this process a version (goal: at most 12 µs for a sweep, parsing included), over replies that were made before
the clock starts: the XML of ListObjectVersions as Ceph writes it, a thousand rows a page, read by the reader that
ships, kept in a state file on disk. The network, TLS and signatures of 300 requests are not in it. With --ceph, so many
versions are put into a bucket of Ceph's and swept from there, with all that belongs to it.
"""

import argparse
import asyncio
import gc
import os
import resource
import tempfile
from pathlib import Path
from urllib.parse import quote

from bucketdrive.bucket.s3.connect import S3Location, connect
from bucketdrive.bucket.s3.listing import read_versions
from bucketdrive.drive.assembly import Silence
from bucketdrive.history.look import compare_trees, each_file
from bucketdrive.history.moments import list_moments
from bucketdrive.history.sweep import Sweeps
from bucketdrive.model.paths import KeySpace
from bucketdrive.ports.bucket import NewObject, ObjectPage
from bucketdrive.state.database import State
from small_files import running_store

GOAL_US = 12.0
PREFIX = "home/"
BEGAN_S = 1_800_000_000


class Replies:
    """A bucket that answers with pages of XML made before."""

    def __init__(self, pages: list[bytes]) -> None:
        self.pages = pages

    async def store_time_s(self, key: str) -> float:
        del key
        return float(BEGAN_S)

    async def list_object_versions(self, prefix: str, *, key_marker: str = "", version_id_marker: str = ""):
        del prefix, version_id_marker
        return read_versions(self.pages[self.page_of(key_marker)])

    async def list_objects(self, prefix: str, *, start_after: str = ""):
        del prefix, start_after
        return ObjectPage((), is_truncated=False)

    def page_of(self, key_marker: str) -> int:
        return int(key_marker.rpartition("-")[2].partition(".")[0]) + 1 if key_marker else 0


def make_pages(versions: int, files: int) -> list[bytes]:
    """The replies: each page has files of its own, whose names tell its number."""
    each = versions // files
    pages, on_page = [], 1000 // each
    for page in range(files // on_page):
        rows = []
        for number in range(on_page):
            key = quote(f"{PREFIX}projects/{page // 100:03}/photos/img-{number:05}-{page:05}.jpeg", safe="")
            rows += [
                f"<Version><Key>{key}</Key><VersionId>{page:08x}{number:08x}{age:016x}</VersionId>"
                f"<IsLatest>{'false' if age else 'true'}</IsLatest>"
                f"<LastModified>2026-11-{24 - age:02}T08:{number % 60:02}:15.{page % 1000:03}Z</LastModified>"
                f"<ETag>&quot;{page:016x}{number:016x}&quot;</ETag><Size>{1000 + number}</Size>"
                "<StorageClass>STANDARD</StorageClass><Owner><ID>u</ID><DisplayName>u</DisplayName></Owner>"
                "<Type>Normal</Type></Version>"
                for age in range(each)
            ]
        truncated = "true" if page + 1 < files // on_page else "false"
        head = f"<IsTruncated>{truncated}</IsTruncated><EncodingType>url</EncodingType>"
        xml = f'<ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{head}{"".join(rows)}'
        pages.append(f"{xml}</ListVersionsResult>".encode())
    return pages


async def nothing() -> None:
    """There are no journals."""


def cpu_s() -> float:
    """CPU of this process so far, all threads."""
    return sum(os.times()[:2])


async def measure(pages: list[bytes], versions: int, folder: Path) -> None:
    """Print the table."""
    started_s = cpu_s()
    for page in pages:
        read_versions(page)
    told("reading the XML alone", cpu_s() - started_s, versions)
    state = State.open(folder)
    sweeps = Sweeps(Replies(pages), KeySpace(PREFIX), state, nothing, Silence())
    started_s = cpu_s()
    async with sweeps.of("") as sweep:
        told(f"a sweep (goal: {GOAL_US:.0f})", cpu_s() - started_s, sweep.versions)
    size = state.run_now(
        lambda db: db.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").get
    )
    print(f"kept in {size / (1 << 20):.0f} MiB, {size / versions:.0f} bytes a version")
    started_s = cpu_s()
    async with sweeps.of(""):
        told("a sweep in the place of another", cpu_s() - started_s, versions)
    started_s, files = cpu_s(), 0
    async for _ in each_file(sweeps, "", BEGAN_S - 1):
        files += 1
    told("the tree at a moment, from it", cpu_s() - started_s, versions)
    started_s = cpu_s()
    await compare_trees(sweeps, "", BEGAN_S - 2 * 86_400, BEGAN_S - 1)
    told("what differs, from it", cpu_s() - started_s, versions)
    started_s = cpu_s()
    await list_moments(sweeps, "", 20, 10, BEGAN_S - 1)
    told("moments, from it", cpu_s() - started_s, versions)
    state.close()


async def measure_on_ceph(versions: int, folder: Path) -> None:
    """The same from a real store, and whether what is told of the past is what was put."""
    bucket, state = connect(S3Location(f"bench-{os.getpid()}")), State.open(folder)
    await bucket.create_bucket()
    await bucket.enable_bucket_versioning()
    keys, waiting = KeySpace(PREFIX), asyncio.Semaphore(16)
    files = versions // 3

    async def put(number: int) -> None:
        async with waiting:
            await bucket.put_object(keys.key(f"folder-{number % 40}/file-{number}"), b"%d" % number, NewObject({}))

    await put(-1)
    await bucket.put_object(keys.own_key("drive.json"), b"{}", NewObject({}))
    for _ in range(3):
        async with asyncio.TaskGroup() as group:
            for number in range(files):
                group.create_task(put(number))
    sweeps = Sweeps(bucket, keys, state, nothing, Silence())
    began_s, began_cpu_s = os.times().elapsed, cpu_s()
    async with sweeps.of("") as sweep:
        told("on Ceph: a sweep", cpu_s() - began_cpu_s, sweep.versions)
        print(f"{'':34} {sweep.versions} versions in {os.times().elapsed - began_s:.2f} s of wall time")
        assert sweep.versions == 3 * files + 1
    found = [past async for past in each_file(sweeps, "", sweep.began_s - 1)]
    print(f"{'':34} {len(found)} of {files + 1} files as of a second before")
    state.close()
    await bucket.aclose()


def told(what: str, cpu: float, versions: int) -> None:
    """Print a line."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what:34} {cpu / versions * 1e6:6.2f} µs a version {cpu:7.2f} s  peak memory {peak:5.0f} MiB")


def main() -> None:
    """Make the replies and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--versions", type=int, default=300_000)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--ceph", type=int, default=0, metavar="VERSIONS")
    options = parser.parse_args()
    gc.set_threshold(20_000)  # as the command line does
    pages = make_pages(options.versions, options.files)
    versions = sum(page.count(b"<Version>") for page in pages)
    print(f"{versions} versions, {len(pages)} pages, {sum(map(len, pages)) / (1 << 20):.0f} MiB of XML in memory")
    with tempfile.TemporaryDirectory(prefix="bench-look-") as folder:
        asyncio.run(measure(pages, versions, Path(folder)))
        if options.ceph:
            with running_store("ceph", Path(folder)) as variables:
                os.environ.update(variables)  # noqa: TID251
                asyncio.run(measure_on_ceph(options.ceph, Path(folder) / "state-of-ceph"))


if __name__ == "__main__":
    main()
