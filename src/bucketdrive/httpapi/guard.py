"""Who may speak to the API over TCP: programs of this machine that know the token, and no web page of elsewhere.

A browser lets any page send requests to 127.0.0.1, under any name that resolves to it. So the Host must be one of ours
(else a name that somebody rebinds to 127.0.0.1 would do), an Origin must be our own, and the token must be known.
Over the unix socket nothing of this is asked: who can reach it is the user.
"""

import hmac
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]


class Guard:
    """An ASGI app around another, which lets only those in who may."""

    def __init__(self, app: App, port: int, token: str) -> None:
        """`port`: where it listens on 127.0.0.1; `token`: what a request shows as `Authorization: Bearer TOKEN`."""
        self._app = app
        self._token = token.encode()
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}
        self._origins = {f"http://{host}" for host in self._hosts}

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """See ASGI."""
        why = self._refusal(scope)
        if not why:
            await self._app(scope, receive, send)
            return
        status = 401 if "token" in why else 403
        body = json.dumps(
            {"error": "access-denied", "message": f"{why} Nothing was done.", "hint": "", "path": "", "exit_code": 1}
        ).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _refusal(self, scope: Message) -> str:
        """Why a request is not let in; empty for one that is."""
        if scope["type"] != "http":
            return "Only plain requests are answered."
        found: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            found.setdefault(name, []).append(value)
        hosts = [value.decode("latin-1").lower() for value in found.get(b"host", [])]
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return "Host check: this address is not known under that name."
        origins = {value.decode("latin-1").lower() for value in found.get(b"origin", [])}
        if not origins <= self._origins:
            return "Origin check: pages of elsewhere may not ask."
        given = found.get(b"authorization", [b""])[0].removeprefix(b"Bearer ")
        if not hmac.compare_digest(given, self._token):
            return "The token is missing or wrong."
        return ""
