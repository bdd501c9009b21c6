import asyncio
import json

import pytest

from bucketdrive.httpapi.guard import Guard

PORT, TOKEN = 8321, "secret-token"
FINE = {"host": f"127.0.0.1:{PORT}", "authorization": f"Bearer {TOKEN}"}


async def _app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"in"})


def ask(headers, kind="http"):
    """The status and the body that a request with these headers gets."""
    said = []

    async def receive():
        return {"type": "http.request", "body": b""}

    async def send(message):
        said.append(message)

    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    asyncio.run(Guard(_app, PORT, TOKEN)({"type": kind, "headers": raw}, receive, send))
    return said[0]["status"], said[1]["body"]


@pytest.mark.parametrize("host", [f"127.0.0.1:{PORT}", f"localhost:{PORT}", f"LOCALHOST:{PORT}", f"[::1]:{PORT}"])
def test_a_program_that_knows_the_token_is_let_in(host):
    assert ask((FINE | {"host": host}).items()) == (200, b"in")
    assert ask((FINE | {"host": host, "origin": f"http://{host}"}).items()) == (200, b"in")


@pytest.mark.parametrize(
    "host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1", f"127.0.0.1:{PORT + 1}", "", f"127.0.0.1.evil:{PORT}"]
)
def test_another_host_name_is_not_known_here(host):
    status, body = ask((FINE | {"host": host}).items())
    assert (status, "Host check" in json.loads(body)["message"]) == (403, True)


def test_no_host_or_two_are_refused():
    assert ask({"authorization": f"Bearer {TOKEN}"}.items())[0] == 403
    assert ask([*FINE.items(), ("host", "evil.example")])[0] == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", f"https://127.0.0.1:{PORT}", "http://127.0.0.1"])
def test_a_page_of_elsewhere_may_not_ask_even_with_the_token(origin):
    status, body = ask((FINE | {"origin": origin}).items())
    assert (status, "Origin check" in json.loads(body)["message"]) == (403, True)


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer ü"])
def test_without_the_token_nothing_is_told(given):
    status, body = ask((FINE | {"authorization": given}).items())
    document = json.loads(body)
    assert (status, document["error"], document["exit_code"]) == (401, "access-denied", 1)
    assert "Nothing was done" in document["message"]


def test_web_sockets_are_not_answered():
    assert ask(FINE.items(), kind="websocket")[0] == 403
