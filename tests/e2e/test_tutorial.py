"""docs/tutorial.md from the first block to the last, against a running stack."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from devstack.commands import ROOT
from devstack.isolation import child_environment
from devstack.ports import free_port
from devstack.stack import RECEIVER_ORIGIN
from devstack.what_is_where import write_environment
from tests.e2e.conftest import House, housed

pytestmark = [pytest.mark.server, pytest.mark.processes, pytest.mark.timeout(300)]

PAGE = (ROOT / "docs" / "tutorial.md").read_text()
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(language: str) -> list[str]:
    """Give the page's blocks in that language, in order."""
    return [text for named, text in _BLOCK.findall(PAGE) if named == language]


def programs() -> dict[str, str]:
    """Give the programs of the page by the file name of their first line."""
    return {text.partition("\n")[0].removeprefix("# "): text for text in blocks("python")}


@dataclass(frozen=True)
class Read:
    """What came of reading the page to its end: of each shell block, what it printed."""

    code: int
    said: list[str]
    err: str


@pytest.fixture
def house(temporal_cli: Path, tmp_path: Path) -> Iterator[House]:
    with housed(temporal_cli, tmp_path / "stack") as house:
        yield house


@pytest.fixture
def receiver_url() -> str:
    return f"http://127.0.0.1:{free_port()}/"


def moved_in(house: House, receiver_url: str) -> None:
    """Start what ``make up`` does, which tells receivers at one port more."""
    told = {"WEBHOOK_ALLOW": receiver_url.rstrip("/")}
    for spec in (house.stack.simulator(), house.stack.web(), house.stack.worker()):
        environment = {**spec.environment, **told}
        house.processes.start(spec.model_copy(update={"environment": environment}))
    house.change(review_seconds=1, video_seconds=1)
    write_environment(house.stack.directory, house.stack.settings())


def script(house: House, receiver_url: str) -> str:
    """Join the shell's blocks, with this stack's addresses and a mark between them."""
    text = "\necho '=== next'\n".join(blocks("sh"))
    for familiar, here in {
        ". .likeness/env": f". '{house.stack.directory / 'env'}'",
        "http://127.0.0.1:8001": house.stack.admin_url,
        "http://127.0.0.1:9000": house.stack.simulator_url,
        f"{RECEIVER_ORIGIN}/": receiver_url,
    }.items():
        assert familiar in text
        text = text.replace(familiar, here)
    return text


def read(house: House, receiver_url: str, home: Path) -> Read:
    """Put the programs where the page says, and run its shell blocks as one session."""
    lacking = [tool for tool in ("bash", "curl", "jq") if shutil.which(tool) is None]
    assert not lacking, f"The tutorial's shell needs {lacking}: apt-get install bash curl jq."
    folder = home / "afternoon"
    folder.mkdir(parents=True)
    for name, text in programs().items():
        (folder / name).write_text(text)
    with (home / "out").open("w") as out, (home / "err").open("w") as err:
        session = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", script(house, receiver_url)],  # noqa: S607 - of the search path
            cwd=ROOT,
            env=child_environment(home, {}),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        try:
            code = session.wait()
        finally:
            # The receiver of the page runs on in the background.
            os.killpg(session.pid, signal.SIGKILL)
            session.wait()
    said = (home / "out").read_text().split("=== next\n")
    return Read(code, said, (home / "err").read_text())


class TestTheTutorial:
    def test_every_block_does_what_the_page_says(
        self, house: House, receiver_url: str, tmp_path: Path
    ) -> None:
        moved_in(house, receiver_url)
        told = read(house, receiver_url, tmp_path / "home")

        assert 0 == told.code, told.err + "".join(told.said)
        _, _, _, _, person, followed, webhooks, errors, video, curl, events, refusal = told.said
        assert "passed" in person
        *_, refused, ended = followed.splitlines()
        assert "refused: [('side', " in refused
        assert "completed [('front', 'usable'), ('side', 'usable')]" == ended
        assert [
            "1 onboarding.verifying maria ",
            "2 onboarding.in_review maria ",
            "3 onboarding.held maria needs_assets",
            "4 onboarding.in_review maria ",
            "5 onboarding.completed maria ",
        ] == sorted(webhooks.splitlines())
        assert ["different_request", "no_such_onboarding", "already_ended"] == [
            line.partition(" ")[0] for line in errors.splitlines()
        ]
        known, made = video.splitlines()
        assert "maria verified" == known
        assert re.fullmatch(r"1 done default/person/maria/video-1\.mp4", made)
        stage, waiting_for, *listed = curl.splitlines()
        assert ("invited", "person") == (stage, waiting_for)
        assert "maria" in listed
        assert "completed" == events.splitlines()[-1]
        assert ["409", "already_ended", "caller"] == refusal.splitlines()[:3]
        effects = ("group_made", "assets_submitted", "video_charged")
        assert [2, 4, 1] == [house.count(effect) for effect in effects]

    def test_every_program_of_the_page_is_run_by_it(self) -> None:
        run = "\n".join(blocks("sh"))

        assert all(f"python {name}" in run for name in programs())
