"""One plugin that makes every client, worker and replayer speak alike."""

import dataclasses

from temporalio.client import ClientConfig
from temporalio.converter import DataConverter
from temporalio.plugin import SimplePlugin
from temporalio.worker import WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from likeness.temporal.codec import WatchfulCodec
from likeness.temporal.converter import LikenessFailureConverter, LikenessPayloadConverter
from likeness.temporal.inbound import ArgumentGuard
from likeness.temporal.keyring import KeyRing
from likeness.temporal.runner import CountingRunner

# Pure libraries: loading them anew for every run costs seconds and brings nothing.
_PASSED_THROUGH = (
    "likeness",
    "pydantic",
    "pydantic_core",
    "annotated_types",
    "typing_inspection",
    "cryptography",
)


class LikenessPlugin(SimplePlugin):
    """See ``likeness_plugin``."""

    def __init__(self, key_ring: KeyRing | None, *, namespace: str) -> None:
        """Bind the codec to the namespace."""
        super().__init__(
            "likeness",
            data_converter=data_converter(key_ring, namespace=namespace),
            workflow_runner=_workflow_runner,
            interceptors=[ArgumentGuard()],
        )
        self._namespace = namespace

    def configure_client(self, config: ClientConfig) -> ClientConfig:
        """Refuse a client of another namespace: what it writes nobody could read there."""
        if (connected := config.get("namespace")) not in (None, self._namespace):
            raise ValueError(
                f"The likeness plugin was made for namespace {self._namespace!r}, but the client "
                f"speaks to {connected!r}; give both the same."
            )
        return super().configure_client(config)


def likeness_plugin(key_ring: KeyRing | None, *, namespace: str) -> LikenessPlugin:
    """Give the plugin for ``Client.connect`` and ``Replayer``; a worker takes its client's.

    Args:
        key_ring: The payload keys; None leaves payloads in clear, for tests only.
        namespace: The namespace of the client; payloads of another one are refused.

    """
    return LikenessPlugin(key_ring, namespace=namespace)


def data_converter(key_ring: KeyRing | None, *, namespace: str) -> DataConverter:
    """Give the data converter alone, as the codec endpoint and tests want it."""
    return DataConverter(
        payload_converter_class=LikenessPayloadConverter,
        failure_converter_class=LikenessFailureConverter,
        payload_codec=None if key_ring is None else WatchfulCodec(key_ring, namespace),
    )


def _workflow_runner(existing: WorkflowRunner | None) -> WorkflowRunner:
    if existing is None:
        existing = SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default)
    if not isinstance(existing, SandboxedWorkflowRunner):
        return existing
    return dataclasses.replace(
        existing,
        restrictions=existing.restrictions.with_passthrough_modules(*_PASSED_THROUGH),
        runner_class=CountingRunner,
    )
