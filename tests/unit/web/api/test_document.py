"""The OpenAPI document is committed as it is, and tells of each operation what a client needs."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import httpx
import jsonschema
import pytest
from jsonschema import Draft202012Validator

from likeness.rest.onboardings import CreateOnboarding
from web.api.document import document_of, written
from web.api.documenting import KEY_SCHEME, SCOPE_FIELD
from web.api.paper import paper_app

COMMITTED = Path(__file__).parents[4] / "docs" / "openapi.json"
DOCUMENT = document_of(paper_app())
Operation = Mapping[str, Any]
OPERATIONS: dict[str, Operation] = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
BEHIND_THE_GATE = {"401", "422", "429", "500", "503"}
every_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)


def contents(told: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each media type with its schema and examples."""
    yield from told.get("content", {}).items()


def examples(content: Mapping[str, Any]) -> list[Any]:
    named = [each["value"] for each in content.get("examples", {}).values()]
    return [*named, *([content["example"]] if "example" in content else [])]


def successes(operation: Operation) -> dict[str, Any]:
    return {status: it for status, it in operation["responses"].items() if status < "300"}


def problems(operation: Operation) -> dict[str, Any]:
    return {status: it for status, it in operation["responses"].items() if status >= "400"}


class TestTheDocument:
    def test_is_committed_as_it_is(self) -> None:
        assert written(DOCUMENT) == COMMITTED.read_text(), "make it anew: make api"

    async def test_is_served_without_a_key(self, api: httpx.AsyncClient) -> None:
        response = await api.get("/openapi.json")

        assert (200, "application/json") == (response.status_code, response.headers["content-type"])
        assert DOCUMENT["info"] == response.json()["info"]

    def test_is_openapi_3_1_below_its_prefix(self) -> None:
        assert ("3.1.0", [{"url": "/v1"}]) == (DOCUMENT["openapi"], DOCUMENT["servers"])

    def test_refers_to_nothing_that_it_does_not_hold(self) -> None:
        text = json.dumps(DOCUMENT)
        named = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}

        assert set() == named - set(DOCUMENT["components"]["schemas"])

    def test_gives_every_operation_a_name_of_its_own(self) -> None:
        names = [operation["operationId"] for operation in OPERATIONS.values()]

        assert sorted(set(names)) == sorted(names)


class TestEveryOperation:
    @every_operation
    def test_has_a_name_in_snake_case_and_a_summary_of_one_line(self, operation: Operation) -> None:
        assert operation["operationId"].isidentifier()
        assert operation["operationId"].islower()
        assert operation["summary"].strip()
        assert "\n" not in operation["summary"]

    @every_operation
    def test_asks_for_a_key_unless_it_is_for_everybody(self, operation: Operation) -> None:
        key: dict[str, list[str]] = {KEY_SCHEME: []}
        expected = [] if operation[SCOPE_FIELD] == "none" else [key]

        assert expected == operation["security"]
        assert KEY_SCHEME in DOCUMENT["components"]["securitySchemes"]

    @every_operation
    def test_has_an_example_of_each_success(self, operation: Operation) -> None:
        told = successes(operation)

        assert told
        for status, response in told.items():
            if status == "204":
                continue
            assert response["content"], status
            assert all(examples(content) for _, content in contents(response)), status

    @every_operation
    def test_has_an_example_of_its_body(self, operation: Operation) -> None:
        body = operation.get("requestBody")

        assert body is None or all(examples(content) for _, content in contents(body))

    @every_operation
    def test_tells_the_problems_of_the_gate(self, operation: Operation) -> None:
        scope, told = operation[SCOPE_FIELD], set(problems(operation))

        assert (BEHIND_THE_GATE if scope != "none" else {"422"}) <= told
        assert (scope in {"start", "operate"}) == ("403" in told)

    @every_operation
    def test_tells_the_problems_of_a_body_where_it_takes_one(self, operation: Operation) -> None:
        of_a_body = {"400", "413", "415"}

        assert ("requestBody" in operation) == (of_a_body <= set(problems(operation)))

    @every_operation
    def test_answers_no_but_by_problems(self, operation: Operation) -> None:
        for status, response in problems(operation).items():
            ((media_type, content),) = contents(response)
            assert "application/problem+json" == media_type
            assert {"$ref": "#/components/schemas/Problem"} == content["schema"]
            assert {int(status)} == {each["status"] for each in examples(content)}

    @every_operation
    def test_tells_the_headers_that_a_client_acts_on(self, operation: Operation) -> None:
        of_problems = {"401": "WWW-Authenticate", "429": "Retry-After", "503": "Retry-After"}
        for status, response in problems(operation).items():
            if status in of_problems:
                assert of_problems[status] in response["headers"]

    @every_operation
    def test_has_examples_that_fit_their_schemas(self, operation: Operation) -> None:
        told = [operation.get("requestBody", {}), *operation["responses"].values()]
        for each in told:
            for media_type, content in contents(each):
                if not media_type.endswith("json"):
                    continue
                for example in examples(content):
                    check(example, content["schema"])


BODY: dict[str, Any] = {
    "person": "p-1",
    "assets": [{"name": "front", "url": "https://files.example/front.jpg"}],
}


class TestTheBodyOfACreation:
    SCHEMA: ClassVar = DOCUMENT["components"]["schemas"]["CreateOnboarding"]

    def test_has_a_line_on_each_field(self) -> None:
        lines = {name: each.get("description") for name, each in self.SCHEMA["properties"].items()}

        assert set(lines) == set(CreateOnboarding.model_fields)
        assert all(line and "\n" not in line for line in lines.values()), lines

    @pytest.mark.parametrize(
        ("change", "fits"),
        [
            ({}, True),
            ({"person": "p" * 40}, True),
            ({"person": "p" * 41}, False),
            ({"person": "Maria"}, False),
            ({"sender": "x" * 300}, True),
            ({"sender": "x" * 301}, False),
            ({"sender": ""}, False),
            ({"sender": "  "}, False),
            ({"min_usable": 0}, False),
            ({"webhook_url": "https://hooks.example/"}, True),
            ({"webhook_url": "https://hooks.example/".ljust(2001, "x")}, False),
            ({"webhook_url": "ftp://hooks.example/"}, False),
            ({"assets": [{"name": "front", "url": "files.example/front.jpg"}]}, False),
            ({"assets": [{"name": "of the front", "url": "https://files.example/"}]}, False),
        ],
    )
    def test_is_refused_by_the_document_where_the_server_refuses_it(
        self, change: dict[str, Any], fits: bool
    ) -> None:
        assert (fits, fits) == (
            passes(lambda: check(BODY | change, self.SCHEMA), jsonschema.ValidationError),
            passes(lambda: CreateOnboarding.model_validate(BODY | change), ValueError),
        )


def passes(attempt: Callable[[], object], refusal: type[Exception]) -> bool:
    try:
        attempt()
    except refusal:
        return False
    return True


def check(example: Any, schema: Mapping[str, Any]) -> None:
    whole = {**schema, "components": DOCUMENT["components"]}
    Draft202012Validator(
        whole, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    ).validate(example)
