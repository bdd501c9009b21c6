"""Named scenarios of spec §3.6 in which something happens at the moment of a request, or to it, on the embedded store.

Most have a file of their own in one drive: `p21` is that of scenario 21. So a few syncs play them all.
"""

import io
import re
from dataclasses import dataclass, field

import pytest

GONE = None
LISTING = ("GET", "the list of keys")


@dataclass(frozen=True)
class End:
    """How a scenario ends: the text of its file, the text that is a conflict copy, by author, and what was put."""

    text: str | None
    histories: tuple
    copy: tuple = ()


ENDS = {
    "21 edit during an upload": End("v3", ((["v3", "v2", "v1"], 0), (["v3", "v1"], 0))),
    "22 edit during a download": End("v2", ((["v2", "v1"], 0),), ("desktop", "v3")),
    "25 creation during a download": End("v2", ((["v2"], 0),), ("desktop", "v1")),
    "26 lost reply": End("v2", ((["v2", "v1"], 0),)),
    "27 lost reply, then edit": End("v3", ((["v3", "v2", "v1"], 0),)),
    "28 lost reply, and an edit on top": End("v3", ((["v3", "v2", "v1"], 0),)),
    "29 late creation, after a deletion": End(GONE, ((["v1"], 1),)),
    "30 late put, after a newer one": End("v3", ((["v3", "v1"], 0),)),
    "31 lost reply of a deletion": End(GONE, ((["v1"], 1), (["v1"], 2))),
    "32 refused three times": End("v2", ((["v2", "v1"], 0),)),
    "33 refused as another was faster": End("v3", ((["v3", "v1"], 0),), ("laptop", "v2")),
}
PATHS = [f"p{name[:2]}" for name in ENDS]


class Moments:
    """A store's WSGI application, to requests of which something happens, once for each that was told of.

    `moments`: by method and end of the path, what answers in place of the store.
    """

    def __init__(self, app):
        self._app = app
        self.moments = {}

    def __call__(self, environ, start_response):
        asked = environ["REQUEST_METHOD"], environ["PATH_INFO"].rpartition("/")[2]
        answers = self.moments.get(LISTING if "list-type" in environ["QUERY_STRING"] else asked)
        if not answers:
            return self._app(environ, start_response)
        return answers.pop(0)(Request(self._app, environ, start_response))

    def at(self, method, path, *answers):
        """Let `answers` answer the next such requests."""
        self.moments[method, path] = list(answers)


@dataclass
class Request:
    """A request on its way to the store."""

    app: object
    environ: dict
    start_response: object
    status: str = ""
    headers: list = field(default_factory=list)

    def __post_init__(self):
        length = int(self.environ.get("CONTENT_LENGTH") or 0)
        self.environ["wsgi.input"] = io.BytesIO(self.environ["wsgi.input"].read(length))

    def carry_out(self):
        """What the store answers, to be sent or not."""

        def note(status, headers, exc_info=None):
            self.status, self.headers = status, headers

        return b"".join(self.app(self.environ, note))

    def send(self, body):
        """Answer what the store answered, but with this body."""
        headers = [(name, value) for name, value in self.headers if name.lower() != "content-length"]
        self.start_response(self.status, [*headers, ("Content-Length", str(len(body)))])
        return [body]

    def refuse(self, status, code):
        """Answer an error."""
        self.status, self.headers = status, [("Content-Type", "application/xml")]
        return self.send(f"<Error><Code>{code}</Code></Error>".encode())


def first(do):
    """Something happens just before the store gets the request."""

    def answer(request):
        do()
        return request.send(request.carry_out())

    return answer


def lost(request, do=lambda: None):
    """It is carried out, and the answer gets lost."""
    request.carry_out()
    do()
    return request.refuse("500 Internal Server Error", "InternalError")


def late(kept, do):
    """It is `kept`, to be carried out when nobody waits for the answer any more."""

    def answer(request):
        kept.append(request)
        do()
        return request.refuse("500 Internal Server Error", "InternalError")

    return answer


def conflict(request):
    """Another request for the key is under way."""
    return request.refuse("409 Conflict", "ConditionalRequestConflict")


@pytest.fixture(scope="module")
def moments(embedded_store):
    server = embedded_store._server
    before = server.app
    server.app = Moments(before)
    yield server.app
    server.app = before


