"""Server-sent events from a leaderboard's stream, read the way a browser would."""

from __future__ import annotations

import http.client
import json
import socket
from dataclasses import dataclass
from typing import Any

from process import ADMIN_KEY, Server
from wire import TIMEOUT_SECONDS


@dataclass(frozen=True)
class Event:
    name: str
    id: str | None
    data: Any


class Stream:
    """One open stream. `buffer` limits what the operating system takes in for a slow reader."""

    def __init__(
        self, server: Server, path: str, last_id: str | None = None, buffer: int | None = None
    ) -> None:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=TIMEOUT_SECONDS)
        connection.sock = socket.socket()
        if buffer is not None:
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        connection.sock.settimeout(TIMEOUT_SECONDS)
        connection.sock.connect((server.host, server.port))
        headers = {"X-API-KEY": ADMIN_KEY}
        if last_id is not None:
            headers["Last-Event-ID"] = last_id
        connection.request("GET", f"/v1/leaderboards/{path}", headers=headers)
        self._response = connection.getresponse()
        self._connection = connection
        self.status = self._response.status
        self.headers = {k.lower(): v for k, v in self._response.getheaders()}

    def next(self) -> Event | None:
        """The next event, or none at the end; comments are only looked at for their form."""
        fields: dict[str, str] = {}
        while line := self._response.readline().decode():
            line = line.removesuffix("\n")
            if line:
                name, separator, value = line.partition(": ")
                assert separator, line
                fields[name] = value
            elif "data" in fields:
                return Event(fields["event"], fields.get("id"), json.loads(fields["data"]))
            else:
                assert list(fields) == [""], fields
                fields = {}
        assert not fields, f"cut short in {fields}"
        return None

    def expect(self, name: str) -> Event:
        event = self.next()
        assert event is not None and event.name == name, event
        return event

    def rest(self) -> list[Event]:
        return list(iter(self.next, None))

    def close(self) -> None:
        """Hangs up, whatever is unread."""
        self._response.close()
        self._connection.close()


def applied(rows: list[dict], changes: dict[str, Any]) -> list[dict]:
    """A page after a `changed` event."""
    told = {row["rank"]: row for row in changes["rankings"]}
    kept = {row["rank"]: row for row in rows if row["rank"] not in changes["removedRanks"]}
    return [row for _, row in sorted({**kept, **told}.items())]
