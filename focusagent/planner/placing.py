"""Steps whose place is said first: `In the row of Bob, click Delete`."""

from __future__ import annotations

from abc import ABC, abstractmethod

from .clause import begins_step, connector_at, has_object, step_at
from .intents import Select, Type
from .pieces import is_word
from .program import Do, Step
from .reader import Reader
from .rows import fronted
from .words import NOUNS

FRONTS = ("in", "on", "inside", "within", "under", "from")
_ELSEWHERE = ("page", "tab", "screen", "browser", "app", "website")


class Placing(Reader, ABC):
    """A reader of steps that may begin with a place."""

    @abstractmethod
    def step(self) -> list[Step]:
        """One step, or the steps that it stands for."""

    def placed(self) -> list[Step]:
        """`In the row of Bob, click Delete`; no comma is needed after a quoted name or a noun."""
        start, end = self.at, self.at + 1
        while self.tokens[end].kind in ("word", "quoted", "group") and not self._goes_on(end):
            end += 1
        found = connector_at(self.tokens, end)
        place, after = self.tokens[start:end], found[1] if found else end
        parted = begins_step(self.tokens, end, after) if found else self._goes_on(end)
        if not parted or len(place) < 2 or (found and found[0] not in (",", "then")):
            return self.without_verb()
        if is_word(place[-1], *_ELSEWHERE):
            raise self.error("first go there ('go to ...'), then say the step alone", place)
        self.at = after
        made = self.step()
        joined = connector_at(self.tokens, self.at)
        only = made[0].intent if len(made) == 1 and isinstance(made[0], Do) else None
        choosing = is_word(self.tokens[after], "select", "choose", "pick")
        moved = only and fronted(only, place, self.scope, choosing=choosing)
        whole = isinstance(moved, Type | Select)  # the place is its target, not that of more steps
        if moved is None or (joined and joined[0] in ("and", "then", ",") and not whole):
            raise self.error("it is unclear which steps this is about: say it in each", place)
        return [Do(moved)]

    def _goes_on(self, at: int) -> bool:
        """Whether a step begins right behind a quoted name or a word like "field"."""
        before = self.tokens[at - 1]
        named = before.kind == "quoted" or (before.low in NOUNS and before.text.islower())
        verb = step_at(self.tokens, at) if named else None
        return verb is not None and not verb[2] and has_object(self.tokens, verb[0], verb[1])
