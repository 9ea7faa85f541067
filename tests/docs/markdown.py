"""Reads the project's Markdown: tables, fenced blocks, links and headings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
README: Final = ROOT / "README.md"
DOCS: Final = ROOT / "docs"
PAGES: Final = (README, ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md")))

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
_RULE = re.compile(r":?-+:?")

type Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language and its text."""

    language: str
    text: str


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def name_of(page: Path) -> str:
    """The page as a reader knows it, for the names of tests."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str, *, under: str | None = None) -> list[Block]:
    """The fenced blocks of one language, in order, below the heading `under` if one is given."""
    found = [Block(*groups) for groups in _FENCE.findall(_part(read(page), under))]
    return [block for block in found if block.language == language]


def prose(page: Path) -> str:
    """The text without its fenced blocks."""
    return _FENCE.sub("", read(page))


def links(page: Path) -> list[str]:
    return _LINK.findall(prose(page))


def anchors(page: Path) -> set[str]:
    """The fragments that headings can be reached by, as GitHub makes them."""
    return {_anchor(title) for title in _HEADING.findall(prose(page))}


def _anchor(title: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", title.strip().lower())
    return kept.replace(" ", "-")


def table(page: Path, first_column: str, *, under: str | None = None) -> list[Row]:
    """The rows of the tables whose first column has this title, below the heading `under` if one is given."""
    rows = [row for header, row in _rows(_section(page, under)) if header[0] == first_column]
    assert rows, f"{name_of(page)} has no table that begins with {first_column!r} under {under!r}"
    return rows


def names(cell: str) -> list[str]:
    """What stands between backticks in a cell."""
    return re.findall(r"`([^`]+)`", cell)


def _section(page: Path, under: str | None) -> str:
    return _part(prose(page), under)


def _part(text: str, under: str | None) -> str:
    if under is None:
        return text
    level, rest = re.split(rf"^(#+) {re.escape(under)} *$", text, maxsplit=1, flags=re.MULTILINE)[1:]
    return re.split(rf"^#{{1,{len(level)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def _rows(text: str) -> Iterator[tuple[list[str], Row]]:
    header: list[str] = []
    previous: list[str] = []
    for line in text.splitlines():
        cells = _cells(line)
        if cells and all(_RULE.fullmatch(cell) for cell in cells):
            header = previous
        elif cells and header:
            assert len(cells) == len(header), line
            yield header, dict(zip(header, cells, strict=True))
        elif not cells:
            header = []
        previous = cells


def _cells(line: str) -> list[str]:
    if not line.startswith("|"):
        return []
    inner = line.strip().removeprefix("|").removesuffix("|")
    return [cell.replace(r"\|", "|").strip() for cell in re.split(r"(?<!\\)\|", inner)]