def change_and_sync(world, cli, moments):
    """Play all scenarios up to the late requests, which are returned by their path."""
    laptop, desktop, kept = world.laptop, world.desktop, []

    def write(device, path, text):
        return lambda: device.change({path: text})

    def sync(device):
        code, report = cli("sync", device.folder)
        assert code in (0, 4), report

    laptop.change(dict.fromkeys(PATHS, "v2") | {"p29": "v1", "p31": GONE})
    moments.at("PUT", "p21", first(write(laptop, "p21", "v3")))
    moments.at("PUT", "p26", lost)
    moments.at("PUT", "p27", lambda request: lost(request, write(laptop, "p27", "v3")))
    moments.at("PUT", "p28", lost)
    moments.at("PUT", "p29", late(kept, write(laptop, "p29", GONE)))
    moments.at("PUT", "p30", late(kept, write(laptop, "p30", "v3")))
    moments.at("DELETE", "p31", lost)
    moments.at("PUT", "p32", *[conflict] * 3)
    moments.at("PUT", "p33", first(lambda: world.bucket.put("p33", "v3")))
    sync(laptop)
    moments.at("GET", "p22", first(write(desktop, "p22", "v3")))
    moments.at("GET", "p25", first(write(desktop, "p25", "v1")))
    sync(desktop)
    desktop.change({"p28": "v3"})
    for device in (desktop, laptop):
        sync(device)
    return {request.environ["PATH_INFO"].rpartition("/")[2]: request for request in kept}


@dataclass(frozen=True)
class Played:
    """The tree at the end, which is one; the bucket's histories; the statuses that late requests ended with."""

    tree: dict
    histories: dict
    late: dict


@pytest.fixture(scope="module")
def played(shared_world, cli, moments):
    with shared_world() as world:
        world.start(dict.fromkeys(set(PATHS) - {"p25", "p29"}, "v1"))
        requests = change_and_sync(world, cli, moments)
        for request in requests.values():
            request.carry_out()
        assert not any(moments.moments.values()), "all of it happened"
        histories = {path: world.bucket.history(path) for path in PATHS}
        tree = world.settle()
        histories["p29"] = world.bucket.history("p29")
        return Played(tree, histories, {path: request.status[:3] for path, request in requests.items()})


@pytest.mark.parametrize("name", ENDS)
def test_scenario(played, copy_name, name):
    path, end = f"p{name[:2]}", ENDS[name]
    copies = {copy_name(path, *end.copy): end.copy[1]} if end.copy else {}
    files = {path: end.text} if end.text else {}
    assert {key: text for key, text in played.tree.items() if key.startswith(path)} == files | copies
    assert played.histories[path] in end.histories


def test_29_the_late_creation_was_carried_out_and_30_the_late_put_was_refused(played):
    assert played.late == {"p29": "200", "p30": "412"}


def listed(request, leave_out):
    """What the store lists, without a key."""
    text = request.carry_out().decode()
    left, count = re.subn(rf"<Contents>(?:(?!</Contents>).)*<Key>[^<]*{leave_out}</Key>.*?</Contents>", "", text)
    assert count == 1
    return request.send(left.encode())


def test_46_a_listing_that_misses_a_key_deletes_nothing(world, moments):
    world.start({"p": "v1", "q": "q1"})
    moments.at(*LISTING, lambda request: listed(request, "p"))
    report = world.laptop.sync()
    assert report["deleted_here"] == 0
    assert not any(moments.moments.values())
    assert world.settle() == {"p": "v1", "q": "q1"}
    assert world.bucket.history("p") == (["v1"], 0)


def test_47_a_listing_older_than_our_own_put_brings_nothing_back(world, moments):
    world.start({"p": "v1"})
    old = []

    def note(request):
        old.append(request.carry_out())
        return request.send(old[0])

    def tell_the_old_one(request):
        request.carry_out()
        return request.send(old[0])

    moments.at(*LISTING, note)
    world.laptop.change({"p": "v2"})
    world.laptop.sync()
    moments.at(*LISTING, tell_the_old_one)
    report = world.laptop.sync()
    assert not any(moments.moments.values())
    assert (report["downloaded"], report["uploaded"], report["conflicts"]) == (0, 0, [])
    assert world.settle() == {"p": "v2"}
    assert world.bucket.history("p") == (["v2", "v1"], 0)


def test_68_files_that_come_in_a_burst_while_a_sync_is_at_work_are_all_seen(world, change_folder, moments):
    burst = {f"d{number % 7}/{number}": f"text {number}" for number in range(200)}
    moments.at("PUT", "p", first(lambda: change_folder(world.laptop.folder, burst)))
    world.laptop.change({"p": "v1"})
    world.laptop.sync()
    world.laptop.sync()
    world.desktop.sync()
    assert world.desktop.tree() == world.bucket.tree() == world.laptop.tree() == {"p": "v1"} | burst
