"""What the image is made of, as far as it can be held without building it."""

import os
import re
import subprocess
import sys
from fnmatch import fnmatch
from importlib.util import cache_from_source
from pathlib import Path

from tests.project.deployment import DOCKERFILE, ROOT, copied_into_the_image, lay_out_image

IMPORT_ALL = """
import sys
import simulator.__main__, starter, web.__main__, worker
from commands import answers, explaining, key_files, onboardings, orders, printing, rotation
here, outside = sys.argv[1:]
files = [str(getattr(it, "__file__", None) or "") for it in list(sys.modules.values())]
print([it for it in files if it.startswith(outside) and "site-packages" not in it])
"""


def words(instruction: str) -> list[str]:
    """What follows each such instruction, lines joined."""
    text = DOCKERFILE.read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return [line.split(maxsplit=1)[1] for line in lines if line.startswith(f"{instruction} ")]


class TestTheImage:
    def test_it_runs_as_a_plain_user(self) -> None:
        (user,) = words("USER")

        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)

    def test_its_tools_stay_in_the_first_stage(self) -> None:
        build, final = words("FROM")

        assert build.endswith(" AS build")
        assert build.removesuffix(" AS build") == final
        assert 1 == sum("uv sync" in run for run in words("RUN"))

    def test_it_installs_what_is_locked_without_tools_and_benchmarks(self) -> None:
        (sync,) = [run for run in words("RUN") if "uv sync" in run]

        assert {"--locked", "--no-dev", "--no-install-project"} <= set(sync.split())
        assert "--no-group bench" in sync

    def test_uv_is_the_makefiles(self) -> None:
        wanted = re.search(r"^UV_VERSION := (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert wanted

        assert any(f"uv=={wanted[1]}" in run for run in words("RUN"))

    def test_its_python_is_one_that_the_project_supports(self) -> None:
        assert all(re.match(r"python:3\.11\.\d+-slim", base) for base in words("FROM"))


class TestBytecode:
    def test_of_what_is_installed_is_made_by_uv(self) -> None:
        assert any("UV_COMPILE_BYTECODE=1" in env.split() for env in words("ENV"))

    def test_of_what_is_ours_is_made_for_every_module(self, tmp_path: Path) -> None:
        """Also where no start may write any, as in the image."""
        lay_out_image(tmp_path)
        (compiling,) = [run for run in words("RUN") if "compileall" in run]
        python, *arguments = compiling.split()
        subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": ""},
            check=True,
        )
        modules = [path for path in tmp_path.rglob("*.py") if path.parent != tmp_path]
        uncompiled = [path for path in modules if not Path(cache_from_source(str(path))).exists()]

        assert "python" == python
        assert [] == uncompiled, "The Dockerfile must compile these too."


class TestWhatItCopies:
    def test_every_source_is_there_and_enters_the_build(self) -> None:
        ignore = (ROOT / ".dockerignore").read_text().splitlines()
        let_in = {line[1:] for line in ignore if line.startswith("!")}
        sources = {source.relative_to(ROOT).as_posix() for source, _ in copied_into_the_image()}
        named = {word for copy in words("COPY") if "--from" not in copy for word in copy.split()}

        assert all((ROOT / source).exists() for source in sources)
        assert {"pyproject.toml", "uv.lock"} <= named
        assert let_in == sources | {"pyproject.toml", "uv.lock"}

    def test_no_secret_can_enter(self) -> None:
        lines = (ROOT / ".dockerignore").read_text().splitlines()
        rules = [line for line in lines if line and not line.startswith("#")]

        assert "*" == rules[0]
        assert not any(fnmatch(secret, it[1:]) for it in rules for secret in (".env", ".likeness"))

    def test_it_is_all_that_our_processes_import(self, tmp_path: Path) -> None:
        lay_out_image(tmp_path)
        probe = subprocess.run(
            [sys.executable, "-c", IMPORT_ALL, str(tmp_path), str(ROOT)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

        assert "" == probe.stderr
        assert "[]\n" == probe.stdout, "The Dockerfile must copy these too."
