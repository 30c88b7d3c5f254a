"""Free ports that stay free while their server is down."""

import random
import socket

LOOPBACK = "127.0.0.1"

FIRST_PORT, LAST_PORT = 20_000, 32_000
"""Below the ephemeral range (32768 and up on Linux): a client that keeps knocking at a dead server
could otherwise be given that very port for its own end, and the server could not come back."""


class PortTakenError(RuntimeError):
    """Another program has a port that must stay ours; one sentence with the remedy."""


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Say whether a listener could bind this port of ``host`` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(preferred: int | None = None, *, host: str = LOOPBACK) -> int:
    """Return ``preferred`` when it is free on ``host``, else a random free port.

    Raises:
        RuntimeError: A hundred random ports were all taken.

    """
    if preferred is not None and is_free(preferred, host):
        return preferred
    for _ in range(100):
        port = random.randint(FIRST_PORT, LAST_PORT)  # noqa: S311 - chance, not secrecy
        if is_free(port, host):
            return port
    raise RuntimeError(f"No free port on {host} between {FIRST_PORT} and {LAST_PORT}.")
