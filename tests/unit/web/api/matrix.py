"""Every operation of the API with all that a good request of it needs but a key."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from runtime.api_keys import Scope
from web.api.document import document_of
from web.api.documenting import SCOPE_FIELD
from web.api.paper import paper_app

DOCUMENT = document_of(paper_app())
IN_A_PATH = {"onboarding": "o-1", "person": "p-1", "number": "1", "code": "bug"}


class Case(NamedTuple):
    """One operation; ``scope`` is None where it is for everybody."""

    method: str
    template: str
    scope: Scope | None
    body: Any

    @classmethod
    def of(cls, method: str, path: str, operation: Mapping[str, Any]) -> "Case":
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        examples = [each["value"] for each in content.get("examples", {}).values()]
        scope = operation[SCOPE_FIELD]
        return cls(
            method=method.upper(),
            template=path,
            scope=None if scope == "none" else Scope(scope),
            body=examples[0] if examples else None,
        )

    def path(self, **parts: str) -> str:
        known = IN_A_PATH | parts
        return re.sub(r"\{(\w+)\}", lambda hit: known[hit[1]], self.template)

    def __str__(self) -> str:
        return f"{self.method} {self.template}"


CASES = [
    Case.of(method, path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
GUARDED = [case for case in CASES if case.scope is not None]
