"""PostgreSQL is looked for on PATH, then where Debian puts it; its absence is a sentence."""

from pathlib import Path

import pytest

from devstack import postgres
from devstack.postgres import NEEDED, PostgresError, find_postgres


@pytest.fixture
def debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Debian would have its versions; empty."""
    monkeypatch.setattr(postgres, "DEBIAN_PROGRAMS", tmp_path / "debian")
    return tmp_path / "debian"


def installed(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return folder


class TestFindPostgres:
    def test_the_one_on_path_comes_first(self, debian: Path, tmp_path: Path) -> None:
        installed(debian / "16" / "bin", *NEEDED)
        on_path = installed(tmp_path / "bin", *NEEDED)

        assert on_path == find_postgres({"PATH": str(on_path)})

    def test_a_link_on_path_leads_to_its_neighbours(self, debian: Path, tmp_path: Path) -> None:
        real = installed(debian / "15" / "bin", *NEEDED)
        links = installed(tmp_path / "links")
        (links / "initdb").symlink_to(real / "initdb")

        assert real == find_postgres({"PATH": str(links)})

    def test_of_debians_the_newest_whole_one_is_taken(self, debian: Path) -> None:
        installed(debian / "9" / "bin", *NEEDED)
        newest = installed(debian / "15" / "bin", *NEEDED)
        # Only the clients of a newer one.
        installed(debian / "17" / "bin", "psql")

        assert newest == find_postgres({"PATH": ""})

    @pytest.mark.usefixtures("debian")
    def test_none_is_a_sentence_with_the_remedy(self) -> None:
        with pytest.raises(PostgresError, match="apt-get install postgresql"):
            find_postgres({"PATH": ""})
