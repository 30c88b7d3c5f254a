"""The second step of a rotation: the namespace's key check first, then the key files."""

from commands.answers import RotationAnswer
from commands.asking import ask
from commands.key_files import promote_keys, ring_to_come
from runtime.keycheck import store_anew
from runtime.settings import StarterSettings


def write_with_new_keys(settings: StarterSettings) -> RotationAnswer:
    """Let the keys that `keys rotate` added write from now on.

    The check is stored anew before a file is changed: an interruption between both leaves a check
    that every process can read, and the command can be repeated.
    """
    ring = ring_to_come(settings)
    ask(settings, lambda client: store_anew(client, ring), key_ring=ring)
    return promote_keys(settings)
