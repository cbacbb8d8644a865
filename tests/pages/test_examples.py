"""Whoever follows a page of the documentation sees what it shows."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest
from pages.fences import DOCS, ROOT, Reader, blocks, front_matter
from providers import provider

PAGES = sorted(
    (page for page in DOCS.rglob("*.md") if any(block.language == "console" for block in blocks(page))),
    key=lambda page: (page.name != "tutorial.md", page),  # the longest first, for tests in parallel
)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).with_suffix("").as_posix())
def test_a_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    front = front_matter(page)
    for needed in front.get("needs", ()):
        if importlib.util.find_spec(needed) is None and shutil.which(needed) is None:
            pytest.skip(f"{needed} is not installed")
    start = ROOT / front.get("start", "shop")
    folder = tmp_path / start.name
    if start.exists():
        shutil.copytree(start, folder, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    else:
        folder.mkdir()
    with provider() as server:
        reader = Reader(folder, server.url)
        for block in blocks(page):
            reader.do(block)
