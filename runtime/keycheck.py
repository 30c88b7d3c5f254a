"""Stops a process whose payload keys are not the namespace's, before it writes anything.

The memo of one never-ending workflow holds a value under the writing key, and the ids of all keys
that something may still be written under. Nobody polls its queue, so it costs nothing; who cannot
decrypt the value would write what others cannot read, and who lacks one of the keys would fail the
tasks of every run that was begun under it.
"""

from datetime import timedelta

from temporalio.client import Client, WorkflowExecutionDescription
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from likeness import names, search
from likeness.ids import KEY_CHECK_TASK_QUEUE, KEY_CHECK_WORKFLOW_ID
from likeness.summaries import Summary
from likeness.temporal.codec import UndecodablePayloadError
from likeness.temporal.keyring import KeyRing

RPC_TIMEOUT = timedelta(seconds=10)
_VALUE = "the key fits"
_NEEDED = "likeness-keys"
"""Key of the memo's second entry: the ids of the keys that every process must have."""


class KeyCheckError(Exception):
    """The check could not be made; one sentence."""


class WrongKeyError(KeyCheckError):
    """The key file lacks the key that this namespace's payloads are written under."""


async def check_keys(client: Client, key_ring: KeyRing, *, retiring: str | None = None) -> None:
    """Compare the keys with the namespace's; the first process ever leaves the value to compare.

    The key ``retiring`` may be missing.

    Raises:
        WrongKeyError: The value cannot be decrypted with these keys, or a needed key is missing.
        KeyCheckError: The server did not answer.

    """
    try:
        found = await _described(client)
        if found is None:
            await _start(client, key_ring, WorkflowIDConflictPolicy.USE_EXISTING)
            # Another process may have been first, and USE_EXISTING says nothing of its value.
            found = await _described(client)
        if found is None:
            raise KeyCheckError(f"The workflow {KEY_CHECK_WORKFLOW_ID} cannot be found again.")
        await _compare(found, key_ring)
        await _find_all(found, key_ring, retiring)
        if found.close_time is not None:
            await _start(client, key_ring, WorkflowIDConflictPolicy.USE_EXISTING)
    except RPCError as error:
        raise _unanswered(error) from error


async def store_anew(client: Client, key_ring: KeyRing, *, retiring: str | None = None) -> None:
    """Put the value under the ring's writing key, so that who lacks it stops at its next start.

    From then on every process must have the keys of this ring, and not the one ``retiring``.

    The memo of a workflow that nobody polls cannot be changed, so one atomic start terminates the
    old run and begins the new one under the same id.

    Raises:
        WrongKeyError: These keys cannot decrypt the present value, so they must not replace it.
        KeyCheckError: The server did not answer.

    """
    await check_keys(client, key_ring, retiring=retiring)
    try:
        await _start(client, key_ring, WorkflowIDConflictPolicy.TERMINATE_EXISTING)
    except RPCError as error:
        raise _unanswered(error) from error


async def _described(client: Client) -> WorkflowExecutionDescription | None:
    handle = client.get_workflow_handle(KEY_CHECK_WORKFLOW_ID)
    try:
        return await handle.describe(rpc_timeout=RPC_TIMEOUT)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise


async def _start(client: Client, key_ring: KeyRing, policy: WorkflowIDConflictPolicy) -> None:
    await client.start_workflow(
        names.KEY_CHECK,
        id=KEY_CHECK_WORKFLOW_ID,
        task_queue=KEY_CHECK_TASK_QUEUE,
        memo={search.MEMO: _VALUE, _NEEDED: list(key_ring.read)},
        id_conflict_policy=policy,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        static_summary=Summary.KEY_CHECK,
        rpc_timeout=RPC_TIMEOUT,
    )


async def _compare(found: WorkflowExecutionDescription, key_ring: KeyRing) -> None:
    try:
        value = await found.memo_value(search.MEMO, None, type_hint=str)
    except UndecodablePayloadError:
        value = None
    if value != _VALUE:
        ours = ", ".join(key_ring.read)
        raise WrongKeyError(
            f"The payload key file holds the keys {ours}, but namespace {found.namespace} is "
            "written under another one; use the key file of the other processes."
        )


async def _find_all(
    found: WorkflowExecutionDescription, key_ring: KeyRing, retiring: str | None
) -> None:
    needed: list[str] = await found.memo_value(_NEEDED, [], type_hint=list[str])
    missing = [key for key in needed if key not in key_ring.read and key != retiring]
    if missing:
        raise WrongKeyError(
            f"The payload key file lacks the key {missing[0]}, under which runs of namespace "
            f"{found.namespace} may still be written; put it back, and let `starter.py keys "
            f"retire {missing[0]}` take it out when nothing needs it any more."
        )


def _unanswered(error: RPCError) -> KeyCheckError:
    return KeyCheckError(
        f"The payload keys cannot be checked, because the Temporal server did not do what was "
        f"asked ({error.status.name.lower()}); see that it runs and start again."
    )
