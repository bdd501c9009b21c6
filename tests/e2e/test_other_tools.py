"""Other people's tools write to the bucket of a drive while two devices sync it, on Ceph.

They live in an environment of their own (`make .venv-tools/ready`): they pin another SDK than we do.
"""

import json
import os
import subprocess
import unicodedata
from concurrent.futures import ThreadPoolExecutor, wait
from os import environ  # noqa: TID251  the tools are given the variables of the test
from pathlib import Path

import pytest

pytestmark = pytest.mark.stores("ceph")

TOOLS = Path(__file__).parents[2] / ".venv-tools"
ODD = [
    "odd/with  spaces .txt",
    "odd/ü.txt",
    "odd/A\u0308 in two characters.txt",
    "odd/50%2Foff.txt",
    "odd/a+b=c.txt",
    "odd/#1 & more; yes?.txt",
    'odd/it\'s "quoted" `here`.txt',
    "odd/🙂/🚲.txt",
]
LARGE = 9 << 20
PART = 5 << 20
STAMP_NS = 1_234_567_890_123_456_789


def is_normal(path):
    """Whether our keys are the path itself: they are in Unicode normal form C."""
    return unicodedata.is_normalized("NFC", path)


def large(text):
    """A text that goes up in two parts."""
    return (f"{text} " * (LARGE // (len(text) + 1) + 1))[:LARGE]


class Tool:
    """A tool beside a drive; paths are those of the drive, a path that ends in `/` is a folder."""

    def __init__(self, bucket, home):
        self.bucket = bucket
        self.home = home
        self.root = f"{bucket}/home/"

    def run(self, program, *arguments, **variables):
        """Run a program of the tools' environment; what it printed."""
        done = subprocess.run(
            [TOOLS / "bin" / program, *arguments],
            env=environ | {"TZ": "UTC", "HOME": str(self.home)} | variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


class Aws(Tool):
    """The AWS CLI."""

    def __init__(self, bucket, home):
        super().__init__(bucket, home)
        self.config = home / "aws-config"
        self.config.touch()
        for name, value in (("threshold", PART), ("chunksize", PART)):
            self._aws("configure", "set", f"default.s3.multipart_{name}", str(value))

    def _aws(self, *arguments):
        return self.run("aws", *arguments, AWS_CONFIG_FILE=str(self.config))

    def write(self, folder):
        self._aws("s3", "cp", "--recursive", str(folder), f"s3://{self.root}")

    def copy(self, source, target):
        self._aws("s3", "cp", f"s3://{self.root}{source}", f"s3://{self.root}{target}")

    def delete(self, path):
        self._aws("s3", "rm", *(["--recursive"] if path.endswith("/") else []), f"s3://{self.root}{path}")

    def versions(self, path):
        reply = self._aws("s3api", "list-object-versions", "--bucket", self.bucket, "--prefix", f"home/{path}")
        rows = json.loads(reply)
        return [row["Size"] for row in rows["Versions"]], len(rows.get("DeleteMarkers", []))

    def listing(self):
        rows = self._aws("s3", "ls", "--recursive", f"s3://{self.root}").splitlines()
        return {row[31:].removeprefix("home/"): int(row[19:30]) for row in rows}


class Rclone(Tool):
    """rclone."""

    def _rclone(self, *arguments):
        options = {
            "RCLONE_CONFIG": str(self.home / "rclone.conf"),
            "RCLONE_CONFIG_CEPH_TYPE": "s3",
            "RCLONE_CONFIG_CEPH_PROVIDER": "Ceph",
            "RCLONE_CONFIG_CEPH_ENV_AUTH": "true",
            "RCLONE_CONFIG_CEPH_REGION": environ["AWS_REGION"],
            "RCLONE_CONFIG_CEPH_ENDPOINT": environ["AWS_ENDPOINT_URL_S3"],
            **{f"RCLONE_S3_{name}": str(PART) + "B" for name in ("UPLOAD_CUTOFF", "CHUNK_SIZE", "COPY_CUTOFF")},
        }
        return self.run("rclone", *arguments, **options)

    def write(self, folder):
        self._rclone("copy", str(folder), f"ceph:{self.root}")

    def copy(self, source, target):
        self._rclone("copyto", f"ceph:{self.root}{source}", f"ceph:{self.root}{target}")

    def delete(self, path):
        self._rclone("delete" if path.endswith("/") else "deletefile", f"ceph:{self.root}{path}")

    def versions(self, path):
        """Rclone shows old versions as files `NAME-vTIME.EXT`, and a deletion as the lack of one without a time."""
        name = path.rpartition("/")[2]
        stem, dot, extension = name.rpartition(".")
        folder = path.removesuffix(name)
        rows = json.loads(self._rclone("lsjson", "--s3-versions", f"ceph:{self.root}{folder}"))
        mine = [row for row in rows if row["Name"].startswith(f"{stem}-v") and row["Name"].endswith(dot + extension)]
        live = [row for row in rows if row["Name"] == name]
        old = sorted(mine, key=lambda row: row["Name"], reverse=True)
        return [row["Size"] for row in live + old], int(not live)

    def listing(self):
        return {path: size for path, (size, _) in self.times().items()}

    def times(self):
        """Sizes and mtimes, in nanoseconds, of all files."""
        rows = self._rclone("lsjson", "-R", "--files-only", f"ceph:{self.root}")
        told = self._rclone("lsl", f"ceph:{self.root}").splitlines()
        assert len(told) == len(json.loads(rows))
        return {row[40:]: (int(row[:9]), row[10:39]) for row in told}

    def check(self, folder):
        """Whether a folder is what the bucket holds, by MD5."""
        self._rclone("check", str(folder), f"ceph:{self.root}", "--exclude", ".bucketdrive/**")


SCRIPT = """
import json, sys
from pathlib import Path
from boto3.s3.transfer import TransferConfig
from s3pathlib import S3Path
verb, root, part, *given = sys.argv[1:]
at = lambda path: S3Path(root + path)
match verb:
    case "write":
        config = TransferConfig(multipart_threshold=int(part), multipart_chunksize=int(part))
        for file in Path(given[0]).rglob("*"):
            if file.is_file():
                target = at(str(file.relative_to(given[0])))
                if file.stat().st_size > int(part):
                    target.upload_file(str(file), overwrite=True, config=config)
                else:
                    target.write_bytes(file.read_bytes())
    case "copy":
        at(given[0]).copy_to(at(given[1]), overwrite=True)
    case "delete":
        at(given[0]).delete(skip_prompt=True)
    case "versions":
        rows = at(given[0]).list_object_versions().all()
        print(json.dumps([[None if row.is_delete_marker() else row.size for row in rows], 0]))
    case "listing":
        print(json.dumps({row.key.removeprefix("home/"): row.size for row in S3Path(root).iter_objects()}))
"""


class S3pathlib(Tool):
    """s3pathlib."""

    def _run(self, verb, *given):
        return self.run("python", "-c", SCRIPT, verb, f"s3://{self.root}", str(PART), *map(str, given))

    def write(self, folder):
        self._run("write", folder)

    def copy(self, source, target):
        self._run("copy", source, target)

    def delete(self, path):
        self._run("delete", path)

    def versions(self, path):
        sizes = json.loads(self._run("versions", path))[0]
        return [size for size in sizes if size is not None], sizes.count(None)

    def listing(self):
        return json.loads(self._run("listing"))


@pytest.fixture(params=[S3pathlib, Aws, Rclone], ids=lambda kind: kind.__name__.lower())
def tool(request, world, change_folder):
    """A tool on the world's bucket."""
    if not (TOOLS / "ready").exists():
        assert environ.get("CI") != "true", "make .venv-tools/ready"
        pytest.skip("the other tools are not installed: make .venv-tools/ready")
    home = world.home / "tools"
    home.mkdir()
    return request.param(world.bucket.name, home)


@pytest.fixture
def write(tool, change_folder):
    """Lets the tool upload texts, by path."""

    def upload(texts, mtime_ns=STAMP_NS):
        folder = tool.home / f"source {len(list(tool.home.iterdir()))}"
        change_folder(folder, texts)
        for path in texts:
            os.utime(folder / path, ns=(mtime_ns, mtime_ns))
        tool.write(folder)

    return upload


@pytest.fixture
def meanwhile(world, cli):
    """Lets a tool work while both devices sync; then what all three hold."""

    def work(verb, *arguments):
        with ThreadPoolExecutor(1) as other:
            working = other.submit(verb, *arguments)
            while not working.done():
                for device in (world.laptop, world.desktop):
                    code, told = cli("sync", device.folder)
                    assert code in (0, 4), told
                wait([working], 0.5)
            working.result()
        return world.settle()

    return work


def sizes(texts):
    """What a listing of these texts is to show."""
    return {path: len(text.encode()) for path, text in texts.items()}


def files_of(listing):
    """A tool's listing without what is ours: `.bucketdrive/` and the markers of folders."""
    return {path: size for path, size in listing.items() if not path.startswith(".bucketdrive/") and path[-1:] != "/"}


def test_a_tool_beside_two_devices(world, tool, write, meanwhile):
    ours = {path.replace("odd", "ours"): f"our {path}" for path in ODD if is_normal(path)}
    texts = ours | {"ours/large.txt": large("ours")}
    world.start(texts)
    assert files_of(tool.listing()) == sizes(texts)

    theirs = {path: f"their {path}" for path in ODD} | {"odd/large.txt": large("theirs")}
    texts |= theirs
    assert meanwhile(write, theirs) == texts

    again = {path: f"{path} over it" for path in (*ODD, *ours)} | {"odd/large.txt": large("over")}
    again |= {"ours/large.txt": large("over ours")}
    texts |= again
    assert meanwhile(write, again, STAMP_NS + 7 * 10**9) == texts
    assert tool.versions(ODD[0]) == (sizes_of(again, theirs, path=ODD[0]), 0)
    assert tool.versions("odd/large.txt") == ([LARGE, LARGE], 0)
    assert files_of(tool.listing()) == sizes(texts)

    assert meanwhile(tool.delete, ODD[0]) == without(texts, ODD[0])
    assert tool.versions(ODD[0]) == (sizes_of(again, theirs, path=ODD[0]), 1)
    texts = {path: text for path, text in texts.items() if not path.startswith("odd/")}
    left = meanwhile(tool.delete, "odd/")
    assert {path: text for path, text in left.items() if path[-1] != "/"} == texts
    gone = {row["path"] for row in world.desktop.run("trash", world.desktop.folder)["deleted"]}
    assert gone >= set(theirs)


def sizes_of(*trees, path):
    return [len(tree[path].encode()) for tree in trees]


def without(texts, path):
    return {other: text for other, text in texts.items() if other != path}


def test_a_tool_that_copies_our_files_with_all_that_we_claim_of_them(world, tool, meanwhile):
    """A copy carries our op, base and hash to where they mean nothing; nobody is misled, and nothing is in conflict."""
    texts = {"made.txt": "made", "edited.txt": "first", "target.txt": "target", "large.txt": large("large")}
    world.start(texts)
    world.laptop.change({"edited.txt": "second"})
    world.laptop.sync()
    texts = world.settle()
    first = {"new ü.txt": "made.txt", "target.txt": "made.txt", "larger.txt": "large.txt"}
    then = {"made.txt": "edited.txt", "edited.txt": "target.txt", "large.txt": "new ü.txt"}
    for copies in (first, then):
        for target, source in copies.items():
            texts[target] = texts[source]
        assert (
            meanwhile(lambda copies=copies: [tool.copy(source, target) for target, source in copies.items()]) == texts
        )
    world.desktop.change({"target.txt": "edited after it", "new ü.txt": "and this"})
    world.desktop.sync()
    world.laptop.change({"large.txt": None, "larger.txt": "smaller"})
    texts |= {"target.txt": "edited after it", "new ü.txt": "and this", "larger.txt": "smaller"}
    assert world.settle() == without(texts, "large.txt")


def test_a_copy_of_an_old_version_over_the_new_one_is_meant(world):
    """As every console restores."""
    for text in ("first", "second", "third"):
        world.laptop.change({"a.txt": text})
        world.laptop.sync()
        world.desktop.sync()
    bucket, name = world.bucket, world.bucket.name
    rows, _ = bucket.rows("a.txt")
    for row, text in ((rows[2], "first"), (rows[1], "second")):
        source = {"Bucket": name, "Key": row["Key"], "VersionId": row["VersionId"]}
        bucket.s3.copy_object(Bucket=name, Key=row["Key"], CopySource=source)
        assert world.settle() == {"a.txt": text}


def test_metadata_of_ours_that_is_left_on_other_content_is_not_believed(world):
    """As tools write that keep headers when they overwrite."""
    world.start({"a.txt": "first", "b.txt": "other"})
    bucket, name = world.bucket, world.bucket.name
    head = bucket.s3.head_object(Bucket=name, Key="home/a.txt")
    for path, text in (("a.txt", "not the first"), ("b.txt", "not that either"), ("new.txt", "first?")):
        bucket.put(path, text, Metadata=head["Metadata"])
    assert world.settle() == {"a.txt": "not the first", "b.txt": "not that either", "new.txt": "first?"}


@pytest.mark.parametrize("tool", [Rclone], indirect=True)
def test_mtimes_are_kept_both_ways_with_rclone(world, tool, write, meanwhile):
    ours = {"ours.txt": "ours", "ours ü.txt": "more", "large.txt": large("ours")}
    world.laptop.change(ours)
    stamps = {path: STAMP_NS + number * 1_000_000_001 for number, path in enumerate(ours)}
    for path, stamp_ns in stamps.items():
        os.utime(world.laptop.folder / path, ns=(stamp_ns, stamp_ns))
    world.laptop.sync()
    world.desktop.sync()
    shown = {path: told for path, told in tool.times().items() if not path.startswith(".bucketdrive/")}
    assert shown == {
        "ours.txt": (4, "2009-02-13 23:31:30.123456789"),
        "ours ü.txt": (4, "2009-02-13 23:31:31.123456790"),
        "large.txt": (LARGE, "2009-02-13 23:31:32.123456791"),
    }
    theirs = {"theirs.txt": "theirs", "their large.txt": large("theirs")}
    assert meanwhile(write, theirs, STAMP_NS - 1) == ours | theirs
    stamps |= dict.fromkeys(theirs, STAMP_NS - 1)
    for device in (world.laptop, world.desktop):
        assert {path: (device.folder / path).stat().st_mtime_ns for path in stamps} == stamps
        tool.check(device.folder)
