"""Sets up a namespace: thirty days of retention, search attributes of the right types."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.api.workflowservice.v1 import (
    CountWorkflowExecutionsRequest,
    DescribeNamespaceRequest,
    RegisterNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

RETENTION = timedelta(days=30)
READY_TIMEOUT_S = 30.0
POLL_S = 0.05


class SearchAttributeTypeError(RuntimeError):
    """A search attribute exists with another type, and Temporal cannot change it."""


async def ensure_namespace(
    client: Client, namespace: str, *, search_attributes: Mapping[str, str]
) -> None:
    """Make the namespace as we need it, or make an existing one so; returns when it can be used.

    Args:
        client: Connected to the server, whatever its own namespace.
        namespace: The name to have.
        search_attributes: Name to type, in the Temporal CLI's words (``Keyword``, ``Datetime``).

    Raises:
        SearchAttributeTypeError: One exists with another type.
        TimeoutError: The server did not show it within 30 s.

    """
    async with asyncio.timeout(READY_TIMEOUT_S):
        await _ensure_retention(client, namespace)
        await _ensure_search_attributes(client, namespace, search_attributes)


async def search_attribute_types(client: Client, namespace: str) -> dict[str, str]:
    """Return the namespace's own search attributes, name to type, as the CLI spells types."""
    answer = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=namespace)
    )
    return {name: _spell(kind) for name, kind in answer.custom_attributes.items()}


async def _ensure_retention(client: Client, namespace: str) -> None:
    config = NamespaceConfig(
        workflow_execution_retention_ttl=Duration(seconds=int(RETENTION.total_seconds()))
    )
    service = client.workflow_service
    try:
        await service.register_namespace(
            RegisterNamespaceRequest(
                namespace=namespace,
                workflow_execution_retention_period=config.workflow_execution_retention_ttl,
            )
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise
        await service.update_namespace(UpdateNamespaceRequest(namespace=namespace, config=config))
    await _until(lambda: _is_known(client, namespace))


async def _is_known(client: Client, namespace: str) -> bool:
    # Registered is not yet usable: the frontend reads its list of namespaces from a cache.
    try:
        await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=namespace)
        )
        await search_attribute_types(client, namespace)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True


async def _ensure_search_attributes(
    client: Client, namespace: str, wanted: Mapping[str, str]
) -> None:
    found = await search_attribute_types(client, namespace)
    if missing := {name: kind for name, kind in wanted.items() if name not in found}:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=namespace,
                search_attributes={name: _value_type(kind) for name, kind in missing.items()},
            )
        )

    async def is_complete() -> bool:
        known = await search_attribute_types(client, namespace)
        return wanted.keys() <= known.keys() and await _are_searchable(client, namespace, wanted)

    await _until(is_complete)
    found = await search_attribute_types(client, namespace)
    for name, kind in wanted.items():
        if found[name] != kind:
            raise SearchAttributeTypeError(
                f"Search attribute {name} of namespace {namespace} has type {found[name]} and must "
                f"have {kind}; Temporal cannot change a type: use a new namespace or database."
            )


async def _are_searchable(client: Client, namespace: str, names: Iterable[str]) -> bool:
    # On PostgreSQL they are listed at once, but refused at a start for some seconds longer; and who
    # asks that often is soon refused for asking, which is no answer either.
    try:
        for name in names:
            await client.workflow_service.count_workflow_executions(
                CountWorkflowExecutionsRequest(namespace=namespace, query=f"{name} IS NOT NULL")
            )
    except RPCError as error:
        if error.status not in (RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.RESOURCE_EXHAUSTED):
            raise
        return False
    return True


async def _until(check: Callable[[], Awaitable[bool]]) -> None:
    while True:
        if await check():
            return
        await asyncio.sleep(POLL_S)


def _spell(kind: "IndexedValueType.ValueType") -> str:
    words = IndexedValueType.Name(kind).removeprefix("INDEXED_VALUE_TYPE_")
    return "".join(word.capitalize() for word in words.split("_"))


def _value_type(kind: str) -> "IndexedValueType.ValueType":
    for number in IndexedValueType.values():
        if _spell(number) == kind:
            return number
    raise ValueError(f"{kind} is no type of a search attribute.")
