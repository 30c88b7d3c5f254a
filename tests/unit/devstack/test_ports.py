"""Ports for servers that may be killed and must come back on the same ones."""

import socket

from devstack.ports import LOOPBACK, free_port, is_free

FIRST_EPHEMERAL_PORT = 32_768


class TestFreePort:
    def test_lies_below_the_ports_that_clients_are_given(self) -> None:
        assert all(free_port() < FIRST_EPHEMERAL_PORT for _ in range(50))

    def test_is_the_preferred_one_while_that_is_free(self) -> None:
        port = free_port()

        assert port == free_port(port)

    def test_is_another_one_when_somebody_listens_there(self) -> None:
        with socket.create_server((LOOPBACK, 0)) as listener:
            taken = listener.getsockname()[1]

            assert not is_free(taken)
            assert taken != free_port(taken)

    def test_is_free_only_where_this_machine_is(self) -> None:
        assert not is_free(free_port(), "192.0.2.1")
