"""The proxy against a tiny store: each fault does what its name says, to the device and to the store."""

import asyncio
import contextlib
import http.client
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from soak.proxy import Proxy
from soak.traffic import Moment
from soak.weather import NO_FAULT, Fault, Kind

BODY = bytes(range(256)) * 300
LATE_S = (0.3, 0.3)


class TinyStore(BaseHTTPRequestHandler):
    """Keeps what is put, and names a version; `/chunked` replies in chunks."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        wanted = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(wanted)
        if len(body) < wanted:
            self.server.torn.append(len(body))
            self.close_connection = True
            return
        self.server.seen.append(("PUT", self.path, body))
        self.server.is_asked.set()
        self.send_response(200)
        self.send_header("x-amz-version-id", f"v{len(self.server.seen)}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        self.server.seen.append((self.command, self.path, b""))
        self.send_response(200)
        if self.path.endswith("chunked"):
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in (BODY[:1000], BODY[1000:]):
                self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
            return
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(BODY)

    do_HEAD = do_GET  # noqa: N815  the name that its parent looks for

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    """The tiny store: `seen`, what it carried out; `torn`, how much came of bodies that ended part-way."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), TinyStore)
        self.seen = []
        self.torn = []
        self.is_asked = threading.Event()

    def handle_error(self, request, client_address):
        pass


@pytest.fixture
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def play(server):
    """Plays `talk(connection)` in a thread, against a proxy that draws the given faults and then none; the proxy."""

    def run(talk, *faults):
        async def scenario():
            row = iter(faults)
            proxy = Proxy(f"http://127.0.0.1:{server.server_port}", lambda _: next(row, NO_FAULT), late_s=LATE_S)
            url, traffic = await proxy.open("laptop")
            proxy.traffic = traffic
            connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
            with contextlib.closing(connection):
                await asyncio.get_running_loop().run_in_executor(None, talk, connection)
            await proxy.settled()
            await proxy.close()
            return proxy

        return asyncio.run(scenario())

    return run


def ask(connection, method="GET", path="/bucket/home/one", body=None):
    connection.request(method, path, body)
    with connection.getresponse() as reply:
        return reply.status, reply.read(), reply.headers


def is_broken_off(connection, *request):
    """Whether a request ends without a reply."""
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected, http.client.IncompleteRead)):
        ask(connection, *request)
    connection.close()
    return True


def wait_for(is_there):
    """Wait for something that the store does in a thread of its own."""
    pause = threading.Event()
    assert any(is_there() or pause.wait(0.01) for _ in range(1000))


def counts(proxy):
    total = Counter()
    for (kind, _), count in proxy.counts.items():
        total[kind] += count
    return total


def test_without_a_fault_bytes_pass_as_they_are_over_one_connection(play, server):
    def talk(connection):
        status, _, headers = ask(connection, "PUT", "/bucket/home/one", BODY)
        socket = connection.sock
        assert (status, headers["x-amz-version-id"]) == (200, "v1")
        assert ask(connection)[:2] == (200, BODY)
        assert ask(connection, "HEAD")[:2] == (200, b"")
        assert ask(connection, "GET", "/bucket/chunked")[:2] == (200, BODY)
        assert ask(connection)[:2] == (200, BODY)
        assert connection.sock is socket

    proxy = play(talk)
    assert [method for method, *_ in server.seen] == ["PUT", "GET", "HEAD", "GET", "GET"]
    assert server.seen[0] == ("PUT", "/bucket/home/one", BODY)
    assert counts(proxy) == {"passed": 5}


def test_a_slow_down_is_answered_in_place_of_the_store(play, server):
    def talk(connection):
        status, said, _ = ask(connection, "PUT", "/bucket/home/one", BODY)
        assert (status, b"<Code>SlowDown</Code>" in said) == (503, True)
        assert ask(connection, "HEAD")[:2] == (503, b"")
        assert ask(connection)[:2] == (200, BODY)

    play(talk, Fault(Kind.SLOW_DOWN), Fault(Kind.SLOW_DOWN))
    assert [method for method, *_ in server.seen] == ["GET"]


def test_a_reset_comes_before_the_store_saw_anything(play, server):
    play(lambda connection: is_broken_off(connection, "PUT", "/bucket/home/one", BODY), Fault(Kind.RESET))
    assert (server.seen, server.torn) == ([], [])


def test_a_lost_reply_is_to_a_request_that_the_store_carried_out(play, server):
    proxy = play(lambda connection: is_broken_off(connection, "PUT", "/bucket/home/one", BODY), Fault(Kind.LOST_REPLY))
    assert server.seen == [("PUT", "/bucket/home/one", BODY)]
    assert [(request.key, version_id) for request, version_id in proxy.lost] == [("home/one", "v1")]


