"""The agent on small real pages: fields, trees, lists and dialogs as people build them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from web import serve

from env import BrowserEnvironment, Policy, Secret
from focusagent.agent import Agent, Settings
from focusagent.history import Run

pytestmark = pytest.mark.browser

STYLE = (
    "<style>body{margin:24px;font:16px sans-serif}input,button,select{font:inherit;padding:6px}"
    "label{margin-right:8px}.row{margin:14px 0}</style>"
)
Task = Callable[..., tuple[Run, BrowserEnvironment]]


@pytest.fixture
def task() -> Iterator[Task]:
    """Does an instruction on a page."""
    with ExitStack() as stack:

        def done(page: str, words: str, **options: Any) -> tuple[Run, BrowserEnvironment]:
            url = stack.enter_context(serve({"/": STYLE + page}))
            opened = BrowserEnvironment(url, viewport=(760, 480), **options)
            browser = stack.enter_context(opened)
            quick = Settings(step_timeout=2, patience=1.5)
            return Agent(browser, settings=quick).run(words), browser

        yield done


def keys_of(browser: BrowserEnvironment) -> list[str]:
    """The keys that the page has seen."""
    pressed: list[str] = browser.evaluate("pressed")
    return pressed


LISTEN = (
    "<script>pressed = []; addEventListener('keydown', event =>"
    " pressed.push((event.ctrlKey ? 'Control+' : '') + event.key), true)</script>"
)


# --- fields


def test_a_label_that_focuses_nothing_gets_no_select_all(task: Task) -> None:
    page = "<p>Brightness</p><input type=range style='margin-left:300px'>" + LISTEN
    run, browser = task(page, "set Brightness slider to 40")
    assert run.status != "verified"
    assert "Control+a" not in keys_of(browser)


def test_a_field_that_shows_no_focus_is_typed_into_without_select_all(task: Task) -> None:
    page = "<input id=note placeholder='Add a note' style='border:0;outline:0;width:400px'>"
    run, browser = task(page + LISTEN, 'type "buy milk" into Add a note')
    assert browser.evaluate("note.value") == "buy milk"
    assert "Control+a" not in keys_of(browser)
    assert "the field shows what was typed" in {proof.what for proof in run.steps[0].evidence}


def test_a_label_that_focuses_its_field_is_enough(task: Task) -> None:
    page = (
        "<div class=row><label for=amount>Amount</label></div>"
        "<div class=row><input id=amount value=12></div>"
    )
    run, browser = task(page, 'type "40" into Amount')
    assert browser.evaluate("amount.value") == "40"
    assert run.is_successful(), run.summary()


# --- lists

LIST = """
<div class=row>Delivery slot</div>
<button id=slot style="width:260px;text-align:left" onclick="list.hidden = !list.hidden">
  Pick a slot</button>
<div id=list hidden style="width:260px;border:1px solid #888">
  <div style="padding:6px">Friday 17–19</div><div style="padding:6px">Saturday 10–12</div>
  <div style="padding:6px">Don’t care</div>
</div>
<script>for (const each of list.children)
  each.onclick = () => { slot.textContent = each.textContent; list.hidden = true }</script>
"""


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Saturday 10-12", "Saturday 10–12"),
        ("Saturday 10–12", "Saturday 10–12"),
        ("Don't care", "Don’t care"),
    ],
)
def test_an_option_is_found_however_its_dash_is_written(task: Task, said: str, shown: str) -> None:
    run, browser = task(LIST, f'choose "{said}" in Delivery slot')
    assert browser.evaluate("slot.textContent").strip() == shown
    assert run.is_successful(), run.summary()
