"""What planning refuses: data that is no intent, and words that are no instruction."""

from __future__ import annotations

from ..errors import UserError


class IntentError(UserError):
    """Data that describes no intent, condition or program; says which field and why."""


class InstructionError(UserError):
    """Words of an instruction that cannot be carried out as written.

    `message` is the sentence; `start` and `end` bound the words in `text`. As a string it is the
    sentence, then the line with those words underlined.
    """

    def __init__(self, message: str, text: str, start: int, end: int) -> None:
        self.message = message
        self.text = text
        self.start = max(0, min(start, len(text)))
        self.end = max(self.start, min(end, len(text)))
        super().__init__(f"{message}\n{self.underlined()}")

    @property
    def words(self) -> str:
        """The words that are refused."""
        return self.text[self.start : self.end]

    def underlined(self, width: int = 96) -> str:
        """The line of the instruction that holds the words, with carets under them."""
        line_start = self.text.rfind("\n", 0, self.start) + 1
        line_end = self.text.find("\n", self.start)
        line_end = len(self.text) if line_end < 0 else line_end
        left = max(line_start, min(self.start - width // 3, line_end - width))
        right = min(line_end, left + width)
        shown = self.text[left:right].replace("\t", " ")
        carets = max(1, min(self.end, right) - self.start)
        before, after = "..." * (left > line_start), "..." * (right < line_end)
        pad = " " * (len(before) + self.start - left)
        return f"  {before}{shown}{after}\n  {pad}{'^' * carets}"


REFUSED = {
    "not": "say only what to do; what must never happen belongs into the policy",
    "always": "a step happens at its place in the order: say 'if ...' there",
    "otherwise": "'otherwise' needs an 'if' before it",
}
UNCLEAR = (
    "it is unclear whether {!r} still belongs to the condition or loop: join it with 'and' if it "
    "does, begin a new sentence if not; or write ':' and the steps"
)
