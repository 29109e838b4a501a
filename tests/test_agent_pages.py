"""The agent on small real pages: fields, trees, lists and dialogs as people build them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from web import serve

from env import BrowserEnvironment, Policy
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
        pytest.param("Saturday 10–12", "Saturday 10–12", marks=pytest.mark.slow),
        pytest.param("Don't care", "Don’t care", marks=pytest.mark.slow),
    ],
)
def test_an_option_is_found_however_its_dash_is_written(task: Task, said: str, shown: str) -> None:
    run, browser = task(LIST, f'choose "{said}" in Delivery slot')
    assert browser.evaluate("slot.textContent").strip() == shown
    assert run.is_successful(), run.summary()


# --- trees and sections

TREE = """
<style>.tree div{padding:2px 4px}.sign{display:inline-block;width:16px;height:16px;
 line-height:14px;text-align:center;margin-right:6px;cursor:pointer}
 .boxed .sign{border:1px solid #789;background:#fff}
 .folder{display:inline-block;width:15px;height:12px;background:#f3cf6b;margin-right:5px}
 .on b{background:#316ac5;color:#fff}b{font-weight:normal}</style>
<div style="display:flex;gap:40px"><div class="tree KIND" style="width:240px"></div>
<div class=details>Nothing is chosen.</div></div>
<script>
const names = {Finance: ['Budget', 'Forecast'], Legal: ['Leases'], Personnel: ['Holidays']};
const open = new Set(OPEN); let chosen = '';
const draw = () => {
  const tree = document.querySelector('.tree'); tree.innerHTML = '';
  for (const [name, files] of Object.entries(names)) {
    const row = document.createElement('div');
    row.className = name === chosen ? 'on' : '';
    const sign = 'SIGNS'.split(' ')[+open.has(name)];
    row.innerHTML = `<i class=sign style="font-style:normal">${sign}</i>` +
      `<span class=folder></span><b>${name}</b>`;
    const turn = () => { open.has(name) ? open.delete(name) : open.add(name); draw() };
    row.querySelector('.sign').onclick = turn;
    row.querySelector('b').onclick = () => { chosen = name;
      for (const each of tree.children) each.classList.toggle('on', each === row);
      document.querySelector('.details').innerHTML = `<h3>${name}</h3>${files.length} files` };
    row.ondblclick = event => { if (event.target.tagName === 'B') TWICE };
    tree.append(row);
    if (open.has(name)) for (const file of files) {
      const leaf = document.createElement('div');
      leaf.style.paddingLeft = '56px'; leaf.textContent = file; tree.append(leaf) }
  }
};
draw()
</script>
"""


def tree(kind: str, signs: str, opened: str = "[]", twice: str = "0") -> str:
    made = TREE.replace("KIND", kind).replace("SIGNS", signs).replace("OPEN", opened)
    return made.replace("TWICE", twice)


@pytest.mark.parametrize(
    "page",
    [
        tree("boxed", "+ \u2212"),
        pytest.param(tree("", "\u25b8 \u25be"), marks=pytest.mark.slow),
        pytest.param(tree("", "\u00a0 \u00a0", twice="turn()"), marks=pytest.mark.slow),
    ],
)
def test_a_node_whose_label_only_selects_it_is_expanded(task: Task, page: str) -> None:
    run, browser = task(page, "expand Legal")
    assert browser.evaluate("[...open].join()") == "Legal"
    assert run.is_successful(), run.summary()


def test_what_is_open_stays_open_and_can_be_collapsed(task: Task) -> None:
    run, browser = task(tree("boxed", "+ \u2212", "['Finance', 'Legal']"), "expand Finance")
    assert browser.evaluate("[...open].sort().join()") == "Finance,Legal"
    assert run.is_successful(), run.summary()
    run, browser = task(tree("boxed", "+ \u2212", "['Finance', 'Legal']"), "collapse Finance")
    assert browser.evaluate("[...open].join()") == "Legal"
    assert run.is_successful(), run.summary()


@pytest.mark.slow
def test_a_label_that_nothing_expands_is_not_verified(task: Task) -> None:
    run, browser = task(tree("", "\u00a0 \u00a0"), "expand Legal")
    assert (run.status, browser.evaluate("chosen")) == ("unverified", "Legal")


@pytest.mark.slow
def test_a_section_is_expanded_by_its_header(task: Task) -> None:
    page = (
        "<details><summary>Period</summary><p>From January</p></details>"
        "<details><summary>Advanced options</summary><p>Include drafts</p></details>"
    )
    run, browser = task(page, "expand Advanced options")
    assert browser.evaluate(
        "[...document.querySelectorAll('details')].map(e => e.open).join()"
    ) == ("false,true")
    assert run.is_successful(), run.summary()


# --- files


@pytest.mark.parametrize(
    "page",
    [
        "<div class=row>Receipt: <input type=file id=file></div>",
        "<div class=row>Receipt</div><div class=row><input type=file id=file></div>",
    ],
)
@pytest.mark.parametrize(
    "words",
    [
        "Receipt",
        pytest.param('"Receipt"', marks=pytest.mark.slow),
        pytest.param("the Receipt field", marks=pytest.mark.slow),
    ],
)
def test_files_go_to_what_chooses_them_not_to_a_column(
    task: Task, tmp_path: Path, page: str, words: str
) -> None:
    bill = tmp_path / "hotel.txt"
    bill.write_text("120.00")
    table = (
        "<table cellpadding=8><tr><th>Date<th>Amount<th>Receipt<tr><td>3 May<td>12.00<td>none"
        "</table><div class=row>Purpose: <input></div>"
    )
    policy = Policy(upload_roots=(str(tmp_path),))
    run, browser = task(table + page, f'upload "{bill}" to {words}', policy=policy)
    assert browser.evaluate("file.files[0]?.name") == "hotel.txt"
    assert run.is_successful(), run.summary()


def test_the_chooser_itself_may_be_named(task: Task, tmp_path: Path) -> None:
    bill = tmp_path / "hotel.txt"
    bill.write_text("120.00")
    page = (
        "<div class=row>Receipt</div><div class=row><input type=file id=file hidden "
        'onchange="said.textContent = this.files[0].name">'
        "<button onclick=file.click()>Choose file</button> <span id=said>No file chosen</span></div>"
    )
    for words in ('"Choose file"', "Receipt"):
        policy = Policy(upload_roots=(str(tmp_path),))
        run, browser = task(page, f'upload "{bill}" to {words}', policy=policy)
        assert browser.evaluate("file.files[0]?.name") == "hotel.txt"
        assert run.is_successful(), run.summary()


# --- several boxes

GEAR = (
    "<div class=row><label><input type=checkbox id=a> Laptop</label></div>"
    "<div class=row><label><input type=checkbox id=b> Phone</label></div>"
    "<div class=row><label><input type=checkbox id=c> Headset</label></div>"
    "<div class=row><label><input type=checkbox id=d> Terms and Phone</label></div>"
)


@pytest.mark.parametrize(
    ("words", "ticked"),
    [
        ("tick Laptop and Headset", "true,false,true,false"),
        ("tick Terms and Phone", "false,false,false,true"),
        pytest.param("tick Laptop and the Phone", "true,true,false,false", marks=pytest.mark.slow),
        pytest.param('tick "Terms and Phone"', "false,false,false,true", marks=pytest.mark.slow),
    ],
)
def test_an_unquoted_and_is_one_name_or_two_as_the_screen_says(
    task: Task, words: str, ticked: str
) -> None:
    run, browser = task(GEAR, words)
    assert browser.evaluate("[a, b, c, d].map(each => each.checked).join()") == ticked
    assert run.is_successful(), run.summary()


@pytest.mark.slow
def test_two_boxes_of_which_one_is_not_there_are_none(task: Task) -> None:
    run, browser = task(GEAR, "tick Laptop and Monitor")
    assert run.status != "verified"
    assert not browser.evaluate("b.checked || c.checked || d.checked")
