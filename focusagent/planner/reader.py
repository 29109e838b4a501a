"""Reading clauses and headers out of the tokens: where each ends, and what it means."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from . import intents, verbs, verbs_answer, verbs_page, verbs_text, verbs_web
from .clause import (
    Clause,
    ambiguous_capital,
    begins_step,
    connector_at,
    has_object,
    step_at,
    unknown_verb,
)
from .condition_grammar import is_page_load
from .errors import InstructionError
from .joined import test_of
from .lexer import Token
from .modifiers import Modifiers, split_modifiers
from .phrases import BARE, CONTROL, VERBS
from .pieces import Scope, Tokens, is_word, written
from .predicates import find_predicate
from .program import MAX_ROUNDS, Do, If, Repeat, Step, Test, While
from .words import ARTICLES, PREPOSITIONS, TAILS

_VERBS: dict[str, verbs.Verb] = {
    "click": verbs.click,
    "double_click": verbs.each_target(intents.DoubleClick),
    "right_click": verbs.each_target(intents.RightClick),
    "expand": verbs.unfold(shown=True),
    "collapse": verbs.unfold(shown=False),
    "hover": verbs.each_target(intents.Hover),
    "type": verbs_text.type_text,
    "append": verbs_text.append,
    "fill": verbs_text.fill,
    "clear": verbs_text.clear,
    "set": verbs_text.set_value,
    "search": verbs_text.search,
    "press": verbs.press,
    "select": verbs.select,
    "check": verbs.each_target(intents.Check, "checkbox"),
    "uncheck": verbs.each_target(intents.Uncheck, "checkbox"),
    "turn": verbs_text.turn,
    "drag": verbs.drag,
    "upload": verbs.upload,
    "close": verbs_answer.close,
    "accept": verbs_answer.accept,
    "decline": verbs_answer.decline,
    "confirm": verbs_page.confirm,
    "read": verbs.read,
    "scroll": verbs_page.scroll,
    "find": verbs_page.find,
    "wait": verbs_page.wait,
    "go_to": verbs_web.go_to,
    "new_tab": verbs_web.new_tab,
    "switch_tab": verbs_web.switch_tab,
    "check_that": verbs_page.check_that,
    "stop": verbs_page.finish,
    "fail": verbs_page.finish,
    "back": lambda clause: [intents.Back()],
    "forward": lambda clause: [intents.Forward()],
    "reload": lambda clause: [intents.Reload()],
    "tab": lambda clause: [intents.Press("Tab")],
    "nothing": lambda clause: [],
}
_ALONE = {"tab", "back", "forward", "reload", "nothing"}  # take no object at all
_OPTIONAL = {"scroll", "new_tab", "stop", "fail", "wait", "type", "read", "fill"}  # or say so


class Reader:
    """Tokens and the place in them; what needs no look at the steps inside a condition."""

    def __init__(self, tokens: Sequence[Token], scope: Scope, depth: int = 0) -> None:
        self.tokens = tokens
        self.scope = scope
        self.at = 0
        self.depth = depth
        self.indent = -1  # of the block that is being read
        self.line = Token("line", "", 0, 0)  # that the current step begins on

    @property
    def token(self) -> Token:
        """The token at this place."""
        return self.tokens[self.at]

    def error(self, message: str, tokens: Tokens = ()) -> InstructionError:
        """The refusal of these tokens, or of the one at this place."""
        return self.scope.error(message, tokens or [self.token])

    def without_verb(self) -> list[Step]:
        """`The total should be 12.50` asserts; anything else without a verb is refused."""
        start = self.at
        end = self._clause_end(start)
        heading = self._heading(start)
        if heading:
            self.at = heading
            return []
        tokens = self.tokens[start:end] or [self.token]
        sees = is_word(tokens[0], "i", "you", "we")
        if sees or any(
            is_word(token, "should", "must", "shouldn't", "mustn't") for token in tokens[1:]
        ):
            self.at = end
            clause = Clause("check_that", tokens[:1], tokens, self.scope)
            return [Do(intent) for intent in verbs_page.check_that(clause)]
        found = find_predicate(tokens)
        if found is not None and VERBS.match(tokens, 0) is None:
            raise self.error("say 'check that' or 'wait until' before what is to be so", tokens)
        raise unknown_verb(tokens, self.scope)

    def _heading(self, start: int) -> int:
        """The place after `Log in:` before a step: a heading says nothing to do; 0 if none."""
        run = self._run(start)
        after = start + len(run) + 1
        colon = self.tokens[after - 1]
        if not 0 < len(run) <= 5 or colon.kind != "mark" or colon.text != ":":
            return 0
        step = self.tokens[after].kind == "line" or step_at(self.tokens, after) is not None
        return after if step else 0

    # --- a clause: a verb and its objects

    def clause(self, verb: str, head: Tokens) -> list[Step]:
        """The steps of the clause that goes on here, after its verb; steps over it."""
        end = self._clause_end(self.at)
        rest = list(self.tokens[self.at : end])
        self.at = end
        return self._steps_of(verb, head, rest)

    def _steps_of(self, verb: str, head: Tokens, rest: list[Token]) -> list[Step]:
        while rest and (rest[-1].kind == "mark" or (rest[-1].low in TAILS and len(rest) > 1)):
            rest = rest[:-1]
        bare = verb in BARE or verb == "scroll"
        found = split_modifiers(
            rest, self.scope, 0 if bare else 1, asserting=verb in ("check_that", "wait")
        )
        rest = list(found.rest)
        if not rest and verb not in _ALONE | _OPTIONAL | {"close", "select"}:
            raise self.scope.error(f"say what to {written(head).lower()}", head)
        if rest and verb in _ALONE:
            raise self.scope.error("this step takes no more words", rest)
        clause = Clause(verb, head, rest, self.scope)
        if not rest and verb in ("close", "select"):
            raise clause.error(f"say what to {written(head).lower()}")
        made = _VERBS[verb](clause)
        return self._modified([Do(intent) for intent in made], found, head)

    def _modified(self, steps: list[Step], found: Modifiers, head: Tokens) -> list[Step]:
        """The steps with the condition, loop or count that stands after them."""
        if (found.times is not None or found.loop) and len(steps) > 1:
            raise self.scope.error(
                "say which of these steps is repeated: 'repeat 3 times: ...'", head
            )
        if found.times is not None and found.times != 1:
            steps = [Repeat(found.times, tuple(steps))]
        if not found.keyword:
            return steps
        if found.keyword == "when":
            return [*self.waits(found.condition), *steps]
        test = test_of(found.condition, self.scope)
        if found.keyword == "if":
            return [If(test, tuple(steps))]
        if found.keyword == "unless":
            return [If(test, (), tuple(steps))]
        return [loop_of(test, steps, found.keyword == "until", found.limit)]

    def _clause_end(self, at: int) -> int:
        """Where the clause that goes on at `at` ends: before what joins the next step to it."""
        tokens, place = self.tokens, at
        while tokens[place].kind not in ("line", "end"):
            token = tokens[place]
            if token.kind == "mark" and token.text in ";.":
                return place
            if is_word(token, "then") and place > at:
                return place
            joined = token.kind == "mark" and token.text == ","
            if (joined or is_word(token, "and")) and self._joins(place):
                return place
            if place > at and CONTROL.match(tokens, place) and self._is_otherwise(place):
                return place
            place += 1
        return place

    def _joins(self, place: int) -> bool:
        found = connector_at(self.tokens, place) or ("and", place + 1)
        if not begins_step(self.tokens, place, found[1]):
            return False
        if ambiguous_capital(self.tokens, place, found[1]):
            raise self.error(
                "is this one name or two steps? Put the name in quotes, or write the verb in "
                "lower case",
                self.tokens[place - 1 : found[1] + 2],
            )
        return True

    def _is_otherwise(self, place: int) -> bool:
        found = CONTROL.match(self.tokens, place)
        articled = is_word(self.tokens[place - 1], "the", "a", "or")
        return found is not None and found[0] == "otherwise" and not articled

    # --- where a header ends and its body begins

    def header(self, head: Tokens, *, noun: bool = False) -> tuple[Tokens, str]:
        """The tokens of a condition or loop header, and how its body begins; steps over both."""
        start, tokens = self.at, self.tokens
        place = self._verb_after(start) if noun else self._direct_body(start)
        if place >= 0:
            self.at = place
            return tokens[start:place], "none"
        place, how = self._header_end(start)
        header = list(tokens[start:place])
        while header and header[-1].kind == "mark":
            header.pop()
        if not header:
            raise self.error(f"say what comes after {written(head)!r}", head)
        if how == "none":
            raise self.error("say what to do then, after a comma", [*head, *header])
        found = connector_at(tokens, place)
        self.at = found[1] if how == "comma" and found else place + 1
        return header, how

    def _header_end(self, start: int) -> tuple[int, str]:
        """Where a header ends: at a colon, a "then", or the comma before a step."""
        tokens, place, comma = self.tokens, start, -1
        while tokens[place].kind not in ("line", "end") and tokens[place].text not in (";", "."):
            token = tokens[place]
            if token.kind == "mark" and token.text == ":":
                return place, "colon"
            if is_word(token, "then"):
                return place, "comma"
            if token.kind == "mark" and token.text == ",":
                found = connector_at(tokens, place)
                comma = place if comma < 0 else comma
                if found and begins_step(tokens, place, found[1]):
                    return place, "comma"
            place += 1
        return (comma, "comma") if comma >= 0 else (place, "none")

    def _run(self, start: int) -> Tokens:
        end = start
        while self.tokens[end].kind in ("word", "quoted"):
            end += 1
        return self.tokens[start:end]

    def _direct_body(self, start: int) -> int:
        """Where a step begins right after `if 'A' appears`, without a comma; -1 if none does."""
        run = self._run(start)
        found = find_predicate(run) if run else None
        if found is None:
            return -1
        end = found[1].end
        if found[1].takes_value:  # only a quoted value surely ends there
            if end >= len(run) or run[end].kind != "quoted":
                return -1
            end += 1
        following = step_at(self.tokens, start + end)
        return start + end if following and following[0] != "otherwise" else -1

    def _verb_after(self, start: int) -> int:
        """Where a step begins in `for each row click ...`, without a comma; -1 if none does."""
        for place in range(start + 1, start + len(self._run(start))):
            found = step_at(self.tokens, place)
            before = self.tokens[place - 1]
            if (
                found is not None
                and not is_word(before, *PREPOSITIONS, *ARTICLES)
                and (found[2] or has_object(self.tokens, found[0], found[1]))
            ):
                return place
        return -1

    def waits(self, tokens: Tokens) -> list[Step]:
        """The waits that "when ..." stands for."""
        clause = Clause("wait", tokens[:1], tokens, self.scope)
        if is_page_load(tokens):
            return [Do(intents.Wait(0.0))]
        return [Do(intents.WaitFor(part)) for part in verbs_page.conditions(clause, tokens)]


def loop_of(test: Test, body: list[Step], until: bool, limit: int | None) -> Step:
    """The loop; `scroll down until X appears` is one step, which stops when X is there."""
    only = body[0].intent if len(body) == 1 and isinstance(body[0], Do) else None
    if (
        until
        and limit is None
        and isinstance(only, intents.Scroll)
        and isinstance(test, intents.Seen)
        and test.wanted
        and only == intents.Scroll(only.direction, area=only.area)
    ):
        return Do(dataclasses.replace(only, until=test.target))
    return While(test, tuple(body), until, limit or MAX_ROUNDS)


def has_until(step: Do) -> bool:
    """Whether the step itself goes on until something is seen."""
    return isinstance(step.intent, intents.Scroll) and step.intent.until is not None
