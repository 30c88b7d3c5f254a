"""No secret of a whole run is to be found where others may read."""

import base64
import os
import signal
import subprocess
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest

from devstack.commands import CommandFailedError
from likeness.ids import video_workflow_id
from tests.e2e.conftest import House
from tests.e2e.test_kills import VIDEO, with_environment
from tests.reliability.figures import record

pytestmark = [pytest.mark.server, pytest.mark.processes]

NAME = "Canary Featherstone-Oyelaran"
SENDER = "Studio Canary Lighthouse"
PROMPT = "Image 1 canary-prompt walks along the quay"


class TestSecrets:
    def test_history_visibility_debug_logs_error_bodies_and_archive_hold_none(
        self, house: House
    ) -> None:
        for spec, more in (
            (house.stack.worker(), {"UPSTREAM_WEBHOOK": "1"}),
            (house.stack.web(), {}),
        ):
            house.processes.stop(spec.name)
            house.processes.start(with_environment(spec, LOG_LEVEL="DEBUG", **more))
        house.invite(
            *("--prompt", PROMPT, *VIDEO[2:]),
            *("--display-name", NAME, "--sender", SENDER),
            assets=("canary-portrait", "b"),
        )
        person = house.person("fail_then_pass")
        house.until(lambda s: s["stage"] == "completed")
        assert person.wait(60)

        canaries = self.canaries(house)
        places = {
            "history": self.histories(house),
            "visibility": self.visibility(house),
            "logs": house.logs().encode(),
            "error bodies": self.error_bodies(house),
            "archive": self.archive(house),
        }

        assert 12 <= len(canaries)
        assert 1 == len(house.secrets()["webhook_urls"])
        found = [
            f"{what} in {place}"
            for place, content in places.items()
            for what, secret in canaries
            if secret.encode() in content or base64.b64encode(secret.encode())[:-4] in content
        ]
        record(
            "canaries",
            "pytest tests/e2e/test_secrets.py",
            {"secrets sought": len(canaries), "places": len(places), "found": len(found)},
        )
        assert [] == found

    def test_neither_the_process_list_nor_a_crash_tells_the_api_key(self, house: House) -> None:
        house.processes.stop("worker")
        spec = house.stack.worker()
        crashing = {**spec.environment, "PYTHONFAULTHANDLER": "1"}
        worker = house.processes.start(spec.model_copy(update={"environment": crashing}))
        house.invite()
        house.until(lambda s: s["details"] is None)

        listed = self.process_list()
        assert worker.pid is not None
        os.killpg(worker.pid, signal.SIGABRT)
        worker.wait(30)
        dump = worker.log_since_start()

        assert "worker.py" in listed
        assert "Fatal Python error: Aborted" in dump
        assert 'File "' in dump
        assert crashing["APIMART_API_KEY"] not in listed + dump

    @staticmethod
    def process_list() -> str:
        """Read what `ps` shows to anybody."""
        lines = []
        for command_line in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                lines.append(command_line.read_bytes().replace(b"\0", b" ").decode())
        return "\n".join(lines)

    def test_the_scan_would_find_one(self, house: House) -> None:
        """Ids are in clear by design: a scan blind to them would be blind to secrets too."""
        house.invite()
        house.until(lambda s: s["stage"] == "invited")

        assert house.onboarding.encode() in self.visibility(house)
        assert b"Onboarding of one person" in self.histories(house, with_video=False)

    @staticmethod
    def canaries(house: House) -> list[tuple[str, str]]:
        """List what the upstream gave or got, and what the caller and the person were given."""
        told = house.secrets()
        upstream = [(kind, secret) for kind, all_of in told.items() for secret in all_of]
        invite_token = house.invite_url.rsplit("/", 1)[1]
        own = [("invite token", invite_token), ("name", NAME), ("sender", SENDER)]
        return [*upstream, *own, ("prompt", PROMPT), ("API key", "sk-simulator-only")]

    @staticmethod
    def histories(house: House, *, with_video: bool = True) -> bytes:
        ids = [house.workflow_id]
        if with_video:
            ids.append(video_workflow_id(house.workflow_id))
        return b"".join(event.SerializeToString() for each in ids for event in house.history(each))

    @staticmethod
    def error_bodies(house: House) -> bytes:
        """Ask for what is not there, at every door, with tokens bent by one letter."""
        webhook = house.secrets()["webhook_urls"][0].rsplit("/", 1)[1]
        bent = [f"{token[:-1]}x" for token in (house.invite_url.rsplit("/", 1)[1], webhook)]
        paths = [f"/{door}/{token}" for door in ("i", "callback", "webhook") for token in bent]
        public, admin = house.stack.public_url, house.stack.admin_url
        with httpx.Client(trust_env=False, timeout=20) as http:
            asked = [
                *(http.get(public + path) for path in paths),
                *(http.post(public + path, data={"consent": NAME}) for path in paths),
                *(http.post(f"{public}{path}/callback", json={"prompt": PROMPT}) for path in paths),
                http.post(f"{admin}/codec/decode", content=PROMPT),
                http.get(f"{admin}/readyz/{NAME}"),
            ]
        told = []
        for arguments in (["resolve", house.onboarding, "give_up"], ["start", "--sender", SENDER]):
            with pytest.raises(CommandFailedError) as refused:
                house.starter._run(arguments)
            told.append(str(refused.value))
        assert all(answer.status_code >= HTTPStatus.BAD_REQUEST for answer in asked)
        return b"\n".join([*(answer.content for answer in asked), *map(str.encode, told)])

    @staticmethod
    def archive(house: House) -> bytes:
        """Read every file that was put away, and what it is called."""
        files = [path for path in (house.stack.directory / "archive").rglob("*") if path.is_file()]
        assert {".json", ".mp4"} <= {path.suffix for path in files}
        return b"\n".join(str(path).encode() + path.read_bytes() for path in files)

    @staticmethod
    def visibility(house: House) -> bytes:
        """Read what the Temporal CLI shows of every run in the namespace."""
        return subprocess.run(
            [
                *(str(house.server.arguments()[0]), "workflow", "list", "-o", "json"),
                *("--address", house.stack.temporal_address, "-n", house.stack.namespace),
            ],
            check=True,
            capture_output=True,
            env={"PATH": "/usr/bin:/bin", "HOME": str(house.stack.directory)},
        ).stdout
