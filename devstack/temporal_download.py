"""Downloads the Temporal CLI the way the SDK does, and keeps the file."""

import asyncio
import os
import tempfile
from pathlib import Path

from temporalio.testing import WorkflowEnvironment

from devstack.temporal_build import CLI_VERSION

DOWNLOAD_TIMEOUT_S = 300


async def download(target: Path) -> None:
    """Let the SDK fetch and start the CLI once, then move the file to ``target`` in one step.

    The SDK offers no download alone; the server it starts is in memory and ends at once.

    Raises:
        RuntimeError: The network is closed, or the download took more than five minutes.

    """
    # Beside the target, because only within one file system a rename is atomic.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="download-") as folder:
        try:
            async with asyncio.timeout(DOWNLOAD_TIMEOUT_S):
                server = await WorkflowEnvironment.start_local(
                    download_dest_dir=folder, dev_server_download_version=f"v{CLI_VERSION}"
                )
        except TimeoutError as error:
            raise RuntimeError(f"nothing came within {DOWNLOAD_TIMEOUT_S} s") from error
        await server.shutdown()
        keep(Path(folder), target)


def keep(folder: Path, target: Path) -> None:
    """Move the one program in ``folder`` to ``target``.

    Raises:
        RuntimeError: There is none.

    """
    programs = [path for path in folder.rglob("*") if path.is_file() and os.access(path, os.X_OK)]
    if not programs:
        raise RuntimeError("the download brought no program")
    programs[0].replace(target)
