"""Runs ``python starter.py`` the way an operator would, and reads its JSON."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TIMEOUT_S = 60


class CommandFailedError(RuntimeError):
    """A command of the starter did not do what it was asked; its own words are in the sentence."""


class Starter:
    """The operator's command line, in an environment made for it."""

    def __init__(self, environment: Mapping[str, str], *, directory: Path = ROOT) -> None:
        """Prepare it; ``directory`` is the checkout whose ``starter.py`` is run."""
        self._environment = dict(environment)
        self._directory = directory

    def new_keys(self) -> None:
        """Make the key files."""
        self._run(["keys", "new"])

    def rotate_keys(self, *, write: bool) -> None:
        """Add new keys for reading, or let the added ones write."""
        self._run(["keys", "rotate", *(["--write"] if write else [])])

    def new_api_key(self, name: str, *arguments: str) -> str:
        """Make a key of the REST API, which may start onboardings unless told else; return it."""
        return str(self._asked(["keys", "api", "new", "--name", name, *arguments])["key"])

    def webhook_secret(self) -> str:
        """Return what signs the webhooks of the default tenant."""
        return str(self._asked(["keys", "webhook", "show"])["secrets"][0])

    def start(self, *arguments: str) -> dict[str, Any]:
        """Start an onboarding; returns what ``start -o json`` prints."""
        return self._asked(["start", *arguments])

    def status(self, onboarding_id: str) -> dict[str, Any]:
        """Return what ``status ID -o json`` prints, with or without a worker."""
        return self._asked(["status", onboarding_id])

    def _asked(self, arguments: Sequence[str]) -> dict[str, Any]:
        printed = self._run([*arguments, "-o", "json"])
        try:
            answer: dict[str, Any] = json.loads(printed)
        except ValueError as error:
            raise CommandFailedError(f"`starter.py {arguments[0]}` printed no JSON.") from error
        return answer

    def _run(self, arguments: Sequence[str]) -> str:
        # Only the verb is ever told: the rest holds asset URLs and prompts.
        try:
            done = subprocess.run(  # noqa: S603 - our own program, no shell
                [sys.executable, "starter.py", *arguments],
                capture_output=True,
                text=True,
                env=self._environment,
                cwd=self._directory,
                stdin=subprocess.DEVNULL,
                timeout=TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise CommandFailedError(
                f"`starter.py {arguments[0]}` gave no answer within {TIMEOUT_S} s."
            ) from None
        if done.returncode != 0:
            raise CommandFailedError(
                f"`starter.py {arguments[0]}` ended with exit code {done.returncode}: "
                f"{done.stderr.strip()}"
            )
        return done.stdout
