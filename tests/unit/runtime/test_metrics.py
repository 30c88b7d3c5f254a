import socket

import httpx
import pytest

from devstack.ports import free_port
from runtime.metrics import MetricsError, sdk_runtime


class TestMetrics:
    def test_are_served_where_the_address_says(self) -> None:
        address = f"127.0.0.1:{free_port()}"

        sdk_runtime(address)

        assert httpx.get(f"http://{address}/metrics").status_code == 200

    def test_are_off_without_an_address_in_the_one_runtime_of_the_process(self) -> None:
        assert sdk_runtime(None) is sdk_runtime(None)

    def test_say_in_one_sentence_that_the_address_is_taken(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"

            with pytest.raises(MetricsError, match=f"METRICS_ADDRESS {address} cannot be served"):
                sdk_runtime(address)
