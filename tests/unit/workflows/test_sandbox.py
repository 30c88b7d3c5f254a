"""What every run of a worker loads anew, and what all of them share."""

import ast
from pathlib import Path

import workflows
from worker import WORKFLOWS
from workflows.sandbox import chapters, sandbox

FOLDER = Path(workflows.__file__ or "").parent
SHARED = chapters(WORKFLOWS)
CHANGEABLE = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
MAKERS = {"list", "dict", "set", "defaultdict", "Counter", "deque", "count", "iter"}


def kept_between_runs(module: str) -> list[str]:
    """Name what a module binds that one run could change for another."""
    tree = ast.parse((FOLDER / f"{module.rpartition('.')[2]}.py").read_text())
    bound = [each for each in tree.body if isinstance(each, ast.Assign | ast.AnnAssign)]
    changeable = [ast.unparse(each) for each in bound if _is_changeable(each.value)]
    return changeable + [
        ast.unparse(each) for each in ast.walk(tree) if isinstance(each, ast.Global)
    ]


def _is_changeable(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id in MAKERS
    return isinstance(value, CHANGEABLE)


class TestWhatRunsShare:
    def test_every_chapter_is_loaded_once_and_every_story_for_each_run(self) -> None:
        stories = {workflow.__module__ for workflow in WORKFLOWS}
        modules = {f"workflows.{path.stem}" for path in FOLDER.glob("*.py")}

        assert modules - stories - {"workflows.__init__"} == set(SHARED)
        assert set(SHARED) <= sandbox(WORKFLOWS).restrictions.passthrough_modules

    def test_no_chapter_keeps_anything_that_a_run_could_change_for_another(self) -> None:
        assert [] == [kept for module in SHARED for kept in kept_between_runs(module)]
