"""The receivers of docs/webhooks.md, cut out of the page and run as it says."""

import asyncio
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from devstack.isolation import child_environment
from devstack.ports import free_port

PAGE = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text(encoding="utf-8")
JAVASCRIPT = Path(__file__).parent / "javascript"
LISTENS_WITHIN_S = 20


class NoNodeError(Exception):
    """The reference library for JavaScript cannot be had here; one sentence with the remedy."""


def block(language: str) -> str:
    """Give the page's one block in that language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def node_modules(folder: Path, environment: Mapping[str, str]) -> None:
    """Install the reference library for JavaScript into ``folder``, exactly as locked.

    Raises:
        NoNodeError: There is no Node.js or npm, or npm could not.

    """
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise NoNodeError(
            "The webhook tests verify with JavaScript's reference library, too: install Node.js 18 "
            "or newer and npm (Debian: apt-get install nodejs npm)."
        )
    for name in ("package.json", "package-lock.json"):
        shutil.copy(JAVASCRIPT / name, folder / name)
    installed = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],  # noqa: S607 - of the search path
        cwd=folder,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if installed.returncode:
        raise NoNodeError(f"npm could not install the reference library:\n{installed.stderr}")


@dataclass(frozen=True)
class Language:
    """How a receiver in that language is started."""

    name: str
    program: tuple[str, ...]
    file: str


PYTHON = Language("python", (sys.executable,), "receiver.py")
NODE = Language("javascript", ("node",), "receiver.mjs")


@dataclass(frozen=True)
class Documented:
    """A receiver that runs."""

    url: str
    process: asyncio.subprocess.Process

    async def line(self) -> str:
        """Give the next line that it prints."""
        assert self.process.stdout is not None
        async with asyncio.timeout(LISTENS_WITHIN_S):
            return (await self.process.stdout.readline()).decode().strip()


@asynccontextmanager
async def running(language: Language, folder: Path, secret: str) -> AsyncIterator[Documented]:
    """Run the page's receiver in ``folder``."""
    port = free_port()
    file = folder / language.file
    file.write_text(block(language.name))
    settings = {"WEBHOOK_SECRET": secret, "PORT": str(port)}
    process = await asyncio.create_subprocess_exec(
        *language.program,
        str(file),
        cwd=folder,
        env=child_environment(folder / "home", settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await _listens(port)
        yield Documented(f"http://127.0.0.1:{port}/", process)
    finally:
        process.kill()
        await process.communicate()


async def _listens(port: int) -> None:
    async with asyncio.timeout(LISTENS_WITHIN_S):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                await writer.wait_closed()
                return
