"""Reads Dockerfile and .dockerignore as their tools would."""

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "Dockerfile"


def copied_into_the_image() -> list[tuple[Path, str]]:
    """Each source that the last stage of the Dockerfile copies from here, and its destination."""
    pairs: list[tuple[Path, str]] = []
    for line in DOCKERFILE.read_text().rpartition("\nFROM ")[2].splitlines():
        word, _, rest = line.partition(" ")
        if word == "COPY" and "--from=" not in rest:
            *sources, destination = rest.split()
            pairs += [(ROOT / source, destination) for source in sources]
    return pairs


def lay_out_image(folder: Path) -> None:
    """Lay ``folder`` out as the image's /app, without its .venv."""
    for source, destination in copied_into_the_image():
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / destination, ignore=ignored)
        else:
            shutil.copy(source, folder / destination / source.name)
