"""A webhook receiver on loopback: keeps what arrives and answers as it is told.

Each path is an endpoint of its own, so one receiver serves many webhooks. An endpoint answers
with the next status of its script and then always with the last one. A hanging endpoint holds
the request until it is released or the receiver closes. Signatures are verified the way the
published handlers do it, and the way Standard Webhooks describes it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections import defaultdict
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Delivery:
    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def type(self) -> str:
        return self.body["type"]

    @property
    def event_id(self) -> str:
        return self.headers["x-trophy-event-id"]

    @property
    def attempt(self) -> int:
        return int(self.headers["x-trophy-attempt"])

    def assert_signed(self, secret: str) -> None:
        # C-WH-10, C-WH-11
        expected = base64.b64encode(hmac.digest(secret.encode(), self.raw, hashlib.sha256))
        assert self.headers["x-trophy-signature"] == expected.decode()
        key = base64.urlsafe_b64decode(secret.removeprefix("whsec_") + "=")
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode()
        standard = base64.b64encode(hmac.digest(key, signed + self.raw, hashlib.sha256))
        assert self.headers["webhook-signature"] == f"v1,{standard.decode()}"


class Server(ThreadingHTTPServer):
    daemon_threads = True
    # Many webhooks connect at once; a full queue would refuse some of them.
    request_queue_size = 1024


class Receiver:
    def __init__(self) -> None:
        self._scripts: dict[str, list[int]] = {}
        self._bodies: dict[str, bytes] = {}
        self._headers: dict[str, dict[str, str]] = {}
        self._hanging: dict[str, threading.Event] = {}
        self._arrived: dict[str, list[Delivery]] = defaultdict(list)
        self._changed = threading.Condition()
        self._server = Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}{path}"

    def answers(
        self, path: str, *statuses: int, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        with self._changed:
            self._scripts[path] = list(statuses)
            self._bodies[path] = body
            self._headers[path] = headers or {}

    def hangs(self, path: str) -> threading.Event:
        """The endpoint answers nothing until the returned event is set."""
        self._hanging[path] = threading.Event()
        return self._hanging[path]

    def at(self, path: str) -> list[Delivery]:
        with self._changed:
            return list(self._arrived[path])

    def wait(self, path: str, count: int, seconds: float = 30) -> list[Delivery]:
        """What has arrived once it is so many; the limit only turns a hang into a failure."""
        with self._changed:
            enough = self._changed.wait_for(lambda: len(self._arrived[path]) >= count, seconds)
            assert enough, f"{len(self._arrived[path])} of {count} at {path}"
            return list(self._arrived[path])

    def close(self) -> None:
        for event in self._hanging.values():
            event.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:  # noqa: N802: named by the library
                raw = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                with receiver._changed:
                    receiver._arrived[self.path].append(Delivery(self.path, headers, raw))
                    receiver._changed.notify_all()
                    script = receiver._scripts.get(self.path, [200])
                    status = script.pop(0) if len(script) > 1 else script[0]
                hanging = receiver._hanging.get(self.path)
                if hanging is not None:
                    hanging.wait()
                body = receiver._bodies.get(self.path, b"")
                try:
                    self.send_response(status)
                    for name, value in receiver._headers.get(self.path, {}).items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except (BrokenPipeError, ConnectionResetError):
                    # Whoever asked did not wait for the rest.
                    self.close_connection = True

            def log_message(self, *_: Any) -> None:
                pass

        return Handler
