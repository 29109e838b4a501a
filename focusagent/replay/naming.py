"""What words tell about a place beyond the thing itself: neighbours it is named by, its rank."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._siblings import grounding

if TYPE_CHECKING:
    from grounding.query.model import Target  # noqa: TID251 - a type only


@dataclass(frozen=True)
class Context:
    """The names of the things that tell where it is, and whether its place alone does.

    `by_place`: the second, the last, the one at the top: whatever stands there now is meant.
    """

    anchors: tuple[str, ...] = ()
    by_place: bool = False


def context(words: str) -> Context:
    """What the words that were grounded say about where the thing is."""
    query = importlib.import_module(".query", grounding.__name__)
    readings = query.understand(words).readings
    if not readings:
        return Context()
    target: Target = readings[0].target
    all_of_it = [target, *_anchors(target)]
    return Context(
        anchors=tuple(dict.fromkeys(each.text for each in all_of_it[1:] if each.text)),
        by_place=any(each.ordinal or each.places for each in all_of_it),
    )


def _anchors(target: Target) -> Iterator[Target]:
    for relation in target.relations:
        yield relation.anchor
        yield from _anchors(relation.anchor)