@pytest.mark.parametrize("amount", [0.0, 0.4, 0.501, 0.9])
@pytest.mark.parametrize("path", ["/bucket/home/one", "/bucket/chunked"])
def test_a_cut_reply_is_not_whole(play, server, path, amount):
    def talk(connection):
        is_broken_off(connection, "GET", path)
        assert ask(connection)[:2] == (200, BODY)

    proxy = play(talk, Fault(Kind.CUT_REPLY, amount))
    assert counts(proxy) == {"reply cut": 1, "passed": 1}


def test_where_there_is_nothing_to_cut_a_reply_passes(play, server):
    proxy = play(lambda connection: ask(connection, "HEAD"), Fault(Kind.CUT_REPLY, 0.5))
    assert counts(proxy) == {"passed": 1}


def test_a_cut_request_reaches_the_store_in_part(play, server):
    play(lambda connection: is_broken_off(connection, "PUT", "/bucket/home/one", BODY), Fault(Kind.CUT_REQUEST, 0.5))
    wait_for(lambda: server.torn)
    assert (server.seen, server.torn) == ([], [len(BODY) // 2])


def test_a_late_request_is_carried_out_when_its_sender_has_given_it_up(play, server):
    def talk(connection):
        is_broken_off(connection, "PUT", "/bucket/home/one", BODY)
        assert server.seen == []

    proxy = play(talk, Fault(Kind.LATE))
    assert server.seen == [("PUT", "/bucket/home/one", BODY)]
    assert counts(proxy) == {"delivered late": 1}


def test_a_delayed_request_is_answered_afterwards(play, server):
    def talk(connection):
        assert ask(connection, "PUT", "/bucket/home/one", BODY)[0] == 200

    assert counts(play(talk, Fault(Kind.DELAY, 0.3))) == {"delayed": 1}
    assert server.seen == [("PUT", "/bucket/home/one", BODY)]


def test_a_request_whose_sender_dies_while_it_is_delayed_reaches_the_store(play, server):
    def talk(connection):
        connection.request("PUT", "/bucket/home/one", BODY)
        connection.close()
        server.is_asked.wait(10)

    play(talk, Fault(Kind.DELAY, 0.4))
    assert server.seen == [("PUT", "/bucket/home/one", BODY)]


def test_a_request_whose_sender_dies_within_its_body_is_torn_at_the_store(play, server):
    def talk(connection):
        connection.putrequest("PUT", "/bucket/home/one")
        connection.putheader("Content-Length", str(len(BODY)))
        connection.endheaders(BODY[:5000])
        connection.close()
        wait_for(lambda: server.torn)

    play(talk)
    assert server.seen == []


def test_traffic_tells_of_each_request_when_it_comes_and_when_it_is_answered(play, server):
    told = []

    def talk(connection):
        ask(connection, "PUT", "/bucket/home/one", BODY)
        ask(connection, "GET", "/bucket?list-type=2")

    async def scenario():
        proxy = Proxy(f"http://127.0.0.1:{server.server_port}", lambda _: NO_FAULT)
        url, traffic = await proxy.open("laptop")
        traffic.listener = lambda moment, request: told.append((moment, request.what, len(traffic.under_way)))
        with contextlib.closing(http.client.HTTPConnection(url.removeprefix("http://"))) as connection:
            await asyncio.get_running_loop().run_in_executor(None, talk, connection)
        await proxy.settled()
        assert (traffic.under_way, traffic.count) == ({}, 2)
        await proxy.close()

    asyncio.run(scenario())
    assert told == [
        (Moment.ARRIVED, "upload", 1),
        (Moment.ANSWERED, "upload", 1),
        (Moment.ARRIVED, "listing", 1),
        (Moment.ANSWERED, "listing", 1),
    ]


@pytest.mark.parametrize(
    ("method", "target", "what"),
    [
        ("GET", "/soak?versions&prefix=home%2F", "listing"),
        ("GET", "/soak/home/a%2Bb.txt", "download"),
        ("PUT", "/soak/home/.bucketdrive/journal/laptop", "own object"),
        ("POST", "/soak/home/one?uploads=", "upload in parts"),
        ("PUT", "/soak/home/one?partNumber=1&uploadId=2", "upload in parts"),
        ("DELETE", "/soak/home/one", "deletion"),
        ("HEAD", "/soak/home/one?versionId=x", "head"),
    ],
)
def test_requests_are_named_by_what_a_device_does_with_them(method, target, what):
    from soak.traffic import Request

    assert Request("laptop", 1, method, target).what == what
