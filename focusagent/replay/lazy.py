"""A grounder that is loaded when it is first asked; until then screens are only read."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ..agent.eyes import shared_grounder

if TYPE_CHECKING:
    from PIL import Image

    from grounding.types import Grounder, Grounding  # noqa: TID251 - a type only


class LazyGrounder:
    """Stands for the grounder of that name; `asked` counts the questions it was asked."""

    def __init__(self, spec: str) -> None:
        self.spec, self.asked = spec, 0
        self._screen: tuple[Image.Image, Any] | None = None

    def ground(self, image: Image.Image, instruction: str) -> Grounding:
        """Where the words point; this loads the grounder."""
        self.asked += 1
        grounder: Grounder = shared_grounder(self.spec)
        if not hasattr(grounder, "screen"):
            return grounder.ground(image, instruction)
        if self._screen is None or self._screen[0] is not image:
            self._screen = image, grounder.screen(image)
        found: Grounding = self._screen[1].ground(instruction)
        return found

    def ground_many(self, items: Sequence[tuple[Any, str]]) -> list[Grounding]:
        """Answer (picture, instruction) pairs, in order."""
        return [self.ground(image, instruction) for image, instruction in items]

    def close(self) -> None:
        """Let go of the last screen; the grounder itself is shared and stays."""
        self._screen = None

    def __enter__(self) -> Self:
        """Return the grounder."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the grounder."""
        self.close()
