"""Fixtures: a server for each test that needs its own time, one per module otherwise.

Virtual time only moves forward and there is one environment per data directory, so isolation
is a fresh process on a fresh directory. Whatever a test leaves running is stopped here, and
that stop is part of the test: it must be clean.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

pytest.register_assert_rewrite(
    "process",
    "wire",
    "catalog",
    "world",
    "expect",
    "untouched",
    "batch",
    "receiver",
    "stream",
    "hooks",
)

from process import Server  # noqa: E402
from receiver import Receiver  # noqa: E402
from study import build_study  # noqa: E402
from untouched import Untouched  # noqa: E402
from world import World  # noqa: E402

Start = Callable[..., World]


def starter(directory: Path) -> Iterator[Start]:
    servers: list[Server] = []

    def start(clock: str | None = None, settings: str = "") -> World:
        server = Server(directory / f"data{len(servers)}", clock, settings)
        servers.append(server)
        return World(server.start())

    try:
        yield start
        for server in servers:
            if server.is_running():
                server.stop()
    finally:
        for server in servers:
            server.discard()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts servers for one test: `start("2026-03-01T00:00:00Z")`, or the real clock."""
    yield from starter(tmp_path)


@pytest.fixture
def world(start: Start) -> World:
    """An empty server whose virtual time stands on a Monday morning."""
    return start("2026-03-02T10:00:00Z")


@pytest.fixture
def study(world: World) -> tuple[World, dict[str, Any]]:
    """The same with the study catalog, and its records by name."""
    return world, build_study(world)


@pytest.fixture(scope="module")
def start_for_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """The same for servers that all tests of a module share."""
    yield from starter(tmp_path_factory.mktemp("module"))


@pytest.fixture(scope="module")
def untouched(start_for_module: Start) -> Untouched:
    """One configured server for all refusals of a module; no case may change it."""
    return Untouched(start_for_module("2026-03-02T10:00:00Z"))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()
