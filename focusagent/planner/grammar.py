"""Instructions in English as a program: a recursive descent over the tokens, in linear time.

`parse` never guesses: what it does not understand, or could understand in two ways, it refuses
with the words in question and what it would accept.
"""

from __future__ import annotations

import dataclasses

from .clause import (
    connector_at,
    is_else,
    skip_fillers,
    step_at,
)
from .errors import REFUSED, UNCLEAR, InstructionError
from .joined import test_of
from .lexer import Token, lex
from .loops import body_scope, each_of
from .modifiers import rounds_of, split_modifiers
from .phrases import CONTROL, VERBS
from .pieces import Scope, Tokens, is_word
from .placing import FRONTS, Placing
from .program import (
    Do,
    EachRow,
    If,
    Program,
    Repeat,
    Step,
)
from .reader import has_until, loop_of
from .rows import with_row
from .words import GERUNDS

MAX_DEPTH = 20


def parse(text: str) -> Program:
    """The program that `text` asks for; `InstructionError` says which words it cannot follow."""
    parser = _Parser(lex(text), Scope(text))
    steps = parser.block(-1)
    if not steps:
        raise InstructionError(
            "there is nothing to do: say a step such as 'click Save'", text, 0, len(text)
        )
    return Program(tuple(steps))


class _Parser(Placing):
    """The steps, and those inside conditions and loops."""

    # --- steps in a row

    def block(self, indent: int, *, bullets: bool = False) -> list[Step]:
        """Steps until a line that stands further left, or (`bullets`) one without a bullet."""
        made: list[Step] = []
        outer, self.indent = self.indent, indent
        while self._next_step(indent, bullets):
            made += self.step()
        self.indent = outer
        return made

    def _next_step(self, indent: int, bullets: bool) -> bool:
        while True:
            token = self.token
            if token.kind == "end":
                return False
            if token.kind == "line":
                if token.indent < indent or (bullets and not token.bullet):
                    return False
                self.line = token
                self.at += 1
            elif (found := connector_at(self.tokens, self.at)) is not None:
                self.at = found[1]
            elif is_word(token, "and", "but") and step_at(self.tokens, self.at + 1):  # "And click"
                self.at += 1
            else:
                return True

    def step(self) -> list[Step]:
        """One step: a clause with a verb, or a condition or loop with the steps inside."""
        if is_word(self.token, "i", "you", "we") and self._sees():
            return self.without_verb()
        self.at = skip_fillers(self.tokens, self.at)
        if self.token.kind in ("end", "line"):
            return []
        found = step_at(self.tokens, self.at)
        if found is None and is_word(self.token, *FRONTS):
            return self.placed()
        if found is None:
            return self.without_verb()
        meaning, end, control = found
        start, self.at = self.at, end
        if not control:
            return self.clause(meaning, self.tokens[start:end])
        if meaning in REFUSED:
            raise self.error(REFUSED[meaning], self.tokens[start:end])
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error(
                f"conditions and loops nest at most {MAX_DEPTH} deep", [self.tokens[start]]
            )
        made = self._control(meaning, self.tokens[start:end])
        self.depth -= 1
        return made

    # --- conditions and loops

    def _sees(self) -> bool:
        """Whether the step is like "I should see X"."""
        words = [token.low for token in self.tokens[self.at + 1 : self.at + 4]]
        return "see" in words and not set(words) & {"and", "to"}

    def _control(self, meaning: str, head: Tokens) -> list[Step]:
        if meaning in ("if", "unless"):
            return self._if(head, negated=meaning == "unless")
        if meaning == "when":
            header, _ = self.header(head)
            return self.waits(header)
        if meaning in ("while", "until"):
            return self._while(head, meaning == "until")
        if meaning == "repeat":
            return self._repeat(head)
        return self._keep(head) if meaning == "keep" else self._each(head)

    def _if(self, head: Tokens, *, negated: bool) -> list[Step]:
        header, how = self.header(head)
        test = test_of(header, self.scope)
        body = tuple(self._body(how, head, loop=False))
        other = tuple(self._otherwise())
        return [If(test, other, body) if negated else If(test, body, other)]

    def _otherwise(self) -> list[Step]:
        place = self.at
        while self.tokens[place].kind in ("line", "mark") or is_word(
            self.tokens[place], "and", "but"
        ):
            token = self.tokens[place]
            if token.kind == "line" and token.indent < self.indent:
                return []
            place += 1
        found = CONTROL.match(self.tokens, place)
        if found is None or found[0] != "otherwise":
            return []
        head = self.tokens[place : found[1]]
        between = [token for token in self.tokens[self.at : place] if token.kind == "line"]
        self.line = between[-1] if between else self.line
        self.at = found[1]
        how = "none"
        if self.token.kind == "mark" and self.token.text in ",:":
            how = "colon" if self.token.text == ":" else "comma"
            self.at += 1
        return self._body(how, head, loop=False)

    def _while(self, head: Tokens, until: bool) -> list[Step]:
        header, how = self.header(head)
        header, limit = rounds_of(header, self.scope)
        test = test_of(header, self.scope)
        body = self._body(how, head, loop=True)
        return [loop_of(test, body, until, limit)]

    def _repeat(self, head: Tokens) -> list[Step]:
        """`repeat 3 times: ...`, `repeat until ...: ...`, `repeat: ... until ...`."""
        control = CONTROL.match(self.tokens, self.at)
        if control and control[0] in ("while", "until"):
            start, self.at = self.at, control[1]
            return self._while(self.tokens[start : control[1]], control[0] == "until")
        if step_at(self.tokens, self.at) or (self.token.kind == "mark" and self.token.text == ":"):
            return self._repeat_until(head)
        header, how = self.header(head)
        found = split_modifiers([*head[:1], *header], self.scope, 1, asserting=False)
        if found.times is None or len(found.rest) > 1:
            raise self.error(
                "say how often, then the steps: 'repeat 3 times: click Next'", [*head, *header]
            )
        return [Repeat(found.times, tuple(self._body(how, head, loop=True)))]

    def _repeat_until(self, head: Tokens) -> list[Step]:
        """The steps between "repeat" and the "until" or "N times" at the sentence's end."""
        if self.token.kind == "mark":
            self.at += 1
        end = self.at
        while self.tokens[end].kind not in ("line", "end") and self.tokens[end].text != ".":
            end += 1
        found = split_modifiers(self.tokens[self.at : end], self.scope, 1, asserting=False)
        if not found.loop and found.times is None:
            raise self.error(
                "say how often or until when: 'repeat 3 times: ...', 'repeat until ...: ...'", head
            )
        stop = Token("end", "", self.tokens[end].start, self.tokens[end].start)
        inner = _Parser([*found.rest, stop], self.scope, self.depth)
        body = inner.block(-1)
        self.at = end
        if not body:
            raise self.error("say which steps to repeat", head)
        if found.times is not None:
            return [Repeat(found.times, tuple(body))]
        test = test_of(found.condition, self.scope)
        return [loop_of(test, body, found.keyword == "until", found.limit)]

    def _keep(self, head: Tokens) -> list[Step]:
        """`keep clicking Next until "Done" appears`."""
        verb = GERUNDS.get(self.token.low)
        if verb is None:
            raise self.error("say what to keep doing: 'keep clicking Next until ...'", head)
        start, after = self.at, self.at + 1
        token = dataclasses.replace(self.token, text=verb, low=verb)
        found = VERBS.match([token, *self.tokens[after : after + 4]], 0)
        meaning, size = found if found else ("", 1)
        self.at = start + size
        made = self.clause(meaning, [token, *self.tokens[after : start + size]])
        if any(isinstance(step, Do) and not has_until(step) for step in made):
            raise self.error(
                "say until when: 'keep clicking Next until ...'", self.tokens[start : self.at]
            )
        return made

    def _each(self, head: Tokens) -> list[Step]:
        header, how = self.header(head, noun=True)
        loop = each_of(header, self.scope)
        outer = self.scope
        if isinstance(loop, EachRow) and outer.row is not None:
            raise self.error("a loop over rows cannot stand inside another one", header)
        self.scope = body_scope(loop, header, outer)
        body = self._body(how, head, loop=True)
        if isinstance(loop, EachRow):
            body = with_row(body)
        self.scope = outer
        return [dataclasses.replace(loop, body=tuple(body))]

    def _body(self, how: str, head: Tokens, *, loop: bool) -> list[Step]:
        """The steps of a condition or loop: an indented block, or the rest of the sentence."""
        while is_word(self.token, "then") or (how == "comma" and self.token.text == ","):
            self.at += 1
        if self.token.kind == "line" and how == "colon":
            return self._indented(head)
        if self.token.kind in ("line", "end"):
            raise self.error("say what to do then", head)
        made = self._inline(head, colon=how == "colon", loop=loop)
        if loop and not made:
            raise self.error("a loop needs a step", head)
        return made

    def _indented(self, head: Tokens) -> list[Step]:
        line, header = self.token, self.line
        bulleted = line.bullet and not header.bullet and line.indent >= header.indent
        if line.indent <= header.indent and not bulleted:
            raise self.error(
                "the steps after ':' stand on the same line or on indented lines below", head
            )
        outer = self.line
        made = self.block(line.indent, bullets=bulleted and line.indent == header.indent)
        self.line = outer
        return made

    def _inline(self, head: Tokens, *, colon: bool, loop: bool) -> list[Step]:
        """Steps of one sentence. After a colon all of them; else those joined by "and"."""
        made = self.step()
        comma: Token | None = None
        while (found := connector_at(self.tokens, self.at)) is not None:
            kind, after = found
            if kind == "." or self.tokens[after].kind in ("end", "line"):
                break
            if is_else(self.tokens, after):
                break
            if not colon and kind in ("then", ";"):
                if loop:
                    raise self.error(
                        UNCLEAR.format(self.tokens[after].text), self.tokens[self.at : after + 1]
                    )
                break
            comma = self.token if kind == "," else None
            self.at = after
            made += self.step()
        if comma is not None and not colon:
            raise self.error(UNCLEAR.format("this step"), [comma])
        return made
