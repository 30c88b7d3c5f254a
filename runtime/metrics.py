"""The Temporal SDK's own runtime: its logs into ours, its metrics where an address is set."""

import functools
import logging

from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

CORE_LOGGER = "temporalio.core"


class MetricsError(Exception):
    """The metrics address cannot be served."""


@functools.cache
def sdk_runtime(metrics_address: str | None) -> Runtime:
    """Give the process's SDK runtime; it serves ``http://{metrics_address}/metrics`` if given.

    Left alone the SDK's core writes its warnings to stdout, into the middle of a command's JSON.
    They come to the logger ``temporalio.core`` instead.

    Raises:
        MetricsError: The address is taken or is none of this machine's.

    """
    try:
        return Runtime(telemetry=TelemetryConfig(logging=_logging(), metrics=_at(metrics_address)))
    except (RuntimeError, ValueError):
        raise MetricsError(
            f"METRICS_ADDRESS {metrics_address} cannot be served; give a free host:port of this "
            "machine."
        ) from None


def _logging() -> LoggingConfig:
    return LoggingConfig(
        filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
        forwarding=LogForwardingConfig(
            logger=logging.getLogger(CORE_LOGGER), append_target_to_name=False
        ),
    )


def _at(address: str | None) -> PrometheusConfig | None:
    if address is None:
        return None
    return PrometheusConfig(
        bind_address=address, counters_total_suffix=True, durations_as_seconds=True
    )
