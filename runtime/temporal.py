"""Connects to Temporal as the Temporal CLI would: same variables, same ``temporal.toml``."""

import asyncio
import atexit
import time
from datetime import timedelta

import structlog
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.runtime import Runtime
from temporalio.service import RPCError, RPCStatusCode

from likeness.temporal.keyring import KeyRing
from likeness.temporal.plugin import likeness_plugin
from runtime.metrics import sdk_runtime
from runtime.settings import TemporalSettings

DEFAULT_ADDRESS = "127.0.0.1:7233"
DEFAULT_NAMESPACE = "default"
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 3.0
CHECK_TIMEOUT = timedelta(seconds=5)

# A thread of the SDK that still delivers the last answer while Python finalizes ends the process
# by SIGABRT or SIGSEGV. This runs before finalization and lets it finish.
# https://github.com/temporalio/sdk-python/issues/300
atexit.register(time.sleep, 0.05)

log = structlog.get_logger(__name__)


class ConnectError(Exception):
    """Temporal cannot be used as it is configured; one sentence with the remedy."""


class TemporalUnreachableError(ConnectError):
    """No server answers at the address, which may pass; ``connect(wait=True)`` waits for it."""


async def connect(settings: TemporalSettings, key_ring: KeyRing | None, *, wait: bool) -> Client:
    """Give a client with the plugin on; payloads are bound to the namespace it is connected to.

    Address, namespace, TLS and API key come from ``TEMPORAL_*`` and ``temporal.toml``:
    https://docs.temporal.io/develop/environment-configuration

    Args:
        settings: Names the metrics address.
        key_ring: The payload keys.
        wait: Go on trying while no server answers.

    Raises:
        ConnectError: The configuration is wrong, or the server refuses it.
        TemporalUnreachableError: No server answers, and ``wait`` is off.
        MetricsError: The metrics address cannot be served.

    """
    config = configuration()
    runtime = sdk_runtime(settings.metrics_address)
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            return await _connect_once(config, key_ring, runtime=runtime)
        except TemporalUnreachableError as error:
            if not wait:
                raise
            log.warning("temporal_awaited", reason=str(error), pause_s=pause_s)
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


def configuration() -> ClientConnectConfig:
    """Read ``TEMPORAL_*`` and ``temporal.toml``; address and namespace are always there.

    Raises:
        ConnectError: One of them cannot be read; the file's text is never quoted.

    """
    defaults = ClientConnectConfig(target_host=DEFAULT_ADDRESS, namespace=DEFAULT_NAMESPACE)
    try:
        return defaults | ClientConfig.load_client_connect_config()
    except OSError as error:
        raise ConnectError(
            f"The file {error.filename} that a TEMPORAL_ variable or temporal.toml names cannot be "
            f"read: {error.strerror}."
        ) from None
    except Exception:  # noqa: BLE001 - the SDK's ConfigError has no public name
        raise ConnectError(
            "Temporal's configuration cannot be read: check TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE "
            "and the file it names, and the other TEMPORAL_ variables."
        ) from None


async def _connect_once(
    config: ClientConnectConfig, key_ring: KeyRing | None, *, runtime: Runtime
) -> Client:
    address, namespace = config["target_host"], config["namespace"]
    plugin = likeness_plugin(key_ring, namespace=namespace)
    try:
        client = await Client.connect(**config, plugins=[plugin], runtime=runtime)
        await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=namespace), timeout=CHECK_TIMEOUT
        )
    except ValueError:
        raise ConnectError(
            "TEMPORAL_ADDRESS is wrong: it must be host:port, such as 127.0.0.1:7233."
        ) from None
    except RPCError as error:
        raise _refusal(error, address=address, namespace=namespace) from error
    except RuntimeError as error:
        raise _unreachable(address) from error
    return client


def _unreachable(address: str) -> TemporalUnreachableError:
    return TemporalUnreachableError(
        f"No Temporal server can be reached at {address}; start one, or correct TEMPORAL_ADDRESS "
        "and the TLS settings."
    )


def _refusal(error: RPCError, *, address: str, namespace: str) -> ConnectError:
    match error.status:
        case RPCStatusCode.NOT_FOUND:
            return ConnectError(
                f"The Temporal server at {address} has no namespace {namespace}; make it, or "
                "correct TEMPORAL_NAMESPACE."
            )
        case RPCStatusCode.UNAUTHENTICATED | RPCStatusCode.PERMISSION_DENIED:
            return ConnectError(
                f"The Temporal server at {address} refuses these credentials for namespace "
                f"{namespace}; correct TEMPORAL_API_KEY or the TLS certificate."
            )
        case _:
            return _unreachable(address)
