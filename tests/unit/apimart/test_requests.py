"""Our requests, byte for byte."""

import json

import pytest
from pydantic import SecretStr, ValidationError

from apimart import AssetToSubmit, VideoOrder
from apimart.protocol import (
    Effect,
    create_session,
    generate_video,
    get_task,
    get_tasks,
    query_group,
    submit_assets,
)

ORDER = VideoOrder(
    model="doubao-seedance-2.0-face",
    prompt='Image 1 tanzt "Walzer" 舞',
    duration_s=5,
    resolution="720p",
    asset_urls=("asset://a", "asset://b"),
    video_urls=("asset://v",),
    seed=7,
)


class TestRealAvatar:
    def test_each_step_sends_only_its_own_key(self) -> None:
        assets = [AssetToSubmit(url=SecretStr("https://p/1.png"), name="front")]
        bodies = [
            create_session(callback_url="https://w/callback/t", project_name="default").body,
            query_group(byted_token=SecretStr("tok"), project_name="default").body,
            submit_assets(
                group_id="group-1", project_name="default", asset_type="Image", assets=assets
            ).body,
        ]

        assert bodies == [
            b'{"callback_url":"https://w/callback/t","project_name":"default"}',
            b'{"byted_token":"tok","project_name":"default"}',
            (
                b'{"group_id":"group-1","project_name":"default","asset_type":"Image",'
                b'"assets":[{"url":"https://p/1.png","name":"front"}]}'
            ),
        ]

    def test_no_secret_shows_in_a_repr(self) -> None:
        shown = repr(query_group(byted_token=SecretStr("tok-canary"), project_name="default"))

        assert "tok-canary" not in shown

    @pytest.mark.parametrize("count", [0, 21])
    def test_none_and_too_many_assets_are_refused(self, count: int) -> None:
        asset = AssetToSubmit(url=SecretStr("https://p/1.png"), name="front")

        with pytest.raises(ValueError, match="1 to 20"):
            submit_assets(
                group_id="g", project_name="p", asset_type="Image", assets=[asset] * count
            )


class TestGeneration:
    def test_the_body_is_always_the_same_bytes(self) -> None:
        again = VideoOrder.model_validate_json(ORDER.model_dump_json())

        assert (
            generate_video(order=ORDER, idempotency_key="k").body
            == generate_video(order=again, idempotency_key="k").body
            == b'{"model":"doubao-seedance-2.0-face",'
            b'"prompt":"Image 1 tanzt \\"Walzer\\" \\u821e","duration":5,"resolution":"720p",'
            b'"size":"16:9","generate_audio":false,"image_with_roles":['
            b'{"url":"asset://a","role":"reference_image"},'
            b'{"url":"asset://b","role":"reference_image"}],'
            b'"video_urls":["asset://v"],"seed":7}'
        )

    def test_what_costs_money_is_sent_even_when_unset(self) -> None:
        order = VideoOrder(model="m", prompt="p", duration_s=4, resolution="480p")

        body = json.loads(generate_video(order=order, idempotency_key="k").body or b"")

        assert {"model", "prompt", "duration", "resolution", "size", "generate_audio"} == set(body)

    def test_key_and_edition_travel_as_headers(self) -> None:
        outgoing = generate_video(order=ORDER, idempotency_key="k" * 191)

        assert (
            outgoing.headers["Idempotency-Key"],
            outgoing.headers["X-APIMart-Response-Version"],
            outgoing.effect,
        ) == ("k" * 191, "2026-07-27", Effect.ONCE_PER_KEY)

    @pytest.mark.parametrize("key", ["", "k" * 192, "a b", "ü", "a\nb"])
    def test_an_illegal_key_is_refused(self, key: str) -> None:
        with pytest.raises(ValueError, match="idempotency key"):
            generate_video(order=ORDER, idempotency_key=key)

    def test_a_wrong_order_never_quotes_the_prompt(self) -> None:
        with pytest.raises(ValidationError) as caught:
            VideoOrder(model="m", prompt="canary " * 1000, duration_s=4, resolution="480p")

        assert "canary" not in str(caught.value)

    def test_an_order_never_shows_prompt_or_assets(self) -> None:
        assert "tanzt" not in repr(ORDER)
        assert "asset://" not in repr(ORDER)


class TestTask:
    def test_the_id_stays_one_path_segment(self) -> None:
        assert get_task("t/../x?y#z").path == "/v1/tasks/t%2F..%2Fx%3Fy%23z"

    @pytest.mark.parametrize("task_id", ["", "..", "a b", "é", "x" * 201])
    def test_what_cannot_be_an_id_is_refused(self, task_id: str) -> None:
        with pytest.raises(ValueError, match="task id"):
            get_task(task_id)


class TestGetTasks:
    def test_it_is_a_question_though_it_is_a_post(self) -> None:
        outgoing = get_tasks(["task_1", "task_2"])

        assert ("POST", "/v1/tasks/batch") == (outgoing.method, outgoing.path)
        assert b'{"task_ids":["task_1","task_2"]}' == outgoing.body
        assert Effect.NONE is outgoing.effect

    @pytest.mark.parametrize("count", [0, 51])
    def test_none_and_too_many_are_refused(self, count: int) -> None:
        with pytest.raises(ValueError, match="1 to 50 tasks"):
            get_tasks([f"task_{n}" for n in range(count)])

    def test_what_is_no_id_is_refused(self) -> None:
        with pytest.raises(ValueError, match="a task id has"):
            get_tasks(["task_1", "../balance"])
