"""Raw HTTP without any client's good manners.

The SDKs cannot send a malformed body, a wrong method or a percent-encoded slash, and they
hide which keys an answer really had. This speaks plain HTTP/1.1 to the server and hands back
bytes, status and headers. It knows no endpoint and asserts only what holds for every answer
of both APIs.
"""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any, Iterator

from process import ADMIN_KEY, Server

TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    def error(self) -> str:
        """The message of a failure, after checking that the body is nothing but it."""
        # C-GEN-05, C-API-05, C-API-06
        kind = self.headers.get("content-type", "")
        assert kind.split(";")[0].strip() == "application/json", (self.status, kind, self.raw)
        body = self.body
        assert isinstance(body, dict) and list(body) == ["error"], body
        assert isinstance(body["error"], str) and body["error"], body
        return body["error"]


def encode(value: Any) -> bytes:
    return json.dumps(value, allow_nan=False).encode()


class Wire:
    """Requests to one server, each on a new connection unless `keep` asks for one."""

    def __init__(self, server: Server, keep: bool = False) -> None:
        self._server = server
        self._keep = keep
        self._connection: http.client.HTTPConnection | None = None

    def send(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        body: bytes | Iterator[bytes] | None = None,
        key: str | None = ADMIN_KEY,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """`json` is encoded, `body` goes out as it is (chunked when it is an iterator);
        `key=None` sends no key."""
        if json is not None:
            body = encode(json)
        sent = dict(headers or {})
        if key is not None:
            sent["X-API-KEY"] = key
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        connection = self._open()
        try:
            return self._exchange(connection, method, path, body, sent)
        except BaseException:
            self.close()
            raise
        finally:
            if not self._keep:
                self.close()

    def get(self, path: str, **options: Any) -> Answer:
        return self.send("GET", path, **options)

    def read(self, path: str) -> Any:
        """The body of a read that must succeed."""
        answer = self.get(path)
        assert answer.status == 200, (path, answer.status, answer.raw)
        return answer.body

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> http.client.HTTPConnection:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                self._server.host, self._server.port, timeout=TIMEOUT_SECONDS
            )
        return self._connection

    @staticmethod
    def _exchange(
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: bytes | Iterator[bytes] | None,
        headers: dict[str, str],
    ) -> Answer:
        large = body is not None and not (isinstance(body, bytes) and len(body) < 65536)
        try:
            connection.request(method, path, body, headers)
        except (BrokenPipeError, ConnectionResetError):
            # A server may refuse a large body while it is still being sent; its answer is
            # then already waiting to be read, unless the connection is really dead.
            if not large:
                raise
            response = http.client.HTTPResponse(connection.sock, method=method)
            response.begin()
        else:
            response = connection.getresponse()
        raw = response.read()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, raw)


class Clock:
    """The virtual time of a server that was started with one."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def now(self) -> str:
        return self._wire.read("/admin/v1/clock")["now"]

    def to(self, instant: str) -> str:
        """Moves to an RFC 3339 instant, which may not lie in the past."""
        return self._advance({"to": instant})

    def by(self, seconds: int) -> str:
        return self._advance({"seconds": seconds})

    def _advance(self, move: dict[str, Any]) -> str:
        answer = self._wire.send("POST", "/admin/v1/clock/advance", move)
        assert answer.status == 200, (move, answer.status, answer.raw)
        return answer.body["now"]
