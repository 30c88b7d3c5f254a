"""The three operations of the avatar endpoint answer as the contract says, in every edition."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from simulator.control import SimulatorControl

Avatar = Callable[..., Awaitable[httpx.Response]]
NewSession = Callable[[], Awaitable[tuple[str, str]]]
Choose = Callable[[str, str], Awaitable[httpx.Response]]
VerifiedGroup = Callable[[], Awaitable[str]]
CALLBACK = "http://127.0.0.1:9/callback/one?lang=en"


def found_at(body: Any, path: str) -> Any:
    for key in path.replace("[0]", ".0").split("."):
        body = body[int(key)] if key == "0" else body[key]
    return body


class TestKeys:
    async def test_a_call_without_a_key_gets_the_live_form_of_401(self, base_url: str) -> None:
        async with httpx.AsyncClient(trust_env=False) as stranger:
            answer = await stranger.get(f"{base_url}/v1/tasks/task_1")

        assert 401 == answer.status_code
        assert "apimart_error" == answer.json()["error"]["type"]
        assert "code" not in answer.json()["error"]

    async def test_a_body_that_asks_for_two_operations_is_refused(self, avatar: Avatar) -> None:
        answer = await avatar(callback_url=CALLBACK, byted_token="bt")

        assert 400 == answer.status_code
        assert "create_session and query_group" in answer.json()["error"]["message"]

    async def test_a_callback_url_must_be_http(self, avatar: Avatar) -> None:
        answer = await avatar(callback_url="ftp://example.test/x")

        assert 400 == answer.status_code


class TestSession:
    async def test_the_default_edition_is_an_object_with_id(self, avatar: Avatar) -> None:
        answer = (await avatar(callback_url=CALLBACK)).json()

        assert 200 == answer["code"]
        assert {"id", "status"} == set(answer["data"])
        assert "completed" == answer["data"]["status"]

    async def test_another_edition_is_a_list_with_task_id(
        self, avatar: Avatar, control: SimulatorControl
    ) -> None:
        await control.scenario("odd_shapes")

        answer = (await avatar(callback_url=CALLBACK)).json()

        assert {"task_id", "status"} == set(answer["data"][0])

    async def test_the_link_appears_after_the_delay(
        self, avatar: Avatar, control: SimulatorControl, http: httpx.AsyncClient
    ) -> None:
        await control.scenario(session_s=5)
        path = f"/v1/tasks/{(await avatar(callback_url=CALLBACK)).json()['data']['id']}"

        early = (await http.get(path)).json()["data"]
        await control.advance(6)
        late = (await http.get(path)).json()["data"]

        assert "result" not in early
        assert {"byted_token", "h5_link", "raw_response"} == set(late["result"])

    @pytest.mark.parametrize(
        ("ampersands", "in_text", "after_parsing"),
        [
            ("plain", "&", "&"),
            ("json_escaped", "\\u0026", "&"),
            ("double_escaped", "\\\\u0026", "\\u0026"),
        ],
    )
    async def test_ampersands_in_the_link_are_escaped_as_told(
        self,
        *,
        avatar: Avatar,
        control: SimulatorControl,
        http: httpx.AsyncClient,
        ampersands: str,
        in_text: str,
        after_parsing: str,
    ) -> None:
        await control.scenario(ampersands=ampersands)
        path = f"/v1/tasks/{(await avatar(callback_url=CALLBACK)).json()['data']['id']}"

        answer = await http.get(path)

        assert f"{in_text}accessKeyId=" in answer.text
        assert f"{after_parsing}accessKeyId=" in answer.json()["data"]["result"]["h5_link"]


class TestQuery:
    @pytest.mark.parametrize(
        ("form", "status", "says"),
        [
            ("200_empty", 200, '"data":{}'),
            ("200_bare", 200, '"Result":{}'),
            ("400", 400, "not finished"),
            ("404", 404, "not found"),
            ("500", 500, "not ready"),
        ],
    )
    async def test_not_yet_has_many_forms(
        self,
        *,
        avatar: Avatar,
        control: SimulatorControl,
        new_session: NewSession,
        form: str,
        status: int,
        says: str,
    ) -> None:
        await control.scenario(pending_form=form)
        token, _ = await new_session()

        answer = await avatar(byted_token=token)

        assert status == answer.status_code
        assert says in answer.text

    @pytest.mark.parametrize(
        "place",
        [
            "data",
            "data[0]",
            "data.result",
            "data.Result",
            "data.raw_response",
            "data.raw_response.Result",
            "Result",
            "result",
        ],
    )
    async def test_the_group_id_hides_where_the_scenario_says(
        self,
        avatar: Avatar,
        control: SimulatorControl,
        new_session: NewSession,
        choose: Choose,
        place: str,
    ) -> None:
        await control.scenario(group_place=place, group_key="groupId")
        token, h5_link = await new_session()
        await choose(h5_link, "pass")

        answer = (await avatar(byted_token=token)).json()

        assert found_at(answer, place)["groupId"].startswith("group-")

    async def test_a_query_may_be_answered_by_a_task(
        self,
        avatar: Avatar,
        control: SimulatorControl,
        http: httpx.AsyncClient,
        new_session: NewSession,
        choose: Choose,
    ) -> None:
        await control.scenario("query_by_task", session_s=0)
        token, h5_link = await new_session()
        path = f"/v1/tasks/{(await avatar(byted_token=token)).json()['data']['id']}"

        before = (await http.get(path)).json()["data"]
        await choose(h5_link, "pass")
        after = (await http.get(path)).json()["data"]

        assert "processing" == before["status"]
        assert after["result"]["GroupId"].startswith("group-")

    async def test_a_failed_check_never_tells_a_group(
        self, avatar: Avatar, new_session: NewSession, choose: Choose
    ) -> None:
        token, h5_link = await new_session()
        await choose(h5_link, "fail")

        assert {} == (await avatar(byted_token=token)).json()["data"]

    async def test_the_result_lags_behind_the_check(
        self,
        avatar: Avatar,
        control: SimulatorControl,
        new_session: NewSession,
        choose: Choose,
    ) -> None:
        await control.scenario(result_lag_s=4)
        token, h5_link = await new_session()
        await choose(h5_link, "pass")

        early = (await avatar(byted_token=token)).json()["data"]
        await control.advance(5)
        late = (await avatar(byted_token=token)).json()["data"]

        assert {} == early
        assert "GroupId" in late

    async def test_a_single_use_token_is_burnt_by_a_look_that_came_too_early(
        self,
        avatar: Avatar,
        control: SimulatorControl,
        new_session: NewSession,
        choose: Choose,
    ) -> None:
        await control.scenario(single_use_token=True)
        token, h5_link = await new_session()

        first = await avatar(byted_token=token)
        await choose(h5_link, "pass")
        second = await avatar(byted_token=token)

        assert [200, 400] == [first.status_code, second.status_code]
        counts = await control.counts()
        assert (1, 1) == (counts["token_looked_up"], counts["token_burnt"])

    async def test_a_token_dies_after_its_time(
        self,
        avatar: Avatar,
        control: SimulatorControl,
        new_session: NewSession,
        choose: Choose,
    ) -> None:
        token, h5_link = await new_session()
        await choose(h5_link, "pass")
        await control.advance(1801)

        assert 400 == (await avatar(byted_token=token)).status_code

    async def test_another_project_finds_no_group(
        self, avatar: Avatar, new_session: NewSession, choose: Choose
    ) -> None:
        token, h5_link = await new_session()
        await choose(h5_link, "pass")

        answer = await avatar(byted_token=token, project_name="Default")

        assert {} == answer.json()["data"]


class TestReview:
    async def review(
        self,
        avatar: Avatar,
        control: SimulatorControl,
        http: httpx.AsyncClient,
        *,
        group_id: str,
        names: list[str],
    ) -> Any:
        assets = [{"url": f"https://portraits.test/{name}.jpg", "name": name} for name in names]
        answer = await avatar(group_id=group_id, asset_type="Image", assets=assets)
        await control.advance(7)
        return (await http.get(f"/v1/tasks/{answer.json()['data']['id']}")).json()["data"]

    async def test_a_refused_asset_fails_the_task_and_leaves_the_others_usable(
        self,
        avatar: Avatar,
        control: SimulatorControl,
        http: httpx.AsyncClient,
        verified_group: VerifiedGroup,
    ) -> None:
        names = ["front", "refused-side", "full"]
        task = await self.review(
            avatar, control, http, group_id=await verified_group(), names=names
        )

        assert "failed" == task["status"]
        assert "task_failed" == task["error"]["code"]
        assert 2 == len(task["result"]["usable_assets"])
        assert 1 == len(task["result"]["failed_assets"])

    async def test_items_carry_no_name_and_no_reason(
        self,
        avatar: Avatar,
        control: SimulatorControl,
        http: httpx.AsyncClient,
        verified_group: VerifiedGroup,
    ) -> None:
        names = ["front", "refused"]
        task = await self.review(
            avatar, control, http, group_id=await verified_group(), names=names
        )

        assert [{"asset_id", "asset_url", "status"}] * 2 == [
            set(item) for item in task["result"]["assets"]
        ]

    async def test_items_come_in_another_order_than_submitted(
        self,
        avatar: Avatar,
        control: SimulatorControl,
        http: httpx.AsyncClient,
        verified_group: VerifiedGroup,
    ) -> None:
        await control.scenario(item_names=True)
        names = ["a", "b", "c"]
        task = await self.review(
            avatar, control, http, group_id=await verified_group(), names=names
        )

        told = [item["raw_response"]["Result"]["Name"] for item in task["result"]["assets"]]
        assert names == sorted(told)
        assert names != told

    @pytest.mark.parametrize(
        ("url_name", "code"),
        [("refused", "FaceMismatch"), ("x-downloadfailed", "DownloadFailed"), ("front", None)],
    )
    async def test_the_url_says_why_an_asset_is_refused(
        self,
        *,
        avatar: Avatar,
        control: SimulatorControl,
        http: httpx.AsyncClient,
        verified_group: VerifiedGroup,
        url_name: str,
        code: str | None,
    ) -> None:
        await control.scenario(item_reasons=True)
        task = await self.review(
            avatar, control, http, group_id=await verified_group(), names=[url_name]
        )

        item = task["result"]["assets"][0]
        told = item.get("raw_response", {}).get("Result", {}).get("Error", {}).get("Code")
        assert code == told

    async def test_somebody_elses_face_fails_every_asset(
        self,
        avatar: Avatar,
        control: SimulatorControl,
        http: httpx.AsyncClient,
        new_session: NewSession,
        choose: Choose,
    ) -> None:
        token, h5_link = await new_session()
        await choose(h5_link, "wrong_person")
        group_id = (await avatar(byted_token=token)).json()["data"]["GroupId"]

        task = await self.review(avatar, control, http, group_id=group_id, names=["front"])

        assert [] == task["result"]["usable_assets"]

    async def test_a_stuck_review_never_ends(
        self,
        avatar: Avatar,
        control: SimulatorControl,
        http: httpx.AsyncClient,
        verified_group: VerifiedGroup,
    ) -> None:
        group_id = await verified_group()
        await control.scenario("review_stuck")
        task = await self.review(avatar, control, http, group_id=group_id, names=["front"])

        assert "processing" == task["status"]

    async def test_an_unknown_group_is_not_found(self, avatar: Avatar) -> None:
        answer = await avatar(group_id="group-x", assets=[{"url": "https://portraits.test/a"}])

        assert 404 == answer.status_code

    async def test_the_batch_call_tells_status_only(
        self, avatar: Avatar, http: httpx.AsyncClient
    ) -> None:
        task_id = (await avatar(callback_url=CALLBACK)).json()["data"]["id"]

        answer = await http.post("/v1/tasks/batch", json={"task_ids": [task_id, "unknown"]})

        assert [{"id": task_id, "status": "completed"}] == answer.json()["data"]

    async def test_a_batch_is_one_call_however_many_it_asks_for(
        self, avatar: Avatar, control: SimulatorControl, http: httpx.AsyncClient
    ) -> None:
        task_id = (await avatar(callback_url=CALLBACK)).json()["data"]["id"]

        await http.post("/v1/tasks/batch", json={"task_ids": [task_id] * 3})

        (call,) = await control.ledger("batch")
        assert (3, 200) == (call["detail"]["tasks"], call["detail"]["answer"])

    async def test_a_batch_suffers_faults_like_other_calls(
        self, control: SimulatorControl, http: httpx.AsyncClient
    ) -> None:
        await control.fault("batch", "429", retry_after_s=3)

        answer = await http.post("/v1/tasks/batch", json={"task_ids": ["task_1"]})

        assert (429, "3") == (answer.status_code, answer.headers["Retry-After"])

    async def test_more_ids_than_a_batch_takes_are_refused(self, http: httpx.AsyncClient) -> None:
        answer = await http.post("/v1/tasks/batch", json={"task_ids": ["t"] * 101})

        assert 400 == answer.status_code

    async def test_an_upstream_may_have_no_batch_route(
        self, control: SimulatorControl, http: httpx.AsyncClient
    ) -> None:
        await control.scenario("no_batch")

        answer = await http.post("/v1/tasks/batch", json={"task_ids": ["task_1"]})

        assert (404, "not_found_error") == (
            answer.status_code,
            answer.json()["error"]["type"],
        )
