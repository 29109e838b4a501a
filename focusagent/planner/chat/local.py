"""A chat model that is loaded here with transformers: one that reads, or one that also sees."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..._siblings import grounding
from ...errors import UserError
from .messages import Message, Picture, PlannerError, Reply, Tool
from .tools import in_words


class LocalChat:
    """Loads a chat model from a folder or hub id; Qwen-VL checkpoints are shown screenshots.

    Instead of a folder: a grounder that holds such a checkpoint (loaded once for both), or a
    transformers model with its tokenizer. Of the newest screenshot the share `keep` of its tokens
    stays, chosen by the task; of each past one the share `past`, chosen by the words of its step;
    `pictures` is how many there are in all.
    """

    def __init__(
        self,
        model: str | Path | tuple[Any, Any] | Any,
        *,
        device: str = "cpu",
        dtype: str = "float32",
        keep: float | str = 0.5,
        past: float | str = 0.1,
        pictures: int = 3,
        longest: int = 1024,
    ) -> None:
        if pictures < 0 or longest < 1:
            raise UserError("pictures must be at least 0, and longest at least 1")
        budget = grounding.plan.parse_budget
        self._keep, self._past, self._longest = budget(keep), budget(past), longest
        self._eyes: Any = getattr(model, "eyes", None)
        if self._eyes is not None:
            self._model, self._tokenizer = self._eyes.backbone.model, self._eyes.tokenizer
        elif isinstance(model, tuple):
            self._model, self._tokenizer = model
        else:
            options = grounding.loading.Options(device=device, dtype=dtype)
            self._load(grounding.loading.find_checkpoint(str(model)), options)
        if self._eyes is None and self._tokenizer.chat_template is None:
            raise UserError("this language model has no chat template: choose one made for chats")
        self.pictures = 0 if self._eyes is None else pictures

    def reply(self, messages: Sequence[Message], tools: Sequence[Tool]) -> Reply:
        """The answer of the model."""
        pictures = [
            grounding.conversation.Shown(
                part.image, part.about, self._keep if part.newest else self._past
            )
            for message in messages
            for part in message.parts
            if isinstance(part, Picture)
        ]
        try:
            prompt = self._prompt(messages, tools)
            if self._eyes is None:
                said = grounding.conversation.go_on(
                    self._model, self._tokenizer, prompt, self._longest
                )
            else:
                said = grounding.conversation.go_on_seeing(
                    self._eyes, prompt, pictures, self._longest
                )
        except (grounding.errors.GroundingError, RuntimeError) as error:  # or out of memory
            reason = (str(error).strip() or repr(error)).splitlines()[0]
            raise PlannerError(f"the planner's model: {reason}") from error
        return Reply(said.text, (), said.prompt_tokens, said.completion_tokens)

    def _load(self, folder: Path, options: Any) -> None:
        settings = grounding.checkpoints.read_config(folder)
        if "vision_config" not in settings:
            self._model, self._tokenizer = grounding.folders.load_language(folder, options)
            return
        reader = grounding.evidence.ReaderEvidence(grounding.Reader.load())
        options = dataclasses.replace(options, evidence=reader)
        self._eyes = grounding.folders.load_eyes(folder, grounding.compress.Compression(), options)
        self._model, self._tokenizer = self._eyes.backbone.model, self._eyes.tokenizer

    def _prompt(self, messages: Sequence[Message], tools: Sequence[Tool]) -> str:
        """The whole prompt as text; a template that leaves the tools out gets them in words."""
        turns = [
            {"role": each.role, "content": "\n".join(self._text(part) for part in each.parts)}
            for each in messages
        ]
        plain = self._rendered(turns, None)
        functions = [{"type": "function", "function": dataclasses.asdict(tool)} for tool in tools]
        with_tools = self._rendered(turns, functions)
        if with_tools != plain:
            return with_tools
        turns[0]["content"] += f"\n\n{in_words(tools)}"
        return self._rendered(turns, None)

    def _rendered(self, turns: list[dict[str, str]], functions: list[Any] | None) -> str:
        if self._tokenizer.chat_template is None:  # as in the Qwen families
            told = [f"<|im_start|>{each['role']}\n{each['content']}<|im_end|>\n" for each in turns]
            return "".join([*told, "<|im_start|>assistant\n"])
        try:
            made: str = self._tokenizer.apply_chat_template(
                turns, tools=functions, add_generation_prompt=True, tokenize=False
            )
        except Exception as error:  # whatever its template says or stumbles over
            raise PlannerError(f"the model's chat template refuses the prompt: {error}") from error
        return made

    def _text(self, part: str | Picture) -> str:
        """A part as text in which no special token of the model stands but those of pictures."""
        if isinstance(part, Picture):
            return grounding.conversation.PICTURE
        for token in self._tokenizer.added_tokens_decoder.values():
            if token.special:
                spelt = str(token)
                part = part.replace(spelt, f"{spelt[0]} {spelt[1:]}")
        return part
