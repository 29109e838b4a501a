"""What a person does in a browser becomes a flow: nothing is lost, no secret is kept."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from web import serve
from xvfb import xvfb

from env import Policy, PolicyError, Secret
from focusagent.errors import UserError
from focusagent.planner.intents import (
    Check,
    Click,
    DoubleClick,
    Drag,
    Press,
    Select,
    SwitchTab,
    Target,
    Type,
    Upload,
)
from focusagent.replay import load, save
from focusagent.replay.person import record_person

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

HIDDEN, PLAIN = "hunter22-Zx", "Quagmire-9431"
FORM = """<title>Order</title><style>body{font:16px sans-serif;margin:30px}td{padding:6px 20px}
#card{width:90px;height:40px;background:#9cf}#lane{width:200px;height:80px;background:#eee}</style>
<label>Customer <input id=customer></label><br><label>Password <input type=password></label><br>
<label>API key <input id=key></label>
<label>Currency <select id=cur><option>EUR<option>USD</select></label>
<label><input type=checkbox> Urgent</label>
<table><tr><td>Bolt<td><button>Delete</button><tr><td>Nut<td><button>Delete</button></table>
<input type=file aria-label=Receipt><span ondblclick="0" id=cell>Edit me</span>
<div id=card role=button>Card A</div><div id=lane role=region aria-label=Done></div>
<iframe srcdoc="<body style='margin:8px'><button>Inside</button>" style="border:3px solid"></iframe>
<a href="/next">Next page</a> <a href="/popup" target=_blank>Help</a>"""
PAGES = {
    "/": FORM,
    "/next": "<title>Next</title><button id=done>Finish</button>",
    "/popup": "<title>Help</title><button id=ok>Understood</button>",
}


async def order(page: Any) -> None:
    await page.click("#customer")
    await page.keyboard.type("Ann Lee")
    await page.keyboard.press("Backspace")
    await page.keyboard.press("Enter")
    await page.click("[type=password]")
    await page.keyboard.type(HIDDEN)
    await page.click("#key")
    await page.keyboard.type(PLAIN)
    await page.focus("#cur")
    await page.keyboard.type("U")
    await page.click("text=Urgent")
    await page.click("tr:nth-child(2) button")
    with tempfile.TemporaryDirectory() as folder:
        receipt = Path(folder) / "receipt.pdf"
        receipt.write_bytes(b"x")
        await page.set_input_files("[type=file]", receipt)
    await page.dblclick("#cell")
    await page.drag_and_drop("#card", "#lane")
    await page.frame_locator("iframe").locator("button").click()
    await page.keyboard.press("Control+S")
    async with page.context.expect_page() as opened:
        await page.click("text=Help")
    popup = await opened.value
    await popup.click("#ok")
    await page.bring_to_front()
    await page.click("text=Next page")  # the page goes away with its messages on the way
    await page.click("#done")


@pytest.fixture(scope="module")
def made() -> Any:
    secrets = {"API": Secret(PLAIN, domains=["127.0.0.1"])}
    with serve(PAGES) as url:
        yield record_person(f"{url}/", name="order", secrets=secrets, headless=True, until=order)


def quoted(words: str) -> Target:
    return Target(words, quoted=True)


def test_every_deed_is_a_step(made: Any) -> None:
    found = [step.intent for step in made.steps]
    upload = next(each for each in found if isinstance(each, Upload))
    assert upload.paths == ("{RECEIPT_PDF_FILE}",)
    found.remove(upload)
    assert found == [
        Type("{CUSTOMER}", quoted('"Customer"')),
        Press("Enter"),
        Type("{PASSWORD}", quoted('"Password"')),
        Type("{API}", quoted('"API key"')),
        Select("USD", quoted('"Currency"')),
        Check(quoted('"Urgent"')),
        Click(quoted('"Delete" in the row of "Nut"')),
        DoubleClick(quoted('"Edit me"')),
        Drag(quoted('"Card A"'), quoted('"Done"')),
        Click(quoted('"Inside"')),
        Press("Control+S"),
        Click(quoted('"Help"')),
        Click(quoted('"Understood"')),
        SwitchTab(place=1),
        Click(quoted('"Next page"')),
        Click(quoted('"Finish"')),
    ]
    assert dict(made.params) == {"CUSTOMER": "Ann Le", "RECEIPT_PDF_FILE": None}
    assert made.secrets == ("PASSWORD", "API")


def test_everything_that_was_pointed_at_has_its_picture(made: Any) -> None:
    for step in made.steps:
        pointed = step.intent.kind not in ("press", "switch_tab")
        assert len(step.looks) == (2 if step.intent.kind == "drag" else pointed), step.text
        for look in step.looks:
            x1, y1, x2, y2 = look.box
            assert x1 <= look.point[0] <= x2, step.text
            assert y1 <= look.point[1] <= y2, step.text
            assert look.picture is not None
    inside = next(step for step in made.steps if "Inside" in step.text).looks[0]
    assert inside.box[1] > 200, "in pixels of the window, not of the frame"
    assert made.steps[0].looks[0].selector == "#customer"


def test_no_secret_is_kept(made: Any, tmp_path: Path) -> None:
    path = save(made, tmp_path / "order.yaml")
    kept = b"".join(each.read_bytes() for each in tmp_path.rglob("*") if each.is_file())
    for value in (HIDDEN, PLAIN):
        assert value.encode() not in kept
    assert b"Ann Le" in kept, "a value that is none is found by the same check"
    for step in made.steps:
        if isinstance(step.intent, Type):  # the inside of the field is cut out
            look = step.looks[0]
            x, y = look.at
            shown = np.asarray(look.picture)
            x1, y1, x2, y2 = look.box
            assert not shown[y1 - y : y2 - y, x1 - x : x2 - x].any(), step.text
            assert shown.any(), "but not all of the picture"
    assert load(path) == made


def test_nothing_done_is_nothing_recorded() -> None:
    async def idle(page: Any) -> None:
        await page.mouse.move(10, 10)

    with serve(PAGES) as url, pytest.raises(UserError, match="nothing was done"):
        record_person(f"{url}/", headless=True, until=idle)


def test_a_person_is_held_to_the_policy_and_starts_logged_in(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    seen: list[str] = []
    with serve(PAGES) as url, serve({"/": "elsewhere"}) as other:
        entry = {"origin": url, "localStorage": [{"name": "user", "value": "Ann"}]}
        state.write_text(json.dumps({"cookies": [], "origins": [entry]}))

        async def act(page: Any) -> None:
            seen.append(await page.evaluate("localStorage.user"))
            seen.append(
                await page.evaluate("u => fetch(u, {mode: 'no-cors'}).catch(String)", other)
            )
            await page.click("text=Urgent")

        made = record_person(
            f"{url}/",
            headless=True,
            policy=Policy.strict(),
            storage_state=str(state),
            until=act,
        )
        assert [step.intent for step in made.steps] == [Check(quoted('"Urgent"'))]
        assert seen == ["Ann", "TypeError: Failed to fetch"]
        with pytest.raises(PolicyError, match="does not allow"):
            record_person(f"{url}/", headless=True, policy=Policy(allowed_domains=("a.test",)))


@pytest.mark.slow
def test_closing_the_window_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser with a window, on a display of its own; nobody ends it but the window."""
    from focusagent.replay import person

    waited = person._closed

    async def closed(context: Any, browser: Any) -> None:
        import asyncio

        async def act() -> None:
            page = context.pages[0]
            await page.click("#customer")
            await page.keyboard.type("Bob")
            await page.click("tr:nth-child(1) button")
            await page.close()

        task = asyncio.ensure_future(act())
        await waited(context, browser)
        await task

    monkeypatch.setattr(person, "_closed", closed)
    with serve(PAGES) as url, xvfb() as (display, _):
        monkeypatch.setenv("DISPLAY", display)
        made = record_person(f"{url}/")
    assert [step.text for step in made.steps] == [
        'type "{CUSTOMER}" into "Customer"',
        'click "Delete" in the row of "Bolt"',
    ]
    assert all(look.picture is not None for step in made.steps for look in step.looks)
