"""Starts our processes in order, waits until each is ready, and leaves none behind."""

import signal
import time
from collections.abc import Callable, Container, Mapping
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
from pydantic import BaseModel, ConfigDict, Field

from devstack.child import Child

POLL_S = 0.05
PROBE_TIMEOUT_S = 2.0


class ProcessSpec(BaseModel):
    """What it takes to run one process; ready: its line is in the log, its URL answers 200."""

    model_config = ConfigDict(frozen=True)

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = Field(repr=False)
    log_path: Path
    directory: Path | None = None
    ready_url: str | None = None
    ready_line: str | None = None
    ready_timeout_s: float = 30.0
    stop_grace_s: float = 10.0
    stop_by: signal.Signals = signal.SIGTERM
    user: str | None = None
    """The system user as whom root runs it."""


class ProcessState(StrEnum):
    """What a process does at this moment."""

    RUNNING = "running"
    ENDED = "ended"


class ProcessFailedError(RuntimeError):
    """A process ended or kept silent while it was needed; carries the end of its log."""

    def __init__(self, sentence: str, *, child: Child) -> None:
        super().__init__(sentence)
        self.name = child.name
        self.log_path = child.log_path
        self.log_tail = child.log_tail()


class Supervisor:
    """Owns processes by name; as a context manager it stops them all, last started first."""

    def __init__(self, *, hurry: Callable[[], bool] = lambda: False) -> None:
        """Prepare an empty supervisor.

        Args:
            hurry: Asked while stopping; once true, nobody is given time to end by itself.

        """
        self._hurry = hurry
        self._specs: dict[str, ProcessSpec] = {}
        self._children: dict[str, Child] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop_all()

    def start(self, spec: ProcessSpec) -> Child:
        """Start a process and wait until it is ready.

        Raises:
            ProcessFailedError: It ended, or was not ready in time; it is stopped then.

        """
        child = self.spawn(spec)
        self.wait_ready(spec.name)
        return child

    def spawn(self, spec: ProcessSpec) -> Child:
        """Start a process and do not wait."""
        child = Child(
            spec.name,
            spec.argv,
            environment=spec.environment,
            log_path=spec.log_path,
            directory=spec.directory,
            user=spec.user,
        )
        self._specs[spec.name] = spec
        self._children[spec.name] = child
        child.start()
        return child

    def restart(self, name: str) -> Child:
        """Stop it where it runs, start it again, wait until it is ready."""
        self.stop(name)
        self._children[name].start()
        self.wait_ready(name)
        return self._children[name]

    def kill(self, name: str) -> None:
        """SIGKILL, as a machine dies."""
        self._children[name].kill()

    def stop(self, name: str) -> None:
        """Send the signal of its spec, SIGTERM by default; SIGKILL after the grace of its spec."""
        child, spec = self._children[name], self._specs[name]
        deadline = time.monotonic() + spec.stop_grace_s
        child.terminate(spec.stop_by)
        while child.alive and not self._hurry() and time.monotonic() < deadline:
            time.sleep(POLL_S)
        child.kill()

    def stop_all(self) -> None:
        """Stop every process, last started first, each with its own grace."""
        for name in reversed(self._children):
            self.stop(name)

    def child(self, name: str) -> Child:
        """Return a process by name."""
        return self._children[name]

    def states(self) -> dict[str, ProcessState]:
        """Say of every process whether it runs."""
        return {
            name: ProcessState.RUNNING if child.alive else ProcessState.ENDED
            for name, child in self._children.items()
        }

    def check(self, *, but: Container[str] = ()) -> None:
        """Raise when a process has ended by itself; ``but`` names those that may.

        Raises:
            ProcessFailedError: The first one that has.

        """
        for name, child in self._children.items():
            if name not in but and not child.alive:
                raise ProcessFailedError(_ended(child), child=child)

    def wait_ready(self, name: str) -> None:
        """Wait until the process is ready.

        Raises:
            ProcessFailedError: It ended, or was not ready in time; it is stopped then.

        """
        spec, child = self._specs[name], self._children[name]
        deadline = time.monotonic() + spec.ready_timeout_s
        while not _is_ready(spec, child):
            if not child.alive:
                raise ProcessFailedError(_ended(child), child=child)
            if time.monotonic() >= deadline:
                self.stop(name)
                raise ProcessFailedError(
                    f"{name} was not ready within {spec.ready_timeout_s:.0f} s.", child=child
                )
            time.sleep(POLL_S)


def _ended(child: Child) -> str:
    return f"{child.name} ended with exit code {child.exit_code}."


def _is_ready(spec: ProcessSpec, child: Child) -> bool:
    if spec.ready_line is not None and spec.ready_line not in child.log_since_start():
        return False
    if spec.ready_url is None:
        return child.alive
    try:
        # Without the environment: a proxy of the user's must not see what happens on loopback.
        answer = httpx.get(spec.ready_url, timeout=PROBE_TIMEOUT_S, trust_env=False)
    except httpx.HTTPError:
        return False
    return child.alive and answer.status_code == httpx.codes.OK
