"""What a paper says, before any format: headings, sentences, tables, pictures.

Every format writes all of it, so that none ever says less than another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["Block", "Cell", "Column", "Document", "Picture", "Section", "Sentences", "Table"]

Cell = str | int

BROAD_ABOVE: Final = 9  # columns


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : str
        For programs.
    label : str
        For people.
    number : bool
        Its cells are whole numbers.
    short : bool
        Its cells are never broken over lines: days, ids.
    prose : bool
        Its cells are sentences and need room.
    link : str
        Part of the page that a cell's text leads to: ``#{link}-{text}``; empty for none.
    blank : bool
        Its cells are empty, for somebody to write in.
    heat : bool
        Its numbers are shaded on pages, by the most that a row has in such columns.
    """

    name: str
    label: str
    number: bool = False
    short: bool = False
    prose: bool = False
    link: str = ""
    heat: bool = False
    blank: bool = False


@dataclass(frozen=True)
class Table:
    """Rows under a caption.

    Parameters
    ----------
    name : str
        For programs; unique in a document.
    caption : str
        What the rows are.
    columns : tuple of Column
        At least one.
    rows : tuple of tuple
        As many cells as columns; text is already fit to be shown.
    anchor : str
        Rows can be led to as ``{anchor}-{first cell}``; empty when nothing leads there.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    anchor: str = ""


@dataclass(frozen=True)
class Sentences:
    """Sentences of one kind.

    Parameters
    ----------
    said : tuple of str
        Each stands by itself.
    manner : str
        ``plain``, ``list`` or ``notice``: what a reader must not overlook.
    """

    said: tuple[str, ...]
    manner: str = "plain"


@dataclass(frozen=True)
class Picture:
    """A drawing for pages, and the same in words for everything else."""

    drawing: Markup
    words: str


Block = Table | Sentences | Picture


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    name: str
    title: str
    blocks: tuple[Block, ...]

    @property
    def broad(self) -> bool:
        """Whether it has a table for which a sheet of paper is turned."""
        tables = [block for block in self.blocks if isinstance(block, Table)]
        return any(len(table.columns) > BROAD_ABOVE for table in tables)


@dataclass(frozen=True)
class Document:
    """One paper.

    Parameters
    ----------
    kind : str
        annual, case, …: what a program switches on.
    title : str
        Of the page.
    over : str
        Whose paper it is; stands above the title.
    lede : str
        The whole in a sentence or two.
    sections : tuple of Section
        In reading order.
    foot : tuple of str
        How it was made: versions and digests.
    """

    kind: str
    title: str
    over: str
    lede: str
    sections: tuple[Section, ...]
    foot: tuple[str, ...]

    @property
    def broad(self) -> bool:
        """Whether all of it stands on turned sheets."""
        return all(section.broad for section in self.sections)

    @property
    def tables(self) -> list[tuple[Section, Table]]:
        """Each table with its section, in reading order."""
        return [
            (section, block)
            for section in self.sections
            for block in section.blocks
            if isinstance(block, Table)
        ]

    @property
    def sentences(self) -> list[tuple[str, str]]:
        """All that is not a table, in reading order: (name of the section, sentence)."""
        said = [("", self.lede)]
        for section in self.sections:
            for block in section.blocks:
                if isinstance(block, Sentences):
                    said += [(section.name, one) for one in block.said]
                elif isinstance(block, Picture):
                    said.append((section.name, block.words))
        return [*said, *(("about", one) for one in self.foot)]
