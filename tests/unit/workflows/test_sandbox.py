"""What every run of a worker loads anew, and what all of them share."""

import ast
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path

import pytest

import workflows
from worker import WORKFLOWS
from workflows.sandbox import chapters, sandbox

FOLDER = Path(workflows.__file__ or "").parent
SHARED = chapters(WORKFLOWS)
CHANGEABLE = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
MAKERS = {"list", "dict", "set", "defaultdict", "Counter", "deque", "count", "iter"}

HARMLESS = {
    *("abc", "asyncio", "collections.abc", "contextlib", "dataclasses", "datetime", "enum"),
    *("hashlib", "types", "typing", "pydantic", "temporalio", "likeness", "workflows"),
}
"""What a chapter may import: the sandbox, which would refuse a clock or chance, looks at none."""

OF_THE_WORKER = {"workflows.sandbox": {"pathlib", "pkgutil"}}
"""No run comes by there."""

CLOCKS = {"now", "utcnow", "today"}


def chapter(module: str) -> ast.Module:
    return ast.parse((FOLDER / f"{module.rpartition('.')[2]}.py").read_text())


def kept_between_runs(tree: ast.Module) -> list[str]:
    """Name what a module binds that one run could change for another."""
    bound = [each for each in tree.body if isinstance(each, ast.Assign | ast.AnnAssign)]
    changeable = [ast.unparse(each) for each in bound if _is_changeable(each.value)]
    return changeable + [
        ast.unparse(each) for each in ast.walk(tree) if isinstance(each, ast.Global)
    ]


def not_for_runs(tree: ast.Module, *, more: AbstractSet[str] = frozenset()) -> list[str]:
    """Name what a module imports beyond the harmless, and the clocks it asks."""
    strange = [name for name in _imported(tree) if not _is_below(name, HARMLESS | more)]
    clocks = [
        ast.unparse(each)
        for each in ast.walk(tree)
        if isinstance(each, ast.Attribute)
        and each.attr in CLOCKS
        and ast.unparse(each.value).rpartition(".")[2] in {"datetime", "date"}
    ]
    return strange + clocks


def _is_changeable(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call):
        return ast.unparse(value.func).rpartition(".")[2] in MAKERS
    return isinstance(value, CHANGEABLE)


def _imported(tree: ast.Module) -> Iterator[str]:
    for each in ast.walk(tree):
        if isinstance(each, ast.Import):
            yield from (name.name for name in each.names)
        elif isinstance(each, ast.ImportFrom):
            yield each.module or "."


def _is_below(module: str, allowed: AbstractSet[str]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in allowed)


class TestWhatRunsShare:
    def test_every_chapter_is_loaded_once_and_every_story_for_each_run(self) -> None:
        stories = {workflow.__module__ for workflow in WORKFLOWS}
        modules = {f"workflows.{path.stem}" for path in FOLDER.glob("*.py")}

        assert modules - stories - {"workflows.__init__"} == set(SHARED)
        assert set(SHARED) <= sandbox(WORKFLOWS).restrictions.passthrough_modules

    def test_no_chapter_keeps_anything_that_a_run_could_change_for_another(self) -> None:
        assert [] == [kept for module in SHARED for kept in kept_between_runs(chapter(module))]

    def test_no_chapter_reaches_for_what_differs_when_a_run_is_played_again(self) -> None:
        assert [] == [
            found
            for module in SHARED
            for found in not_for_runs(chapter(module), more=OF_THE_WORKER.get(module, set()))
        ]


class TestTheseLooks:
    @pytest.mark.parametrize(
        "text",
        ["A = []", "A = list()", "A = collections.Counter()", "def f():\n    global A"],
    )
    def test_find_what_runs_would_share(self, text: str) -> None:
        assert 1 == len(kept_between_runs(ast.parse(text)))

    @pytest.mark.parametrize(
        "text",
        [
            "import time",
            "import os.path",
            "from random import choice",
            "from . import assets",
            "def f():\n    import uuid",
            "from collections import Counter",
            "datetime.now(UTC)",
            "datetime.datetime.utcnow()",
            "date.today()",
        ],
    )
    def test_find_what_differs_when_it_is_played_again(self, text: str) -> None:
        assert 1 == len(not_for_runs(ast.parse(text)))

    @pytest.mark.parametrize(
        "text", ["workflow.now()", "from temporalio.common import RetryPolicy"]
    )
    def test_find_nothing_in_what_is_the_runs_own(self, text: str) -> None:
        assert [] == not_for_runs(ast.parse(text))
