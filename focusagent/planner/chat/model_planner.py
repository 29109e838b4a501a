"""The planner with a model: asks a chat for one typed action at a time."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...history import Usage
from ..briefing import Briefing
from ..errors import IntentError
from ..intents import PROOFS, Finish, History, Intent, Read
from ..printing import intent_text
from .answers import calls_in, intent_in
from .messages import Chat, Message, Picture, PlannerError, Reply, Tool
from .prompt import READING, Scene, messages_for, refusal
from .tools import ANSWER, in_words, intent_tools

if TYPE_CHECKING:
    from PIL import Image

    from ..._siblings import env

_STUBBORN = 3  # times the same thing may fail in a row


class ModelPlanner:
    """Lets a chat model choose each step; what it answers is checked, and refused once at most.

    The last `steps` steps are told one by one, earlier ones by their number. With `read` it is told
    what can be read on the screen. Use one planner for one agent at a time.
    """

    def __init__(self, chat: Chat, *, steps: int = 10, read: bool = True) -> None:
        self._chat, self._steps, self._read = chat, steps, read
        self.begin(Briefing())

    def begin(self, briefing: Briefing) -> None:
        """Forget the run before."""
        self._briefing = briefing
        self._usage = Usage()
        self._screens: dict[int, Image.Image] = {}  # by the number of steps before them

    @property
    def usage(self) -> Usage:
        """The calls and tokens since `begin`."""
        return self._usage

    def next(self, task: str, history: History, observation: env.Observation | None) -> Intent:
        """The intent that the model wants; `PlannerError` if it cannot be asked or talks nonsense.

        Pictures are those of the observations of this run that it was given, masked as they were.
        """
        known = self._names(history)
        tried = history[-_STUBBORN:]
        intent, outcome = tried[-1] if tried else (None, None)
        if len(tried) == _STUBBORN and all(each == intent and not did.ok for each, did in tried):
            why = outcome.reason if outcome else ""
            return Finish("gave up", f"it failed {_STUBBORN} times in a row: {why}")
        if observation is not None:
            self._screens[len(history)] = observation.image
        pictures = self._pictures(task, history)
        scene = Scene(task, history, observation, self._briefing, pictures)
        messages = messages_for(scene, known, self._steps, self._read)
        return self._ask(messages, known, history)

    def extract(self, wanted: str, image: Image.Image) -> Any:
        """What the model reads off a screen, as JSON values; `PlannerError` if it cannot see."""
        if not self._chat.pictures:
            raise PlannerError(
                "this planner's model sees no pictures: give extract the names of fields, as in "
                "extract({'Total': 'number'}), or plan with a vision-language model"
            )
        parts = (f"Wanted:\n{wanted}", "The screen now:", Picture(image, wanted))
        reply = self._reply([Message("system", (READING,)), Message("user", parts)], (ANSWER,))
        for call in (*reply.calls, *calls_in(reply.text)):
            with contextlib.suppress(ValueError, KeyError, TypeError):
                if call.name == ANSWER.name:
                    return json.loads(call.arguments)["data"]
        said = " ".join(_said(reply).split())[:200]
        raise PlannerError(f"the planner's model gave no data (it said: {said!r})")

    def _ask(self, messages: list[Message], known: Sequence[str], history: History) -> Intent:
        reply = self._reply(messages)
        try:
            intent = intent_in(reply, known)
            if isinstance(intent, Finish) and intent.reason == "done" and not _proved(history):
                raise IntentError(
                    "before finishing call check_that with what the screen shows because the task "
                    "is done; only if nothing can show it, call finish again"
                )
            return intent
        except IntentError as error:
            again = [refusal(_said(reply), str(error), self._briefing)]
        if not reply.calls:
            again.append(in_words(intent_tools()))
        system, user = messages
        reply = self._reply([system, dataclasses.replace(user, parts=(*user.parts, *again))])
        try:
            return intent_in(reply, known)
        except IntentError as error:
            said = " ".join(_said(reply).split())[:200]
            raise PlannerError(
                f"the planner's model was told what was wrong and still gave no action that can be "
                f"used: {error} (it said: {said!r})"
            ) from error

    def _reply(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> Reply:
        used = self._usage
        self._usage = dataclasses.replace(used, planner_calls=used.planner_calls + 1)
        reply = self._chat.reply(messages, tools or intent_tools())
        self._usage = dataclasses.replace(
            self._usage,
            prompt_tokens=used.prompt_tokens + reply.prompt_tokens,
            completion_tokens=used.completion_tokens + reply.completion_tokens,
        )
        return reply

    def _names(self, history: History) -> tuple[str, ...]:
        """The names that stand for values by now."""
        given = (*self._briefing.params, *self._briefing.secrets)
        found = [
            intent.name for intent, outcome in history if isinstance(intent, Read) and outcome.ok
        ]
        return tuple(dict.fromkeys((*given, *found)))

    def _pictures(self, task: str, history: History) -> tuple[tuple[int, Picture], ...]:
        """The newest screens, oldest first: a past one about its step, the last about the task."""
        most = self._chat.pictures
        self._screens = dict(list(self._screens.items())[-max(most, 1) :]) if most else {}
        made = []
        for number, image in self._screens.items():
            newest = number == len(history)
            about = task if newest else intent_text(history[number][0])
            made.append((number, Picture(image, self._briefing.clean(about), newest)))
        return tuple(made)


def _proved(history: History) -> bool:
    """Whether the last step showed what the screen shows."""
    return bool(history) and history[-1][0].kind in PROOFS and history[-1][1].ok


def _said(reply: Reply) -> str:
    if reply.calls:
        return "; ".join(f"{call.name} {call.arguments}" for call in reply.calls)
    return reply.text
