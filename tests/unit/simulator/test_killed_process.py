"""The simulator as a process with a file: killed, and back as it was on the same port."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

KEY = {"Authorization": "Bearer sk-canary"}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "simulator", *arguments]
    # The command is our own.
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


class Upstream:
    """One port and one file, under one process after another."""

    def __init__(self, path: Path) -> None:
        port = free_port()
        self.arguments = ("--port", str(port), "--state", str(path))
        self._http = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers=KEY, trust_env=False, timeout=10
        )

    @contextmanager
    def until_killed(self) -> Iterator[None]:
        with start(*self.arguments) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline().startswith("simulator listening")
                yield
            finally:
                process.kill()

    def post(self, path: str, **body: object) -> dict[str, Any]:
        answer = self._http.post(path, json=body)
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told

    def avatar(self, **body: object) -> dict[str, Any]:
        data: dict[str, Any] = self.post("/v1/seedance2/real-avatar", **body)["data"]
        return data

    def task(self, task_id: str) -> dict[str, Any]:
        data: dict[str, Any] = self.get(f"/v1/tasks/{task_id}").json()["data"]
        return data

    def get(self, path: str) -> httpx.Response:
        return self._http.get(path).raise_for_status()

    def press(self, h5_link: str) -> None:
        action = re.search(r'action="([^"]+)"', self.get(h5_link).text)
        assert action is not None
        self._http.post(action[1], data={"outcome": "pass"})

    def advance(self, seconds: float) -> None:
        self.post("/_sim/clock", advance_s=seconds)

    def now(self) -> float:
        now: float = self.post("/_sim/clock", advance_s=0)["now"]
        return now

    def close(self) -> None:
        self._http.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "world.json"


@pytest.fixture
def upstream(path: Path) -> Iterator[Upstream]:
    made = Upstream(path)
    yield made
    made.close()


class TestKilled:
    def test_link_review_and_video_go_on_over_three_kills(self, upstream: Upstream) -> None:
        with upstream.until_killed():
            session_id = upstream.avatar(callback_url="http://127.0.0.1:9/callback")["id"]
            upstream.advance(60)
            session = upstream.task(session_id)["result"]

        with upstream.until_killed():
            upstream.press(session["h5_link"].replace("\\u0026", "&"))
            group_id = upstream.avatar(byted_token=session["byted_token"])["GroupId"]
            portrait = {"url": "https://portraits.test/front.jpg"}
            review_id = upstream.avatar(group_id=group_id, asset_type="Image", assets=[portrait])[
                "id"
            ]
            running = upstream.task(review_id)["status"]

        with upstream.until_killed():
            upstream.advance(60)
            usable = upstream.task(review_id)["result"]["usable_assets"][0]
            reference = {"url": usable["asset_url"], "role": "reference_image"}
            accepted = upstream.post(
                "/v1/videos/generations",
                model="doubao-seedance-2.0-face",
                prompt="canary prompt",
                image_with_roles=[reference],
            )
            upstream.advance(60)
            video_id = accepted["data"][0]["task_id"]
            url = upstream.task(video_id)["result"]["videos"][0]["url"][0]
            file = upstream.get(url).content

        with upstream.until_killed():
            same = upstream.get(url).content
            counts = upstream.get("/_sim/ledger").json()["counts"]

        assert "processing" == running
        assert file == same
        assert (1, 1, 2) == (
            counts["session_created"],
            counts["video_charged"],
            counts["video_downloaded"],
        )

    def test_the_clock_stays_ahead(self, upstream: Upstream) -> None:
        with upstream.until_killed():
            upstream.advance(86_400)
            before = upstream.now()

        with upstream.until_killed():
            after = upstream.now()

        assert before < after


class TestStart:
    def test_a_damaged_file_is_one_sentence_and_stays(self, upstream: Upstream, path: Path) -> None:
        path.write_text('{"secrets": "canary"')

        with start(*upstream.arguments) as process:
            told, errors = process.communicate()

        sentence = f"{path} is damaged or of another version; without it a new world begins\n"
        assert (1, "", sentence) == (process.returncode, told, errors)
        assert '{"secrets": "canary"' == path.read_text()

    def test_a_file_that_cannot_be_written_is_one_sentence(self, tmp_path: Path) -> None:
        nowhere = tmp_path / "nowhere" / "world.json"
        arguments = ("--port", str(free_port()), "--state", str(nowhere))

        with start(*arguments) as process:
            told, errors = process.communicate()

        sentence = f"cannot write {nowhere}: No such file or directory\n"
        assert (1, "", sentence) == (process.returncode, told, errors)

    def test_a_second_one_by_mistake_does_not_touch_the_file(
        self, upstream: Upstream, path: Path
    ) -> None:
        with upstream.until_killed():
            before = path.stat().st_ino
            with start(*upstream.arguments) as second:
                second.communicate()

            assert before == path.stat().st_ino
        assert 2 == second.returncode
