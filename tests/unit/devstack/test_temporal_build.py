"""The Go build leaves a whole file or none, says that it is under way, and refuses an old Go."""

from pathlib import Path

import pytest

from devstack import temporal_build
from devstack.temporal_build import CLI_VERSION, MODULE, arguments, build, find_go

BUILDING_GO = """#!/bin/sh
case "$1" in
version) echo "go version go1.26.4 linux/amd64" ;;
build)
    while [ "$1" != -o ]; do shift; done
    echo "github.com/example/one" >&2
    sleep "${SLEEP_S:-0}"
    echo whole > "$2"
    exit "${BUILD_EXIT:-0}" ;;
esac
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    go = tmp_path / "bin" / "go"
    go.parent.mkdir()
    go.write_text(BUILDING_GO)
    go.chmod(0o755)
    return {"PATH": f"{go.parent}:/usr/bin:/bin"}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache" / "temporal-1.8.2"


def quiet(_line: str) -> None:
    """Take a line of progress and keep still."""


class TestBuild:
    def test_leaves_the_file_and_nothing_beside_it(
        self, environ: dict[str, str], target: Path
    ) -> None:
        build(target, environ, say=quiet)

        assert "whole\n" == target.read_text()
        assert [target] == list(target.parent.iterdir())

    def test_a_failed_one_leaves_nothing_and_shows_its_end(
        self, environ: dict[str, str], target: Path
    ) -> None:
        with pytest.raises(RuntimeError, match=r"(?s)`go build` failed.*github.com/example/one"):
            build(target, {**environ, "BUILD_EXIT": "1"}, say=quiet)

        assert [] == list(target.parent.iterdir())

    def test_says_how_long_it_runs_and_what_it_came_to(
        self, environ: dict[str, str], target: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(temporal_build, "REPORT_EVERY_S", 0.1)
        said: list[str] = []

        build(target, {**environ, "SLEEP_S": "0.5"}, say=said.append)

        assert any("1 packages so far, now github.com/example/one" in line for line in said)

    def test_an_interrupted_one_leaves_no_file_and_no_process(
        self, environ: dict[str, str], target: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(temporal_build, "REPORT_EVERY_S", 0.1)
        lines: list[str] = []

        def interrupt(line: str) -> None:
            lines.append(line)
            if "so far" in line:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            build(target, {**environ, "SLEEP_S": "60"}, say=interrupt)

        assert [] == list(target.parent.iterdir())


class TestGo:
    def test_one_that_is_new_enough_is_taken(self, environ: dict[str, str]) -> None:
        assert environ["PATH"].split(":")[0] + "/go" == find_go(environ)

    @pytest.mark.parametrize("version", ["go1.25.9", "go1.9", "devel"])
    def test_an_old_one_is_refused(self, tmp_path: Path, version: str) -> None:
        go = tmp_path / "go"
        go.write_text(f"#!/bin/sh\necho 'go version {version} linux/amd64'\n")
        go.chmod(0o755)

        with pytest.raises(RuntimeError, match=r"must say 1\.26 or newer"):
            find_go({"PATH": str(tmp_path)})

    def test_none_is_a_sentence(self, tmp_path: Path) -> None:
        with pytest.raises(RuntimeError, match="there is no `go` on PATH"):
            find_go({"PATH": str(tmp_path)})


class TestCommittedModules:
    def test_checksums_are_committed_and_may_not_be_rewritten(self) -> None:
        assert (MODULE / "go.sum").is_file()
        assert "-mod=readonly" in arguments(Path("temporal"))

    def test_the_module_asks_for_the_version_that_names_the_file(self) -> None:
        required = f"github.com/temporalio/cli v{CLI_VERSION} "

        assert required in (MODULE / "go.mod").read_text()
