"""Every message: it survives the wire, hides its secrets and bears with newer senders."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import get_args, get_type_hints

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from likeness import messages
from likeness.messages.base import Message, Order
from likeness.temporal.converter import LikenessPayloadConverter
from tests.unit.likeness.examples import FULL

EACH = pytest.mark.parametrize("message", FULL, ids=lambda message: type(message).__name__)


def every_model() -> Iterator[type[BaseModel]]:
    for module in pkgutil.iter_modules(messages.__path__, f"{messages.__name__}."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, Message | Order):
                yield value


def secrets_in(value: object) -> Iterator[str]:
    match value:
        case SecretStr():
            yield value.get_secret_value()
        case BaseModel():
            for name in type(value).model_fields:
                yield from secrets_in(getattr(value, name))
        case tuple():
            for each in value:
                yield from secrets_in(each)


class TestEveryMessage:
    def test_there_is_one_of_each_here(self) -> None:
        assert set(every_model()) - {Message, Order} == {type(message) for message in FULL}

    @EACH
    def test_no_field_was_left_at_its_default_here(self, message: BaseModel) -> None:
        assert set(type(message).model_fields) == message.model_fields_set

    @EACH
    def test_what_may_be_nothing_is_nothing_by_default(self, message: BaseModel) -> None:
        """A payload leaves a None unsaid, so the reader's default must be None too."""
        for name, field in type(message).model_fields.items():
            optional = type(None) in get_args(field.annotation)

            assert not optional or field.default is None, name

    @EACH
    def test_it_survives_the_wire(self, message: BaseModel) -> None:
        converter = LikenessPayloadConverter()
        (received,) = converter.from_payloads(converter.to_payloads([message]), [type(message)])

        assert message == received
        assert list(secrets_in(message)) == list(secrets_in(received))

    @EACH
    def test_it_is_frozen(self, message: BaseModel) -> None:
        for name in type(message).model_fields:
            with pytest.raises(ValidationError, match="frozen"):
                setattr(message, name, None)

    @EACH
    def test_no_secret_shows_in_it(self, message: BaseModel) -> None:
        shown = f"{message!r} {message} {message.model_dump()!r}"

        assert "canary" not in shown

    @EACH
    def test_every_secret_is_whole_on_the_wire(self, message: BaseModel) -> None:
        wire = message.model_dump_json()

        assert all(secret in wire for secret in secrets_in(message))

    @pytest.mark.parametrize("model", [type(message) for message in FULL])
    def test_what_names_a_credential_or_a_person_is_a_secret(self, model: type[BaseModel]) -> None:
        hidden = {"byted_token", "h5_link", "url", "prompt", "display_name", "sender"}
        hints = get_type_hints(model, include_extras=False)

        for name in hidden & set(model.model_fields):
            assert hints[name] in (SecretStr, SecretStr | None)

    @EACH
    def test_what_a_newer_sender_adds_is_ignored_but_not_what_a_caller_mistypes(
        self, message: BaseModel
    ) -> None:
        newer = {**message.model_dump(mode="json"), "added_later": 1}

        if isinstance(message, Message):
            assert message == type(message).model_validate(newer)
        else:
            with pytest.raises(ValidationError, match="added_later"):
                type(message).model_validate(newer)
