"""The rules of the house that no linter knows; each failure says what to do."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
LONGEST_FUNCTION = 60
LONGEST_FILE = 400
EMPTY_NAMES = {"utils", "util", "common", "helpers", "helper", "shared", "misc"}
LOCK_FILES = {"uv.lock", "go.sum"}
VENDORED = {"tests/project/compose-spec.json", "tests/project/compose-spec.LICENSE"}
REGISTRIES = re.compile(
    r"\b(pypi\.org|files\.pythonhosted\.org|registry\.npmjs\.org|proxy\.golang\.org|crates\.io"
    r"|repo\.maven\.apache\.org|deb\.debian\.org|docker\.io|ghcr\.io|quay\.io|gcr\.io)\b"
)
# /home/somebody stands for a user in a few tests.
THIS_MACHINE = re.compile(r"(?<![\w.~/-])/(root|work|Users|home/(?!somebody\b)[a-z]\w*)/\w")


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that git knows and the disk still has."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 - git of the search path
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return tuple(path for path in paths if path.is_file())


def texts() -> dict[str, str]:
    """Our own text files by their path in the repository."""
    found: dict[str, str] = {}
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        content = path.read_bytes()
        if path.name not in LOCK_FILES and name not in VENDORED and b"\0" not in content:
            found[name] = content.decode()
    return found


def modules() -> dict[str, str]:
    """Our own Python outside the tests."""
    return {
        name: text
        for name, text in texts().items()
        if name.endswith(".py") and not name.startswith("tests/")
    }


def hits(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {hit[0]}"
        for name, text in texts().items()
        if name != "tests/project/test_tree.py"
        for number, line in enumerate(text.splitlines(), 1)
        for hit in pattern.finditer(line)
    ]


class TestPlaces:
    def test_no_file_names_a_place_on_the_machine_where_it_was_written(self) -> None:
        assert [] == hits(THIS_MACHINE), "Make it relative to the repository or to the home folder."

    def test_no_file_names_the_folder_it_lies_in(self) -> None:
        assert [] == hits(re.compile(re.escape(str(ROOT)) + r"\b")), "Make it relative."

    def test_only_lock_files_name_a_registry(self) -> None:
        assert [] == hits(REGISTRIES), "Name the package; each machine has its own registry."


class TestUntrusted:
    def test_nothing_that_runs_what_it_reads_is_used(self) -> None:
        """JSON and pydantic read what comes from outside; templates lie in the package."""
        runs_what_it_reads = re.compile(
            r"^\s*(?:import|from) (?:pickle|cPickle|dill|shelve|marshal|jsonpickle|joblib)\b"
            r"|^\s*from yaml\b|\bimport yaml as\b|\byaml\.(?!safe_load\b)\w"
            r"|(?<![\w.])(?:eval|exec|__import__)\(|\.from_string\(|workflow_runner=Unsandboxed"
            r"|\bsandboxed=False\b"
        )
        found = [
            f"{name}:{number}"
            for name, text in modules().items()
            for number, line in enumerate(text.splitlines(), 1)
            if runs_what_it_reads.search(line)
        ]

        assert [] == found, "Read it as JSON with a pydantic model; keep workflows in the sandbox."


class TestSizes:
    def test_no_module_is_longer_than_a_reader_can_hold(self) -> None:
        long = [name for name, text in modules().items() if len(text.splitlines()) > LONGEST_FILE]

        assert [] == long, f"Split what has more than {LONGEST_FILE} lines along its ideas."

    def test_no_function_is_longer_than_a_screen(self) -> None:
        long = [
            f"{name}:{node.lineno} {node.name}"
            for name, text in modules().items()
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION
        ]

        assert [] == long, f"Give the parts of what has more than {LONGEST_FUNCTION} lines names."


class TestNames:
    def test_no_module_is_called_by_an_empty_word(self) -> None:
        empty = [name for name in modules() if EMPTY_NAMES & {*Path(name).with_suffix("").parts}]

        assert [] == empty, "Name it by what it knows; what knows nothing in common is two modules."

    def test_every_module_opens_with_its_job(self) -> None:
        silent = [
            name
            for name, text in modules().items()
            if text.strip() and not ast.get_docstring(ast.parse(text))
        ]

        assert [] == silent, "Begin it with one sentence that says its job."

    def test_no_module_leans_on_the_future(self) -> None:
        leaning = [name for name, text in modules().items() if "from __future__" in text]

        assert [] == leaning, "Python 3.11 needs none of it here, and pydantic reads annotations."
