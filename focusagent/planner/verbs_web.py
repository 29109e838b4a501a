"""What verbs about addresses and browser tabs take."""

from __future__ import annotations

from . import intents
from .clause import Clause
from .intents import Intent
from .pieces import is_word, text_of, without_articles, written
from .templates import sole_name
from .words import ORDINALS, number_of, words_of

_FILE_ENDINGS = words_of(
    "pdf csv txt doc docx xls xlsx png jpg jpeg gif zip json xml md py log svg tar gz"
)


_WEB_ENDINGS = {"html", "htm", "php", "aspx", "jsp"}


def go_to(clause: Clause) -> list[Intent]:
    """`go to https://...`, `open orders.html`; without an address it is a thing to click."""
    rest = without_articles(clause.rest)
    if not rest:
        raise clause.error("say an address, or what to open")
    kind = is_word(rest[0], "url", "address", "website", "site", "page", "webpage")
    if len(rest) == 2 and kind and is_address(rest[1].text):
        rest = rest[1:]
    if "://" in rest[0].text and (len(rest) > 1 or not is_address(rest[0].text)):
        raise clause.error("an address has no spaces and nothing after it", rest)
    if len(rest) == 1 and is_address(rest[0].text, strict=clause.spoken == "open"):
        return [intents.GoTo(rest[0].text)]
    if clause.spoken == "visit" or clause.spoken.endswith(("url", "address")):
        raise clause.error(f"{written(rest)!r} is no address: https://..., www..., or /path", rest)
    if is_word(rest[-1], "tab") and is_word(rest[0], "next", "previous", "last", "new", *ORDINALS):
        return switch_tab(clause)
    if clause.spoken == "go to" and is_word(rest[0], "sleep", "back"):
        raise clause.error("say 'go back' or what to click", rest)
    return [intents.Click(clause.target(rest))]


def is_address(text: str, *, strict: bool = False) -> bool:
    """Whether the text is an address; `strict` does not take `report.pdf` for a host."""
    if not text or any(char.isspace() for char in text):
        return False
    if sole_name(text) is not None or "://" in text or text.startswith(("/", "about:", "www.")):
        return True
    if text.startswith("{") and "}/" in text:
        return True
    host, _, path = text.partition("/")
    name, _, port = host.partition(":")
    if name == "localhost" or (port.isdigit() and name):
        return True
    labels = name.split("?")[0].split(".")
    if len(labels) < 2 or not all(labels) or not labels[-1].isalnum() or labels[-1].isdigit():
        return len(labels) == 4 and all(label.isdigit() for label in labels)
    ending = labels[-1].lower()
    if ending in _WEB_ENDINGS:
        return True
    return (ending not in _FILE_ENDINGS or not strict and bool(path)) and len(ending) > 1


def new_tab(clause: Clause) -> list[Intent]:
    """`open a new tab`, `open a new tab at https://...`."""
    rest = clause.rest
    if rest and is_word(rest[0], "at", "with", "on", "for"):
        rest = rest[1:]
    if not rest:
        return [intents.NewTab()]
    if len(rest) == 1 and is_address(rest[0].text):
        return [intents.NewTab(rest[0].text)]
    raise clause.error("say an address: 'open a new tab at https://...'", rest)


def switch_tab(clause: Clause) -> list[Intent]:
    """`switch to the next tab`, `switch to browser tab 2`, `switch to the Billing tab`."""
    rest = without_articles(clause.rest)
    words = [token.low for token in rest if not is_word(token, "browser")]
    browser = len(words) < len(rest)
    if len(words) == 2 and words[1] in ("tab", "window", "page"):
        if words[0] in ("next", "previous", "other"):
            return [intents.SwitchTab(step=-1 if words[0] == "previous" else 1)]
        if words[0] in ("last", "new", "newest"):
            return [intents.SwitchTab(place=-1)]
        if words[0] in ORDINALS:
            return [intents.SwitchTab(place=ORDINALS[words[0]])]
    plain = [token for token in rest if not is_word(token, "browser")]
    if plain and is_word(plain[0], "tab", "window") and len(plain) > 1:
        named = plain[2:] if is_word(plain[1], "titled", "named", "called", "with") else plain[1:]
        number = number_of(named[0].low) if named and named[0].kind == "word" else None
        if number is not None and number == int(number) and len(named) == 1 and number >= 1:
            return [intents.SwitchTab(place=int(number))]
        if named:
            return [intents.SwitchTab(title=text_of(named, clause.scope))]
    if browser and plain and is_word(plain[-1], "tab") and len(plain) > 1:
        return [intents.SwitchTab(title=text_of(plain[:-1], clause.scope))]
    if words[-1:] == ["tab"]:
        return [intents.Click(clause.target(rest, "tab"))]
    raise clause.error("say which tab: 'switch to the next tab', or what to click", clause.rest)
