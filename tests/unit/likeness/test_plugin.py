import subprocess
import sys

import pytest
from temporalio.client import Client

from likeness.messages.onboarding import OnboardingInput, OnboardingPolicy
from likeness.temporal.onboardings import pinned
from likeness.temporal.plugin import likeness_plugin


class TestThePlugin:
    async def test_refuses_a_client_of_another_namespace(self) -> None:
        plugin = likeness_plugin(None, namespace="a")

        with pytest.raises(
            ValueError, match="made for namespace 'a', but the client speaks to 'b'"
        ):
            await Client.connect("127.0.0.1:1", namespace="b", lazy=True, plugins=[plugin])

    def test_needs_nothing_beside_the_extra(self) -> None:
        # A service that installs likeness[temporal] has none of the processes' libraries.
        code = (
            "import sys, likeness.temporal.onboardings, likeness.temporal.plugin\n"
            "print(sorted({'httpx', 'structlog', 'fastapi', 'pydantic_settings', 'typer', 'rich',"
            " 'runtime', 'web', 'apimart'} & set(sys.modules)))"
        )

        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )

        assert done.stdout == "[]\n"


class TestAPinnedOrder:
    def test_says_every_default_aloud(self) -> None:
        order = OnboardingInput.model_validate(
            {
                "request": {
                    "onboarding": "o",
                    "person": "p",
                    "assets": [{"name": "a", "url": "https://files.example/a"}],
                    "video": {"prompt": "wave"},
                }
            }
        )

        said = pinned(order)

        assert said == order
        assert said.policy.model_fields_set == set(OnboardingPolicy.model_fields)
        assert said.request.video is not None
        assert "resolution" in said.request.video.model_fields_set
        assert said.request.fingerprint() == order.request.fingerprint()
