"""The Temporal SDK's runtime with metrics for Prometheus, where an address is set."""

from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig


class MetricsError(Exception):
    """The metrics address cannot be served."""


def runtime_with_metrics(address: str | None) -> Runtime:
    """Give the process's SDK runtime; it serves ``http://{address}/metrics`` where one is given.

    Raises:
        MetricsError: The address is taken or is none of this machine's.

    """
    if address is None:
        return Runtime.default()
    metrics = PrometheusConfig(
        bind_address=address, counters_total_suffix=True, durations_as_seconds=True
    )
    try:
        return Runtime(telemetry=TelemetryConfig(metrics=metrics))
    except (RuntimeError, ValueError):
        raise MetricsError(
            f"METRICS_ADDRESS {address} cannot be served; give a free host:port of this machine."
        ) from None
