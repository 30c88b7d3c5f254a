"""Tells how many runs still need a payload key: whose histories hold payloads under it."""

from datetime import timedelta
from typing import NamedTuple

from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowHandle

from likeness.ids import KEY_CHECK_WORKFLOW_ID
from likeness.temporal.codec import KEY_ID_FIELD

RPC_TIMEOUT = timedelta(seconds=30)


class KeyUse(NamedTuple):
    """Runs that a key is needed for: to go on with, or only to be read until they are deleted."""

    going_on: int
    ended: int


async def use_of(client: Client, key_id: str) -> KeyUse:
    """Look through every history that the namespace keeps; nothing is decrypted for it.

    Raises:
        RPCError: The server did not answer.

    """
    going_on = ended = 0
    # As it stands in a payload's bytes: the entry of its metadata that names the key.
    mark = Payload(metadata={KEY_ID_FIELD: key_id.encode()}).SerializeToString()
    async for run in client.list_workflows(rpc_timeout=RPC_TIMEOUT):
        handle = client.get_workflow_handle(run.id, run_id=run.run_id)
        if run.id == KEY_CHECK_WORKFLOW_ID or not await _holds(handle, mark):
            continue
        if run.close_time is None:
            going_on += 1
        else:
            ended += 1
    return KeyUse(going_on, ended)


async def _holds(handle: WorkflowHandle[object, object], mark: bytes) -> bool:
    async for event in handle.fetch_history_events(rpc_timeout=RPC_TIMEOUT):
        if mark in event.SerializeToString():
            return True
    return False
