"""Starts and ends one server process the way an operator does.

It owns the command line, the environment and the exit codes of `accolade serve` and
`accolade check`, and knows nothing of what travels over HTTP. Nothing here waits for a
fixed time: a start is over when the listening line has arrived, a stop when the process is
gone, and the limits only turn a hang into a failure.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from pathlib import Path

ADMIN_KEY = "testkey1." + "0123456789abcdefghijklmnopqrstuv"

START_LIMIT_SECONDS = 120
STOP_LIMIT_SECONDS = 30
LISTENING = re.compile(r"^accolade listening on http://(127\.0\.0\.1):(\d+)\n$")


def binary() -> str:
    """The program under test, as `tests/sdk/run` resolved it."""
    default = Path(__file__).resolve().parents[3] / "target" / "debug" / "accolade"
    return os.environ.get("ACCOLADE_BIN", str(default))


def backup(url: str, directory, key: str = ADMIN_KEY) -> subprocess.CompletedProcess[str]:
    """`accolade backup` of a running server into a new directory."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("ACCOLADE_")}
    return subprocess.run(
        [binary(), "backup", str(directory), "--url", url],
        env={**kept, "ACCOLADE_ADMIN_KEY": key},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=START_LIMIT_SECONDS,
    )


class Server:
    """One data directory and at most one process serving it; can be started again."""

    def __init__(self, data: Path, clock: str | None = None, settings: str = "") -> None:
        self.data = data
        self.clock = clock
        self.settings = settings
        self.environment: dict[str, str] = {}
        self.host = "127.0.0.1"
        self.port = 0
        self._process: subprocess.Popen[str] | None = None
        self._log = data.parent / f"{data.name}.log"

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def launch(self) -> None:
        """Starts the process without waiting until it serves."""
        command = [binary(), "serve", "--data", str(self.data), "--listen", "127.0.0.1:0"]
        if self.clock is not None:
            command += ["--test-clock", self.clock]
        if self.settings:
            file = self.data.parent / f"{self.data.name}.toml"
            file.write_text(self.settings)
            command += ["--config", str(file)]
        kept = {k: v for k, v in os.environ.items() if not k.startswith("ACCOLADE_")}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                env={**kept, "ACCOLADE_ADMIN_KEY": ADMIN_KEY, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def await_listening(self) -> None:
        process = self._running()
        # The only unbounded wait is the pipe, so a hung start is ended from outside.
        guard = threading.Timer(START_LIMIT_SECONDS, process.kill)
        guard.start()
        try:
            line = process.stdout.readline()
        finally:
            guard.cancel()
        match = LISTENING.match(line)
        assert match, f"no listening line but {line!r}; log:\n{self.log()}"
        self.port = int(match.group(2))

    def start(self) -> Server:
        self.launch()
        self.await_listening()
        return self

    def stop(self) -> None:
        """SIGTERM: the process must end by itself, cleanly, having printed nothing more."""
        process = self._running()
        process.send_signal(signal.SIGTERM)
        code = self._ended(process)
        assert code == 0, f"exit code {code} after SIGTERM; log:\n{self.log()}"
        rest = process.stdout.read()
        assert rest == "", f"more than the listening line on stdout: {rest!r}"
        self._process = None

    def kill(self) -> None:
        """SIGKILL at whatever the process is doing right now."""
        process = self._running()
        process.kill()
        code = self._ended(process)
        assert code == -signal.SIGKILL, f"ended by itself ({code}); log:\n{self.log()}"
        process.stdout.close()
        self._process = None

    def ended_by_itself(self) -> int:
        """The exit code of a start that is expected to be refused."""
        process = self._running()
        code = self._ended(process)
        process.stdout.close()
        self._process = None
        return code

    def discard(self) -> None:
        """Ends what is left after a failed test without judging it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def is_running(self) -> bool:
        return self._process is not None

    def check(self) -> subprocess.CompletedProcess[str]:
        """`accolade check` on the directory of the stopped server."""
        assert self._process is None, "the directory is in use"
        return subprocess.run(
            [binary(), "check", "--data", str(self.data)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=START_LIMIT_SECONDS,
        )

    def log(self) -> str:
        return self._log.read_text(errors="replace")[-4000:]

    def _running(self) -> subprocess.Popen[str]:
        assert self._process is not None, "the server is not running"
        return self._process

    def _ended(self, process: subprocess.Popen[str]) -> int:
        try:
            return process.wait(timeout=STOP_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.discard()
            raise AssertionError(f"still running after {STOP_LIMIT_SECONDS} s") from None
