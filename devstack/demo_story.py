"""The story of the demo: from invitation to video, while the worker is killed on the way."""

import sys
import time
from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any

from devstack.commands import ROOT
from devstack.demo_report import Report
from devstack.histories import marks
from devstack.isolation import child_environment
from devstack.narrator import Narrator
from devstack.stack import Stack
from devstack.supervisor import ProcessFailedError, ProcessSpec, Supervisor
from devstack.witness import Witness
from likeness.ids import DEFAULT_TENANT, onboarding_workflow_id, video_workflow_id
from likeness.names import VERIFICATION_CALLBACK
from likeness.stages import AssetState, Stage, VideoState

PERSON = "demo-person"
PORTRAITS = ("front", "left-refused", "right")
"""Names of the simulator's portraits; it refuses whatever has ``refused`` in its address."""

MIN_USABLE = 2
VIDEO = ("--prompt", "The person waves at the camera.", "--duration-s", "5", "--resolution", "720p")
H5_STAY_S = 4
"""The face check thinks this long before it sends the person back: time to kill the worker."""

STEP_TIMEOUT_S = 60.0
POLL_S = 0.1
STATUS_EVERY_S = 0.7


class DemoFailedError(RuntimeError):
    """A step of the demo did not come out as it must."""


class DemoStory:
    """One run of the demo; every method is a step of the story, in order."""

    def __init__(self, stack: Stack, processes: Supervisor, *, narrator: Narrator) -> None:
        self._stack = stack
        self._processes = processes
        self._narrator = narrator
        self._starter = stack.starter()
        self._witness = Witness(
            simulator_url=stack.simulator_url,
            temporal_address=stack.temporal_address,
            namespace=stack.namespace,
        )
        self._onboarding_id = ""
        self._invite_url = ""
        self._person_said = 0

    def run(self) -> Report:
        """Tell the whole story; returns what it came to.

        Raises:
            DemoFailedError: Something came out otherwise than it must.
            ProcessFailedError: A process ended that was needed.

        """
        self.start_processes()
        self.invite()
        self.person_opens_the_check()
        self.kill_worker()
        self.person_comes_back()
        self.start_worker_again()
        return self.follow_to_the_end()

    def start_processes(self) -> None:
        """Start simulator, web and worker, each from its own variables alone."""
        self._starter.new_keys()
        for spec in (self._stack.simulator(), self._stack.web(), self._stack.worker()):
            with self._narrator.waiting(f"starting {spec.name}"):
                self._processes.start(spec)
            self._narrator.tell(f"{spec.name} is up (pid {self._processes.child(spec.name).pid})")

    def invite(self) -> None:
        """Start one onboarding by the command line."""
        portraits = f"{self._stack.simulator_url}/portraits"
        assets = [
            part for name in PORTRAITS for part in ("--asset", f"image={portraits}/{name}.jpg")
        ]
        with self._narrator.waiting("starting an onboarding"):
            started = self._starter.start(
                "--person", PERSON, *assets, "--min-usable", str(MIN_USABLE), *VIDEO
            )
        self._onboarding_id = started["onboarding_id"]
        self._invite_url = started["invite_url"]
        self._narrator.tell(f"onboarding {self._onboarding_id} is {started['stage']}")
        self._narrator.link("the person's invite link", self._invite_url)
        if ui_url := self._stack.ui_url_of(self._workflow_id):
            self._narrator.link("the run in the Temporal UI", ui_url)

    def person_opens_the_check(self) -> None:
        """Let a person who knows nothing but the link agree, tap Start and open the check."""
        self._witness.change_scenario({"callback": "late", "callback_delay_s": H5_STAY_S})
        self._processes.spawn(
            ProcessSpec(
                name="person",
                argv=(
                    sys.executable,
                    "-m",
                    "simulator.person",
                    self._invite_url,
                    "--scenario",
                    "pass",
                ),
                environment=child_environment(self._stack.directory / "phone", {}),
                log_path=self._stack.directory / "logs" / "person.log",
                directory=ROOT,
            )
        )
        self._wait_for(
            "the person opens the face check", lambda: "h5_opened" in self._witness.counts()
        )

    def kill_worker(self) -> None:
        """SIGKILL, while the person is on the provider's page."""
        self._processes.kill("worker")
        self._narrator.tell("the worker is killed (SIGKILL) while the person is at the face check")

    def person_comes_back(self) -> None:
        """See the redirect land while no worker runs: Temporal keeps the signal."""
        self._wait_for(
            "the person comes back; Temporal keeps the callback",
            self._callback_is_kept,
            but={"worker"},
        )
        if self._processes.child("worker").alive:
            raise DemoFailedError("A worker was there when the person came back; it must not be.")
        told = self._starter.status(self._onboarding_id)
        self._narrator.aside("status", _status_line(told))

    def start_worker_again(self) -> None:
        """Start the worker again; everything goes on by itself from here."""
        with self._narrator.waiting("starting the worker again"):
            worker = self._processes.restart("worker")
        self._narrator.tell(f"the worker is up again (pid {worker.pid})")

    def follow_to_the_end(self) -> Report:
        """Show each change of the status until the run ends, and check what it came to."""
        told: dict[str, Any] = {}
        shown = ""
        with self._narrator.waiting("review, generation, archive"):
            for told in self._statuses():
                line = _status_line(told)
                if line != shown:
                    self._narrator.aside("status", line)
                shown = line
                if told["hold"] or Stage(told["stage"]).is_end:
                    break
        self._check(told)
        self._see_person_off()
        return self._report(told)

    def _statuses(self) -> Iterator[dict[str, Any]]:
        deadline = time.monotonic() + STEP_TIMEOUT_S
        while time.monotonic() < deadline:
            self._processes.check(but={"person"})
            self._repeat_person()
            yield self._starter.status(self._onboarding_id)
            time.sleep(STATUS_EVERY_S)
        raise DemoFailedError(f"The run did not end within {STEP_TIMEOUT_S:.0f} s.")

    def _callback_is_kept(self) -> bool:
        events = self._witness.events(self._workflow_id)
        return VERIFICATION_CALLBACK in [mark.name for mark in marks(events)]

    def _see_person_off(self) -> None:
        person = self._processes.child("person")
        with self._narrator.waiting("the person reads the last page"):
            person.wait(STEP_TIMEOUT_S)
        self._repeat_person()
        if person.exit_code != 0:
            raise ProcessFailedError("The person did not come through.", child=person)

    def _check(self, told: Mapping[str, Any]) -> None:
        states = [asset["state"] for asset in told["assets"] or ()]
        counts = self._witness.counts()
        facts = {
            "the stage is completed": told["stage"] == Stage.COMPLETED,
            "two assets are usable": states.count(AssetState.USABLE) == MIN_USABLE,
            "one asset is refused": states.count(AssetState.REFUSED) == 1,
            "the video is done": (told["video"] or {}).get("state") == VideoState.DONE,
            "one session was made": counts.get("create_session") == 1,
            "one video was charged": counts.get("video_charged") == 1,
        }
        wrong = [fact for fact, holds in facts.items() if not holds]
        if wrong:
            raise DemoFailedError(f"It must be true that {', and that '.join(wrong)}; it is not.")

    def _report(self, told: Mapping[str, Any]) -> Report:
        return Report(
            onboarding=self._witness.events(self._workflow_id),
            video=self._witness.events(video_workflow_id(self._workflow_id)),
            calls=self._witness.counts("call"),
            effects=self._witness.counts("effect"),
            file=self._stack.archive / told["video"]["key"],
        )

    def _wait_for(
        self, sentence: str, happened: Callable[[], bool], *, but: Container[str] = ()
    ) -> None:
        deadline = time.monotonic() + STEP_TIMEOUT_S
        with self._narrator.waiting(sentence):
            while not happened():
                self._processes.check(but=but)
                if time.monotonic() > deadline:
                    raise ProcessFailedError(
                        f"Waited {STEP_TIMEOUT_S:.0f} s in vain: {sentence}.",
                        child=self._processes.child("person"),
                    )
                time.sleep(POLL_S)
        self._repeat_person()
        self._narrator.tell(sentence)

    def _repeat_person(self) -> None:
        lines = self._processes.child("person").log_since_start().splitlines()
        for line in lines[self._person_said :]:
            self._narrator.aside("person", line)
        self._person_said = len(lines)

    @property
    def _workflow_id(self) -> str:
        return onboarding_workflow_id(DEFAULT_TENANT, self._onboarding_id)


def _status_line(told: Mapping[str, Any]) -> str:
    details = told.get("details")
    assets = [asset["state"] for asset in told.get("assets") or ()]
    video = (told.get("video") or {}).get("state")
    parts = [
        f"stage {told['stage']}",
        f"waiting for {told['waiting_for']}",
        f"hold {told['hold']}" if told["hold"] else None,
        f"assets {', '.join(assets)}" if assets else None,
        f"video {video}" if video else None,
        f"({details})" if details else None,
    ]
    return "  ".join(part for part in parts if part)
