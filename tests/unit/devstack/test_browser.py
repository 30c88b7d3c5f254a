import shutil
from pathlib import Path

import pytest

from devstack.browser import NoBrowserError, chromium


class TestChromium:
    def test_is_the_one_that_is_named(self, tmp_path: Path) -> None:
        browser = tmp_path / "browser"
        browser.touch(mode=0o755)

        assert browser == chromium({"CHROMIUM_PATH": str(browser)})

    def test_named_wrongly_is_never_replaced_by_another(self, tmp_path: Path) -> None:
        with pytest.raises(NoBrowserError, match="CHROMIUM_PATH names no program"):
            chromium({"CHROMIUM_PATH": str(tmp_path / "nothing")})

    def test_missing_is_told_with_the_remedy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shutil, "which", lambda _: None)

        with pytest.raises(NoBrowserError, match="apt-get install chromium fonts-noto-cjk"):
            chromium({})
