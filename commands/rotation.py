"""What changes the namespace's key check: letting new keys write, and retiring an old one."""

from temporalio.client import Client
from temporalio.service import RPCError

from commands.answers import RetirementAnswer, RotationAnswer
from commands.asking import ask
from commands.key_files import promote_keys, ring_to_come, ring_without
from commands.outcomes import CommandError, ExitCode, Problem
from likeness.failures import Actor
from likeness.temporal.glance import temporal_away
from runtime.key_use import KeyUse, use_of
from runtime.keycheck import store_anew
from runtime.keys import drop_key
from runtime.settings import StarterSettings


def write_with_new_keys(settings: StarterSettings) -> RotationAnswer:
    """Let the keys that `keys rotate` added write from now on.

    The check is stored anew before a file is changed: an interruption between both leaves a check
    that every process can read, and the command can be repeated.
    """
    ring = ring_to_come(settings)
    ask(settings, lambda client: store_anew(client, ring), key_ring=ring)
    return promote_keys(settings)


def retire_key(settings: StarterSettings, key_id: str, *, unread: bool) -> RetirementAnswer:
    """Take an old payload key out, once no history that is kept needs it.

    With ``unread`` it goes although ended runs need it to be read. The check is stored anew before
    the file is changed, as in a rotation.

    Raises:
        CommandError: The key writes, or is still needed.
        KeyFileError: The payload key file cannot be read or changed.

    """
    ring = ring_without(settings, key_id)

    async def retired(client: Client) -> KeyUse:
        try:
            use = await use_of(client, key_id)
        except RPCError as error:
            raise temporal_away(error) from error
        if use.going_on or (use.ended and not unread):
            raise _needed(key_id, use)
        await store_anew(client, ring, retiring=key_id)
        return use

    use = ask(settings, retired, retiring=key_id)
    drop_key(settings.payload_keys_file, key_id)
    return RetirementAnswer(payload_key_id=key_id, unreadable_runs=use.ended)


def _needed(key_id: str, use: KeyUse) -> CommandError:
    if use.going_on:
        next_step = (
            "Wait for them to end; a person's run begins a new history, under the key in force, by "
            "the signal renew."
        )
    else:
        next_step = "Wait for the retention to delete them, or give them up with --unread."
    return CommandError(
        f"The payload key {key_id} is still needed; runs that go on: {use.going_on}, runs that "
        f"have ended: {use.ended}.",
        code=Problem.REFUSED,
        exit_code=ExitCode.FAILED,
        who=Actor.OPERATOR,
        next_step=next_step,
    )
