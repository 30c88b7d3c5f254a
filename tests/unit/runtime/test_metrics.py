import socket

import httpx
import pytest
from temporalio.runtime import Runtime

from devstack.ports import free_port
from runtime.metrics import MetricsError, runtime_with_metrics


class TestMetrics:
    def test_are_served_where_the_address_says(self) -> None:
        address = f"127.0.0.1:{free_port()}"

        runtime = runtime_with_metrics(address)

        assert httpx.get(f"http://{address}/metrics").status_code == 200
        # The listener lives as long as the runtime is held.
        assert runtime is not Runtime.default()

    def test_are_off_without_an_address(self) -> None:
        assert runtime_with_metrics(None) is Runtime.default()

    def test_say_in_one_sentence_that_the_address_is_taken(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"

            with pytest.raises(MetricsError, match=f"METRICS_ADDRESS {address} cannot be served"):
                runtime_with_metrics(address)
