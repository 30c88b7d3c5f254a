"""Tells what happens, line by line, with the seconds since the beginning."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from devstack.supervisor import ProcessFailedError

CLOCK_STEP_S = 0.05
"""A file's time may lag behind the clock by a tick of the kernel."""


class Narrator:
    """Writes to a console: what happened, what somebody said, what is waited for."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._began = time.monotonic()
        self._began_at = time.time()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    def tell(self, sentence: str) -> None:
        """Say what happened."""
        self._line(f"[bold]{escape(sentence)}[/]")

    def aside(self, who: str, line: str) -> None:
        """Repeat what a process of ours says."""
        self._line(f"  [dim]{escape(who)} │ {escape(line)}[/]")

    def link(self, label: str, url: str) -> None:
        """Show an address on a line of its own, whole, to be clicked or copied."""
        self._line(f"{escape(label)}")
        self.console.print(f"          [cyan]{escape(url)}[/]", soft_wrap=True)

    def failure(self, error: Exception, *, logs: Path) -> None:
        """Say what went wrong, with the end of the guilty log where there is one."""
        self._line(f"[bold red]{escape(str(error))}[/]")
        if isinstance(error, ProcessFailedError):
            self.console.print(f"[dim]the end of {escape(str(error.log_path))}:[/]")
            self.console.print(escape(error.log_tail), highlight=False)
        elif self._wrote_into(logs):
            self._line(f"[dim]the logs lie in {escape(str(logs))}[/]")

    def _wrote_into(self, logs: Path) -> bool:
        """Say whether a log is of this run; those of earlier ones explain nothing."""
        since = self._began_at - CLOCK_STEP_S
        return any(log.stat().st_mtime >= since for log in logs.glob("*.log"))

    @contextmanager
    def waiting(self, sentence: str) -> Iterator[None]:
        """Show that something is under way; on a terminal it moves."""
        if not self.console.is_terminal:
            yield
            return
        with self.console.status(f"[dim]{escape(sentence)}[/]"):
            yield

    def _line(self, markup: str) -> None:
        self.console.print(
            f"[dim]{self.elapsed_s:6.1f} s[/]  {markup}", highlight=False, soft_wrap=True
        )
