"""A running server together with every way of talking to it.

Tests reach the engine only through this: the official client (typed), raw HTTP (bytes), the
clock and the configuration builder. It adds nothing to the requests, so what the SDK would
do for an application is what it does here.
"""

from __future__ import annotations

from typing import Any

from trophy import AsyncTrophyApi, EventResponse, TrophyApi, UpsertedUser
from trophy.environment import TrophyApiEnvironment

from catalog import Catalog
from process import ADMIN_KEY, Server
from wire import Clock, Wire


class World:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.environment = TrophyApiEnvironment(
            api=f"{server.url}/v1", admin=f"{server.url}/admin/v1"
        )
        self.wire = Wire(server)
        self.clock = Clock(self.wire)
        self.client = self.client_with(ADMIN_KEY)
        self.catalog = Catalog(self.client)

    @property
    def admin(self) -> Any:
        return self.client.admin

    def client_with(self, api_key: str) -> TrophyApi:
        return TrophyApi(environment=self.environment, api_key=api_key)

    def async_client(self) -> AsyncTrophyApi:
        return AsyncTrophyApi(environment=self.environment, api_key=ADMIN_KEY)

    def event(
        self, metric: str, user: str, value: float = 1, tz: str | None = None, **options: Any
    ) -> EventResponse:
        """One event through the SDK; `tz` is sent only when given."""
        sent = UpsertedUser(id=user) if tz is None else UpsertedUser(id=user, tz=tz)
        return self.client.metrics.event(metric, user=sent, value=value, **options)

    def event_at(self, instant: str, metric: str, user: str, value: float = 1, **options: Any):
        """Moves the clock to the instant, then sends the event."""
        self.clock.to(instant)
        return self.event(metric, user, value, **options)

    def streak_at(self, instant: str, user: str, periods: int | None = None):
        """Moves the clock to the instant, then reads the streak."""
        self.clock.to(instant)
        return self.client.users.streak(user, history_periods=periods)
