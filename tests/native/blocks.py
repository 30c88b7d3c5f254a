"""The blocks of docs/temporal-native.md: what it shows is what is run."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "temporal-native.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(language: str) -> list[str]:
    """Give the page's blocks in that language."""
    return [text for named, text in _BLOCK.findall(PAGE.read_text()) if named == language]


def modules() -> dict[str, str]:
    """Give the Python blocks by the file name of their first line."""
    return {text.partition("\n")[0].removeprefix("# "): text for text in blocks("python")}
