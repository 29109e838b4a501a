"""The phrases that begin steps: verbs, words of control, and words that change nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from .lexer import Token

T = TypeVar("T")


class Phrases(Generic[T]):
    """Phrases of one or more words, parted by `|`, and what they mean; the longest one wins."""

    def __init__(self, meanings: Iterable[tuple[str, T]]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], T]]] = {}
        for phrases, meaning in meanings:
            for phrase in phrases.split("|"):
                words = tuple(phrase.split())
                self._by_first.setdefault(words[0], []).append((words, meaning))
        for entries in self._by_first.values():
            entries.sort(key=lambda entry: -len(entry[0]))

    def match(self, tokens: Sequence[Token], at: int) -> tuple[T, int] | None:
        """The meaning of the phrase at this place, and the place after it."""
        if at >= len(tokens) or tokens[at].kind != "word":
            return None
        for words, meaning in self._by_first.get(tokens[at].low, ()):
            end = at + len(words)
            if end <= len(tokens) and all(
                token.kind == "word" and token.low == word
                for token, word in zip(tokens[at:end], words, strict=True)
            ):
                return meaning, end
        return None

    @property
    def first_words(self) -> Iterable[str]:
        """The words that phrases begin with."""
        return self._by_first


VERBS = Phrases(
    [
        (
            "click|click on|click in|click into|tap|tap on|press on|push|focus|focus on|"
            "left click|left-click|left click on|left-click on|single click|single-click|"
            "toggle",
            "click",
        ),
        ("expand|unfold|open the folder|open folder|open the tree node", "expand"),
        ("collapse|close the folder|close folder", "collapse"),
        (
            "double click|double-click|doubleclick|double click on|double-click on|"
            "double tap|double-tap",
            "double_click",
        ),
        (
            "right click|right-click|rightclick|right click on|right-click on|"
            "open the context menu of|open the context menu on|open the context menu for",
            "right_click",
        ),
        (
            "hover|hover over|hover on|mouse over|point at|point to|move the mouse over|"
            "move the mouse to|move the mouse onto|move the pointer to|"
            "move the pointer over|move the cursor to|move the cursor over",
            "hover",
        ),
        (
            "type|type in|enter|write|input|key in|put|insert|paste",
            "type",
        ),
        (
            "append",
            "append",
        ),
        (
            "fill|fill in|fill out|populate|replace",
            "fill",
        ),
        (
            "clear|clear out|empty|erase",
            "clear",
        ),
        (
            "set|change|update|increase|raise|lower|decrease|reduce|adjust|slide",
            "set",
        ),
        (
            "press|hit|strike|confirm with|confirm by pressing|confirm by clicking",
            "press",
        ),
        ("tab out|tab away", "tab"),
        (
            "select|choose|pick",
            "select",
        ),
        (
            "check|tick|tick off|check off|turn on|switch on|enable",
            "check",
        ),
        (
            "uncheck|untick|turn off|switch off|disable|unselect|deselect|unmark",
            "uncheck",
        ),
        (
            "turn|switch",
            "turn",
        ),
        (
            "drag|drag and drop|drag-and-drop|move",
            "drag",
        ),
        (
            "scroll|swipe",
            "scroll",
        ),
        (
            "find|locate|look for|scroll to|scroll down to|scroll up to|scroll until you find",
            "find",
        ),
        (
            "search for|search",
            "search",
        ),
        (
            "upload|attach",
            "upload",
        ),
        (
            "wait|pause|sleep|wait for|wait until|wait till",
            "wait",
        ),
        (
            "go to|navigate to|browse to|visit|head to|open|load|go to the url|"
            "go to the address|open the url|open the address",
            "go_to",
        ),
        (
            "go back|navigate back|go back one page|go back to the previous page|"
            "return to the previous page|go to the previous page",
            "back",
        ),
        (
            "go forward|navigate forward|go forward one page",
            "forward",
        ),
        (
            "reload|refresh|reload the page|refresh the page|reload this page|"
            "refresh this page|reload page|refresh page",
            "reload",
        ),
        (
            "open a new tab|open a new browser tab|open new tab",
            "new_tab",
        ),
        (
            "switch to|change to|go to the browser tab|go back to the first tab",
            "switch_tab",
        ),
        (
            "close|dismiss",
            "close",
        ),
        (
            "accept|agree to|allow",
            "accept",
        ),
        (
            "decline|reject|refuse|deny",
            "decline",
        ),
        (
            "confirm",
            "confirm",
        ),
        (
            "read|extract|capture|get|grab|note|note down|store|save|remember|copy|record",
            "read",
        ),
        (
            "check that|check if|check whether|verify|verify that|assert|assert that|"
            "make sure|make sure that|ensure|ensure that|confirm that|expect|expect that|"
            "validate that|verify whether|check for",
            "check_that",
        ),
        (
            "stop|stop here|finish|end the task|stop the task|finish the task",
            "stop",
        ),
        (
            "fail|give up|abort",
            "fail",
        ),
        (
            "do nothing",
            "nothing",
        ),
    ]
)
# Verbs that are whole steps without an object; "Save and close" is still one name.
BARE = {"tab", "back", "forward", "reload", "new_tab", "stop", "fail", "nothing"}
CONTROL = Phrases(
    [
        (
            "if|in case|only if|if and only if",
            "if",
        ),
        (
            "unless",
            "unless",
        ),
        (
            "when|once|as soon as|after",
            "when",
        ),
        (
            "whenever|always|every time|each time",
            "always",
        ),
        (
            "until|till",
            "until",
        ),
        (
            "while|as long as",
            "while",
        ),
        (
            "for each|for every|for all",
            "each",
        ),
        (
            "repeat|repeat the following|repeat the following steps|repeat these steps|"
            "do the following|do this",
            "repeat",
        ),
        (
            "keep|keep on|continue",
            "keep",
        ),
        (
            "otherwise|else|if not|or else",
            "otherwise",
        ),
        (
            "don't|do not|never|avoid",
            "not",
        ),
    ]
)
# Words before a step that change nothing.
FILLERS = Phrases(
    [
        (
            "please|now|next|first|firstly|second|secondly|third|thirdly|finally|lastly|also|just|"
            "kindly|afterwards|afterward|subsequently|i|we|you|let's|simply|quickly|"
            "after that|after this|in the end|at the end|go ahead and|make sure to|be sure to|"
            "remember to|don't forget to|do not forget to|you should|you need to|you must|"
            "i want you to|i need you to|can you|could you|would you|will you|i want to|we need to|"
            "i need to|you can|the user|try to|first of all|once again|again|begin by|start by",
            True,
        )
    ]
)
