"""Workflows name their steps by constants; behind each name stands one activity that fits."""

import inspect
from collections.abc import Callable
from typing import Any, get_type_hints

import pytest
from temporalio import activity

from activities.account import AccountSteps
from activities.assets import AssetSteps
from activities.files import FileSteps
from activities.preparing import PreparationSteps
from activities.registry import RegistrySteps
from activities.sessions import SessionSteps
from activities.videos import VideoSteps
from activities.webhooks import WebhookSteps
from likeness import steps
from likeness.steps import Step

NAMED = [value for value in vars(steps).values() if isinstance(value, Step)]


def every_activity() -> dict[str, Callable[..., Any]]:
    found: dict[str, Callable[..., Any]] = {}
    for owner in (
        SessionSteps,
        AccountSteps,
        AssetSteps,
        VideoSteps,
        FileSteps,
        RegistrySteps,
        PreparationSteps,
        WebhookSteps,
    ):
        for _, method in inspect.getmembers(owner, inspect.isfunction):
            definition = activity._Definition.from_callable(method)
            if definition is not None and definition.name is not None:
                found[definition.name] = method
    return found


class TestSteps:
    def test_there_is_an_activity_for_every_name_and_no_other(self) -> None:
        assert {step.name for step in NAMED} == set(every_activity())

    @pytest.mark.parametrize("step", NAMED, ids=lambda step: str(step.name))
    def test_it_takes_and_gives_what_the_name_says(self, step: Step[Any, Any]) -> None:
        hints = get_type_hints(every_activity()[step.name])
        given = hints.pop("return")

        assert [step.takes] == list(hints.values())
        assert step.gives is given
