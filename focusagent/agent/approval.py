"""What needs a person's yes, and the trail of every answer."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from .._siblings import env
from ..history import Place
from .errors import Ended

if TYPE_CHECKING:
    from PIL import Image

# What such a control does cannot be taken back. Whole words, in any of their forms; "cancel" alone
# closes a dialog.
IRREVERSIBLE = (
    "buy", "check out", "checkout", "deactivate", "delete", "destroy", "discard", "erase", "pay",
    "place order", "publish", "purchase", "remove", "reset", "revoke", "send", "submit",
    "terminate", "transfer", "unsubscribe", "wipe", "withdraw",
    *(f"cancel {what}" for what in ("account", "appointment", "booking", "contract", "membership",
                                    "order", "plan", "reservation", "subscription")),
)  # fmt: skip
_BETWEEN = r"(?:\W+\w+){0,2}?\W+"  # the words of a phrase: "place your order"


@dataclass(frozen=True)
class Request:
    """A question to `approve`: what is about to be done, why it is asked, and on which screen.

    Only True is a yes. For "ambiguous", the answer may also be the index of one of the candidates;
    True means the first.
    """

    kind: Literal["irreversible", "policy", "ambiguous"]
    text: str
    why: str
    image: Image.Image
    action: env.Action | None = None
    candidates: tuple[Place, ...] = ()


Approve = Callable[[Request], bool | int]


def words_in(text: str, words: Iterable[str]) -> list[str]:
    """Those of the words that stand in a text as whole words (`delete`, `deletes`, `deleting`).

    What is over does not count: a folder `Sent` sends nothing. The words of a phrase may stand
    apart: `place your order`.
    """
    return [word for word in words if re.search(_forms(word), text, re.IGNORECASE)]


def _forms(phrase: str) -> str:
    return rf"(?<!\w){_BETWEEN.join(map(_form, phrase.split()))}(?!\w)"


def _form(word: str) -> str:
    if not re.fullmatch(r"[a-z]+", word):
        return re.escape(word)
    stem = word[:-1] if word.endswith("e") else rf"{word}{word[-1]}?"
    return rf"(?:{word}|{word}e?s|{stem}ing)"


class Approver:
    """Asks where it has to, remembers every answer.

    Without a callback: a word or kind in `Policy.confirm` is refused; an irreversible control is
    used if the instruction itself names the word (who wrote it has said yes), else refused.
    """

    def __init__(self, approve: Approve | None, policy: env.Policy, audit: Audit) -> None:
        self._approve, self._policy, self._audit = approve, policy, audit

    def allow(self, request: Request, shown: str, said: str, kind: str) -> env.Decision | None:
        """Decide on an action of `kind` at a control that shows these words, wanted in those.

        None where nothing has to be decided; a refusal ends the run.
        """
        policy = [*words_in(f"{shown} {request.text}", self._policy.confirm)]
        policy += [each for each in self._policy.confirm if each == kind]
        words = words_in(f"{shown} {request.text}", IRREVERSIBLE)
        if policy:
            question = _changed(request, "policy", f"the policy wants {policy[0]!r} confirmed")
        elif words:
            question = _changed(request, "irreversible", f"{words[0]!r} cannot be taken back")
        else:
            return None
        if self._approve is None:
            named = not policy and bool(words_in(said, words))
            rule = "the instruction names it" if named else "there is no one to ask: give approve="
            return self._decide(question, named, rule)
        answer = self.ask(question)
        rule = "approve said so" if isinstance(answer, bool) else f"{answer} is no yes: answer True"
        return self._decide(question, answer is True, rule)

    @property
    def can_ask(self) -> bool:
        """Whether there is somebody to ask."""
        return self._approve is not None

    def choose(self, request: Request) -> tuple[int, bool]:
        """Which of the candidates, and whether it was picked, not just agreed to.

        A no ends the run.
        """
        answer = self.ask(request)
        if answer is False:
            self._decide(request, False, "approve chose none of them")
        chosen = 0 if isinstance(answer, bool) else answer
        known = 0 <= chosen < len(request.candidates)
        rule = f"approve chose candidate {chosen}" if known else f"there is no candidate {chosen}"
        self._decide(request, known, rule)
        return chosen, not isinstance(answer, bool)

    def ask(self, request: Request) -> bool | int:
        """Put a question to the callback; one that raises ends the run."""
        assert self._approve is not None
        try:
            answer = self._approve(request)
        except Exception as error:
            self._audit.write("approve", request.text, False, f"approve raised {error!r}")
            raise Ended("refused", f"approve raised {error!r}") from error
        if not isinstance(answer, bool | int):
            raise Ended("refused", f"approve must answer True, False or an index, not {answer!r}")
        return answer

    def _decide(self, request: Request, allowed: bool, rule: str) -> env.Decision:
        decision = env.Decision(f"{request.kind}: {request.text}", allowed, rule)
        self._audit.decision(decision)
        if not allowed:
            raise Ended("refused", f"{request.text}: {request.why}; {rule}")
        return decision


def _changed(request: Request, kind: Literal["policy", "irreversible"], why: str) -> Request:
    return Request(kind, request.text, why, request.image, request.action, request.candidates)


class Audit:
    """An append-only JSONL file of decisions; each line is on the disk when `write` returns."""

    def __init__(self, clean: Callable[[str], str]) -> None:
        self._clean = clean
        self._path: Path | None = None
        self.taken: list[env.Decision] = []

    def open(self, folder: str | None) -> None:
        """Write into a folder from now on; nowhere if None."""
        self._path = None if folder is None else Path(folder) / "audit.jsonl"

    def decision(self, decision: env.Decision) -> None:
        """Append a decision and keep it for the step it belongs to."""
        self.taken.append(decision)
        self.write("decision", decision.subject, decision.allowed, decision.rule, decision.at)

    def write(
        self, kind: str, subject: str, allowed: bool, rule: str, at: float | None = None
    ) -> None:
        """Append one line."""
        if self._path is None:
            return
        made = env.Decision(self._clean(subject), allowed, self._clean(rule))
        line = {"at": at or made.at, "kind": kind, "subject": made.subject}
        line |= {"allowed": allowed, "rule": made.rule}
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise Ended("stopped", f"the audit trail cannot be written: {error}") from error
