import asyncio
import random
from dataclasses import replace
from typing import Any

import httpx

from benchmarks.contender import Caller, Costs, LinkLostError, LinkRefusedError
from benchmarks.kill_effects import (
    Effects,
    Moment,
    as_json,
    doubled_sessions,
    doubled_submissions,
)
from benchmarks.patient_crowd import PatientCrowd
from simulator.ledger import fingerprint

UPSTREAM = "http://127.0.0.1:9000"
EFFECTS = Effects(
    contender="likeness",
    seed=1,
    moment=Moment(route="submit_assets", nth=3, down_s=0.5),
    people=6,
    finished=4,
    held=2,
    lost=0,
    links_declared_lost=1,
    doubled_sessions=0,
    doubled_submissions=0,
    troubles={},
)


def submitted(person: str) -> dict[str, Any]:
    asset = fingerprint(f"{UPSTREAM}/portraits/{person}.jpg")
    return {"name": "assets_submitted", "detail": {"asset_urls": [asset]}}


def session() -> dict[str, Any]:
    return {"name": "session_created", "detail": {}}


class HardOfHearing(Caller):
    """Loses the first session, refuses the second tap, and gives a link at the third."""

    def __init__(self) -> None:
        self.answers: list[Exception | str] = [
            LinkLostError("lost"),
            LinkRefusedError("refused"),
            f"{UPSTREAM}/h5/code?lng=en",
        ]

    async def begin(self, person: str) -> None:
        assert person

    async def link(self, person: str) -> str:
        assert person
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def came_back(self, person: str) -> None:
        assert person

    async def ended(self, person: str) -> bool:
        return bool(person)

    async def costs(self) -> Costs | None:
        return None


class Held(HardOfHearing):
    """Gives no link, says that it holds, and tells a cancel as Temporal's client does."""

    has_tapped: str | None = None

    async def link(self, person: str) -> str:
        self.has_tapped = person
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as canceled:
            raise RuntimeError("Timeout or cancellation") from canceled
        return person

    async def is_held(self, person: str) -> bool:
        return person == self.has_tapped


def crowd_of(*people: str, caller: Caller) -> PatientCrowd:
    def answer(request: httpx.Request) -> httpx.Response:
        passed = request.method == "POST"
        return httpx.Response(302, headers={"location": "/"}) if passed else httpx.Response(200)

    phone = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    crowd = PatientCrowd(
        caller=caller,
        phone=phone,
        chance=random.Random(1),  # noqa: S311 - chance that can be repeated
        pause_s=0,
        tap_again_s=0,
        look_s=0,
    )
    crowd.tapped.update(people)
    return crowd


class TestTheMomentOfADeath:
    def test_is_the_same_for_the_same_seed(self) -> None:
        assert Moment.of(1, 20) == Moment.of(1, 20)

    def test_is_in_the_midst_of_either_post(self) -> None:
        routes = {Moment.of(seed, 20).route for seed in range(20)}

        assert {"create_session", "submit_assets"} == routes


class TestEffectsBeyondOne:
    def test_a_second_submission_for_a_person_is_one(self) -> None:
        ledger = [submitted("a"), submitted("b"), submitted("a"), session()]

        assert 1 == doubled_submissions(ledger, ["a", "b"], UPSTREAM)

    def test_a_session_that_nobody_asked_for_is_one(self) -> None:
        crowd = crowd_of("a", "b", caller=HardOfHearing())

        assert 1 == doubled_sessions([session()] * 3, crowd)

    def test_a_session_that_was_declared_lost_is_none(self) -> None:
        crowd = crowd_of("a", "b", caller=HardOfHearing())
        crowd.links_declared_lost = 1

        assert 0 == doubled_sessions([session()] * 3, crowd)


class TestAPatientPerson:
    async def test_taps_again_after_a_loss_and_after_a_refusal(self) -> None:
        crowd = crowd_of(caller=HardOfHearing())
        async with crowd.phone, asyncio.timeout(10):
            crowd.sets_out(["a"])
            held = await crowd.has_come_to_rest()

        assert set() == held
        assert {"a"} == crowd.finished()
        assert 1 == crowd.links_declared_lost

    async def test_waits_no_longer_where_somebody_must_decide(self) -> None:
        crowd = crowd_of(caller=Held())
        async with crowd.phone, asyncio.timeout(10):
            crowd.sets_out(["a"])
            held = await crowd.has_come_to_rest()

        assert {"a"} == held
        assert set() == crowd.finished()
        assert {} == crowd.troubles()


class TestTheSums:
    def test_are_kept_apart_by_contender(self) -> None:
        told = as_json([EFFECTS, replace(EFFECTS, seed=2), replace(EFFECTS, contender="naive")])

        assert {"likeness": 2, "naive": 1} == {
            name: sums["rounds"] for name, sums in told["contenders"].items()
        }
        assert 4 == told["contenders"]["likeness"]["held"]
        assert 3 == len(told["rounds"])
