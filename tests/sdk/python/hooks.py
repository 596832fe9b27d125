"""The additive Admin API resources of webhooks, which no SDK knows."""

from __future__ import annotations

from typing import Any

from world import World


class Hooks:
    def __init__(self, world: World) -> None:
        self._wire = world.wire

    def create(self, url: str, *events: str, name: str = "Hook") -> dict[str, Any]:
        item = {"name": name, "url": url, "events": list(events)}
        answer = self._wire.send("POST", "/admin/v1/webhooks", [item])
        assert answer.status == 201, answer.raw
        assert answer.body["issues"] == []
        return answer.body["created"][0]

    def update(self, id: str, **fields: Any) -> dict[str, Any]:
        answer = self._wire.send("PATCH", "/admin/v1/webhooks", [{"id": id, **fields}])
        assert answer.status == 200 and answer.body["issues"] == [], answer.raw
        return answer.body["updated"][0]

    def delete(self, id: str) -> None:
        answer = self._wire.send("DELETE", f"/admin/v1/webhooks?ids={id}")
        assert answer.body == {"deleted": [{"id": id}], "issues": []}

    def post(self, path: str, status: int, json: Any = None) -> Any:
        answer = self._wire.send("POST", f"/admin/v1{path}", json)
        assert answer.status == status, answer.raw
        return answer.body

    def log(self, **query: Any) -> list[dict[str, Any]]:
        parameters = "&".join(f"{name}={value}" for name, value in query.items())
        return self._wire.read(f"/admin/v1/webhook-deliveries?limit=100&{parameters}")
