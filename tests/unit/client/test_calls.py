"""What the client sends, where to, and what it gives back."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from likeness.client import Likeness, StrangeAnswerError
from likeness.client.onboardings import Creation
from likeness.messages.conversation import Resolution
from likeness.messages.onboarding import AssetKind
from likeness.rest.onboardings import (
    CreateOnboarding,
    InviteLink,
    OnboardingListed,
    OnboardingPage,
)
from likeness.rest.people import (
    ImportedAsset,
    PersonErased,
    PersonExport,
    PersonListed,
    PersonPage,
    PersonShown,
    PersonsVideo,
    VideoAccepted,
)
from likeness.stages import Hold, PersonStands, Stage, WaitingFor
from tests.unit.client.pretended import ASSETS, CREATED, KEY, Pretended, shown

AT = datetime(2026, 7, 1, tzinfo=UTC)
LISTED = OnboardingListed(
    onboarding_id="o-1", stage=Stage.INVITED, waiting_for=WaitingFor.PERSON, started_at=AT
)
PERSON = PersonShown(person="maria", stands=PersonStands.VERIFIED, verified_at=AT)
IN_LIST = PersonListed(person="maria", stands=PersonStands.VERIFIED, verified_at=AT)
EXPORT = PersonExport(person=PERSON, account="default", project_name="p", receipts=())
USABLE = ImportedAsset(asset_id="asset-1", kind=AssetKind.IMAGE)

Calling = Callable[[Likeness], Awaitable[BaseModel]]

CALLS: dict[str, tuple[Calling, BaseModel, str, dict[str, Any] | None]] = {
    "get": (lambda it: it.onboardings.get("o-1"), shown(), "GET /v1/onboardings/o-1", None),
    "link": (
        lambda it: it.onboardings.link("o-1"),
        InviteLink(onboarding_id="o-1", invite_url="https://pages.example/i/x"),
        "GET /v1/onboardings/o-1/link",
        None,
    ),
    "replace_assets": (
        lambda it: it.onboardings.replace_assets("o-1", ASSETS, reason="blurred"),
        shown(),
        "POST /v1/onboardings/o-1/replace_assets",
        {"assets": [ASSETS[0]], "reason": "blurred"},
    ),
    "accept_partial": (
        lambda it: it.onboardings.accept_partial("o-1"),
        shown(),
        "POST /v1/onboardings/o-1/accept_partial",
        {"reason": ""},
    ),
    "cancel": (
        lambda it: it.onboardings.cancel("o-1", reason="no more"),
        shown(),
        "POST /v1/onboardings/o-1/cancel",
        {"reason": "no more"},
    ),
    "revoke_link": (
        lambda it: it.onboardings.revoke_link("o-1"),
        shown(),
        "POST /v1/onboardings/o-1/revoke_link",
        {"reason": ""},
    ),
    "extend_deadline": (
        lambda it: it.onboardings.extend_deadline("o-1", 3600),
        shown(),
        "POST /v1/onboardings/o-1/extend_deadline",
        {"by_s": 3600, "reason": ""},
    ),
    "check_now": (
        lambda it: it.onboardings.check_now("o-1"),
        shown(),
        "POST /v1/onboardings/o-1/check_now",
        {"reason": ""},
    ),
    "resolve": (
        lambda it: it.onboardings.resolve("o-1", Resolution.ADOPT, task_id="t-1", asset="front"),
        shown(),
        "POST /v1/onboardings/o-1/resolve",
        {"resolution": "adopt", "task_id": "t-1", "asset": "front", "reason": ""},
    ),
    "release_device": (
        lambda it: it.onboardings.release_device("o-1"),
        shown(),
        "POST /v1/onboardings/o-1/release_device",
        {"reason": ""},
    ),
    "reset_attempts": (
        lambda it: it.onboardings.reset_attempts("o-1"),
        shown(),
        "POST /v1/onboardings/o-1/reset_attempts",
        {"reason": ""},
    ),
    "redrive": (
        lambda it: it.onboardings.redrive("o-1", since_sequence=2),
        shown(),
        "POST /v1/onboardings/o-1/redrive",
        {"since_sequence": 2, "reason": ""},
    ),
    "person": (lambda it: it.people.get("maria"), PERSON, "GET /v1/people/maria", None),
    "import_": (
        lambda it: it.people.import_("maria", group_id="g-1", assets=[USABLE], anew=True),
        PERSON,
        "POST /v1/people",
        {
            "person": "maria",
            "group_id": "g-1",
            "assets": [{"asset_id": "asset-1", "kind": "image"}],
            "anew": True,
        },
    ),
    "export": (lambda it: it.people.export("maria"), EXPORT, "GET /v1/people/maria/export", None),
    "order_video": (
        lambda it: it.people.order_video("maria", {"prompt": "She waves."}),
        VideoAccepted(person="maria", number=2),
        "POST /v1/people/maria/videos",
        {"video": {"prompt": "She waves."}},
    ),
    "video": (
        lambda it: it.people.video("maria", 2),
        PersonsVideo(workflow_id="likeness/default/person/maria/video/2"),
        "GET /v1/people/maria/videos/2",
        None,
    ),
    "withdraw": (
        lambda it: it.people.withdraw("maria"),
        PERSON,
        "POST /v1/people/maria/withdraw",
        {"reason": ""},
    ),
    "erase": (
        lambda it: it.people.erase("maria", reason="asked for"),
        PersonErased(person="maria", done=False),
        "POST /v1/people/maria/erase",
        {"reason": "asked for"},
    ),
}


class TestEachCall:
    @pytest.mark.parametrize("name", CALLS)
    async def test_it_asks_its_address_with_the_key_and_gives_the_shape(self, name: str) -> None:
        call, answer, target, body = CALLS[name]
        likeness = Pretended(answer)

        given = await call(likeness.client())

        (request,) = likeness.requests
        assert answer == given
        assert [target] == likeness.asked()
        assert f"Bearer {KEY}" == request.headers["authorization"]
        assert "application/json" == request.headers["accept"]
        assert ([] if body is None else [body]) == (likeness.bodies() if request.content else [])
        sent_as = request.headers.get("content-type")
        assert (None if body is None else "application/json") == sent_as


class TestCreating:
    async def test_it_is_the_same_by_a_shape_or_by_fields(self) -> None:
        likeness = Pretended(CREATED, CREATED)
        client = likeness.client()
        order = CreateOnboarding.model_validate({"person": "maria", "assets": ASSETS})

        by_shape = await client.onboardings.create(order)
        by_fields = await client.onboardings.create(person="maria", assets=ASSETS)

        first, second = likeness.bodies()
        assert CREATED == by_shape == by_fields
        assert {"person": "maria", "assets": [ASSETS[0]]} == first == second
        assert ["POST /v1/onboardings"] * 2 == likeness.asked()

    async def test_a_key_of_its_own_is_made_for_each_call_unless_one_is_given(self) -> None:
        likeness = Pretended(CREATED, CREATED, CREATED)
        client = likeness.client()

        await client.onboardings.create(person="maria", assets=ASSETS)
        await client.onboardings.create(person="maria", assets=ASSETS)
        await client.onboardings.create(person="maria", assets=ASSETS, idempotency_key="row 7")

        first, second, mine = (each.headers["idempotency-key"] for each in likeness.requests)
        assert first != second
        assert "row 7" == mine

    @pytest.mark.parametrize("key", ["", " a", "a ", "ä", "a\nb", "x" * 192])
    async def test_a_key_that_cannot_be_sent_is_refused_before_anything_is(self, key: str) -> None:
        likeness = Pretended()

        with pytest.raises(ValueError, match="1 to 191 printable ASCII characters"):
            await likeness.client().onboardings.create(
                person="maria", assets=ASSETS, idempotency_key=key
            )

        assert [] == likeness.requests

    async def test_what_could_never_be_taken_is_refused_before_anything_is_sent(self) -> None:
        likeness = Pretended()
        client = likeness.client()

        with pytest.raises(ValueError, match="e-mail") as refused:
            await client.onboardings.create(person="canary@example.com", assets=ASSETS)

        assert [] == likeness.requests
        assert "canary" not in str(refused.value)

    async def test_it_takes_one_of_both_and_not_none(self) -> None:
        order = CreateOnboarding.model_validate({"person": "maria", "assets": ASSETS})
        create: Any = Pretended().client().onboardings.create

        with pytest.raises(ValueError, match="a CreateOnboarding or its fields"):
            await create()
        with pytest.raises(ValueError, match="a CreateOnboarding or its fields"):
            await create(order, person="maria", assets=ASSETS)

    def test_every_field_of_the_shape_can_be_given_by_name(self) -> None:
        assert set(CreateOnboarding.model_fields) == set(Creation.__annotations__)


class TestLists:
    async def test_it_walks_every_page_with_the_same_filters(self) -> None:
        second = LISTED.model_copy(update={"onboarding_id": "o-2"})
        likeness = Pretended(
            OnboardingPage(onboardings=(LISTED,), next_cursor="c/1+"),
            OnboardingPage(onboardings=(second,)),
        )
        filtered = likeness.client().onboardings.list(
            stage=Stage.IN_REVIEW, hold=Hold.NEEDS_ASSETS, started_after=AT, page_size=1
        )

        found = [each async for each in filtered]

        first = {
            "stage": "in_review",
            "hold": "needs_assets",
            "started_after": "2026-07-01T00:00:00+00:00",
            "limit": "1",
        }
        assert [LISTED, second] == found
        assert [first, first | {"cursor": "c/1+"}] == [
            dict(request.url.params) for request in likeness.requests
        ]

    async def test_a_time_without_an_offset_is_refused(self) -> None:
        likeness = Pretended()
        listed = likeness.client().onboardings.list(started_after=AT.replace(tzinfo=None))

        with pytest.raises(ValueError, match="timezone"):
            await anext(listed)

        assert [] == likeness.requests

    async def test_people_are_walked_page_by_page_too(self) -> None:
        second = IN_LIST.model_copy(update={"person": "ben"})
        likeness = Pretended(
            PersonPage(people=(IN_LIST,), next_cursor="c1"), PersonPage(people=(second,))
        )

        found = [each async for each in likeness.client().people.list()]

        assert [IN_LIST, second] == found
        assert ["GET /v1/people?limit=50", "GET /v1/people?limit=50&cursor=c1"] == likeness.asked()


class TestAddresses:
    @pytest.mark.parametrize("given", ["..", "a/b", "a?b", "A", "", "a" * 41, "me@example.com"])
    async def test_an_id_that_is_none_leads_nowhere(self, given: str) -> None:
        likeness = Pretended()
        client = likeness.client()

        for call in (client.onboardings.get, client.people.get):
            with pytest.raises(ValueError, match="id part"):
                await call(given)

        assert [] == likeness.requests

    @pytest.mark.parametrize(
        ("given", "asked"),
        [
            ("https://api.example/", "https://api.example/v1/people/maria"),
            ("https://api.example/v1", "https://api.example/v1/people/maria"),
            ("https://api.example/at/likeness/", "https://api.example/at/likeness/v1/people/maria"),
            ("http://127.0.0.1:8001", "http://127.0.0.1:8001/v1/people/maria"),
            ("http://localhost:8001", "http://localhost:8001/v1/people/maria"),
            ("http://[::1]:8001", "http://[::1]:8001/v1/people/maria"),
        ],
    )
    async def test_a_base_url_may_have_a_prefix_and_v1(self, given: str, asked: str) -> None:
        likeness = Pretended(PERSON)

        await likeness.client(given).people.get("maria")

        assert [asked] == [str(request.url) for request in likeness.requests]

    @pytest.mark.parametrize(
        "given",
        [
            "http://api.example",
            "http://192.168.0.1:8001",
            "api.example",
            "ftp://api.example",
            "https://user:canary@api.example",
            "https://api.example?canary",
            "https://api.example#canary",
            "https://api.example:99999",
            "https://[canary",
            "",
        ],
    )
    def test_any_other_is_refused_without_being_repeated(self, given: str) -> None:
        with pytest.raises(ValueError, match="base_url must look like") as refused:
            Likeness(given, api_key=KEY)

        assert "canary" not in str(refused.value)

    async def test_another_host_is_asked_in_clear_only_where_that_is_said(self) -> None:
        client = Likeness("http://likeness.internal:8001", api_key=KEY, allow_plain_http=True)

        await client.aclose()


class TestAnswers:
    async def test_fields_of_a_newer_likeness_are_passed_over(self) -> None:
        newer = shown().model_dump(mode="json") | {"mood": "fine"}
        likeness = Pretended(httpx.Response(200, json=newer))

        assert shown() == await likeness.client().onboardings.get("o-1")

    @pytest.mark.parametrize(
        "answer",
        [
            httpx.Response(200, text="<html>Welcome to the guest network</html>"),
            httpx.Response(200, json={"stage": "asleep"}),
            httpx.Response(204),
            httpx.Response(302, headers={"location": "https://elsewhere.example/"}),
        ],
        ids=["page", "shape", "nothing", "elsewhere"],
    )
    async def test_what_it_does_not_know_is_told_and_followed_nowhere(
        self, answer: httpx.Response
    ) -> None:
        likeness = Pretended(answer)

        with pytest.raises(StrangeAnswerError) as told:
            await likeness.client().onboardings.get("o-1")

        assert answer.status_code == told.value.status
        assert 1 == len(likeness.requests)

    async def test_an_answer_without_end_is_cut_off(self) -> None:
        likeness = Pretended(httpx.Response(200, content=b" " * (8 * 1024 * 1024 + 1)))

        with pytest.raises(StrangeAnswerError):
            await likeness.client().onboardings.get("o-1")
