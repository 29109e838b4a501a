"""How models are asked: the chat format of the Qwen families, and the pointer's fixed answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import BadImage, BadInstruction

LONGEST_INSTRUCTION = 4000
POINTER_SYSTEM = (
    "You control a graphical interface by looking at its screenshot. Find the element that the "
    "instruction means and click it with PyAutoGUI. Write the place as special tokens that refer "
    "to a visual patch of the screenshot."
)
TEXT_SYSTEM = "You control a graphical interface by looking at its screenshot."
# How models that write coordinates are asked for them, by the convention they write in.
FORMS = {
    "unit": "as (x, y), each from 0 to 1",
    "thousand": "as (x, y), each from 0 to 1000",
    "resized": "as (x, y) in pixels",
    "pixels": "as (x, y) in pixels",
}
# What the pointer checkpoints were trained to answer, up to the token whose state is the query.
ANSWERS = {
    "qwen2_vl": "<|recipient|>os\npyautogui.click(<|pointer_start|><|pointer_pad|>",
    "qwen2_5_vl": "<|recipient|>os\npyautogui.click(<|pointer_start|><|pointer_pad|>",
    "qwen3_vl": "<|recipient|>os\n(<|pointer_start|><|pointer_pad|>",
}


@dataclass(frozen=True)
class PointerPrompt:
    """The prompt of a pointer checkpoint; ``system`` may be the one it was trained with."""

    family: str
    system: str = POINTER_SYSTEM

    def ids(self, tokenizer: Any, tokens: int, instruction: str) -> list[int]:
        """Return the whole sequence, with room for a picture of so many tokens."""
        return chat_ids(tokenizer, self.system, tokens, instruction, ANSWERS[self.family])


def chat_ids(
    tokenizer: Any, system: str, tokens: int, instruction: str, answer: str = ""
) -> list[int]:
    """Return a chat of one turn about one picture, up to where the model goes on.

    Special tokens that stand in the instruction are plain text there.
    """
    before = (
        f"<|im_start|>system\n{system}<|im_end|>\n<|im_start|>user\n<|vision_start|>"
        + "<|image_pad|>" * tokens
        + "<|vision_end|>"
    )
    after = f"<|im_end|>\n<|im_start|>assistant{answer}" + ("" if answer else "\n")
    words = tokenizer(instruction, split_special_tokens=True).input_ids
    return [*tokenizer(before).input_ids, *words, *tokenizer(after).input_ids]


def question(instruction: str, convention: str) -> str:
    """Ask a model that writes coordinates where to click."""
    return (
        f"Where on the screenshot do I click for this: {instruction}\n"
        f"Answer with that one place only, {FORMS[convention]}."
    )


def text_ids(tokenizer: Any, tokens: int, instruction: str, convention: str) -> list[int]:
    """Return the prompt of a model that writes coordinates, with room for a picture's tokens."""
    return chat_ids(tokenizer, TEXT_SYSTEM, tokens, question(instruction, convention))


def check_item(image: Any, instruction: str) -> None:
    """Refuse a question without a picture, or one that says nothing, or too much."""
    if not instruction.strip():
        raise BadInstruction(
            "the instruction is empty: say what to find, for example 'Save button'"
        )
    if len(instruction) > LONGEST_INSTRUCTION:
        raise BadInstruction(
            f"the instruction has {len(instruction)} characters, more than {LONGEST_INSTRUCTION}"
        )
    if image is None:
        raise BadImage("every item of a batch needs a picture, but one has none")
