from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from web import serve

from env import BrowserEnvironment
from focusagent.agent import Agent
from focusagent.planner import intents
from focusagent.planner.grammar import parse
from grounding.parsing import knob_in
from grounding.parsing import parse as parse_screen

SLIDERS = Path(__file__).parent / "data" / "parsing" / "sliders.png"
PAGE = """<style>
body{font:15px sans-serif;margin:30px} div{display:flex;gap:16px;align-items:center;margin:22px 0}
.plain{appearance:none;width:300px;height:8px;background:#dee2e6;border-radius:4px}
.plain::-webkit-slider-thumb{appearance:none;width:16px;height:16px;border-radius:50%;
background:#0d6efd}</style>
<div><label>Volume</label><input id=a type=range value=30 oninput="x.value=value">
<output id=x>30</output></div>
<div><label>Brightness</label><input id=b type=range value=0></div>
<div><label>Font size</label><input id=c class=plain type=range min=8 max=24 value=14
oninput="y.value=value+' px'"> <output id=y>14 px</output></div>
<div><label>Contrast</label><input id=d class=plain type=range step=5 value=80
oninput="z.value=value+'%'"> <output id=z>80%</output></div>"""


@pytest.fixture(scope="module")
def browser():
    with serve({"/": PAGE}) as url, BrowserEnvironment(f"{url}/") as environment:
        yield environment


def values(browser: BrowserEnvironment) -> list[str]:
    return browser.evaluate("[...document.querySelectorAll('input')].map(i => i.value)")


def test_sliders_of_many_styles_are_seen() -> None:
    image = Image.open(SLIDERS).convert("RGB")
    boxes = [e.box.to_pixels(image.size) for e in parse_screen(image) if e.role == "slider"]
    assert [[round(side) for side in box] for box in boxes] == [
        [106, 32, 231, 48],
        [32, 88, 330, 104],  # at its left end
        [112, 123, 412, 143],
        [104, 162, 404, 176],  # the knob is a ring
        [115, 197, 415, 213],
    ]
    knobs = [knob_in(np.asarray(image), box) for box in boxes]
    middles = [(knob[0] + knob[2]) / 2 if knob else None for knob in knobs]
    assert middles == pytest.approx([146, 40, 346, 225, 229], abs=1.5)
    assert knob_in(np.asarray(image), (500, 10, 600, 30)) is None


def test_lines_along_the_edges_are_no_sliders() -> None:
    image = Image.new("RGB", (300, 60), "white")
    for y in (0, 3, 30, 57, 59):
        image.paste("grey", (0 if y == 30 else 10, y, 290, y + 1))
        image.paste("blue", (100, max(y - 9, 0), 118, y + 9))
    assert [e for e in parse_screen(image) if e.role == "slider"] == []


@pytest.mark.parametrize(
    "said",
    [
        "set the Volume slider to 70",
        "slide the Volume slider to 70",
        "move the Volume slider to 70",
        "drag the Volume slider to 70",
        "adjust the Volume slider to 70",
        "turn the Volume slider up to 70",
    ],
)
def test_what_is_said_of_sliders(said: str) -> None:
    (step,) = parse(said).steps
    assert step.intent == intents.SetValue(intents.Target("Volume slider", role="slider"), "70")


@pytest.mark.browser
@pytest.mark.parametrize(
    ("said", "number", "value"),
    [
        ("set Volume to 71", 0, "71"),
        ("set Font size to 20", 2, "20"),  # its scale is not 0 to 100
        ("set the Brightness slider to the maximum", 1, "100"),
    ],
)
def test_the_number_beside_a_slider_proves_it(browser, said: str, number: int, value: str) -> None:
    assert Agent(browser).run(said).is_successful()
    assert values(browser)[number] == value


@pytest.mark.browser
def test_what_no_number_tells_is_not_claimed(browser) -> None:
    run = Agent(browser).run("set Brightness to 50%")
    assert run.is_done()
    assert not run.is_successful()


@pytest.mark.browser
@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("set Contrast to 33", "it is at 35"),  # it moves by five
        ("set Contrast to blue", "a number or a percentage"),
    ],
)
def test_what_a_slider_cannot_be_set_to_is_told(browser, said: str, why: str) -> None:
    run = Agent(browser).run(said)
    assert not run.is_done()
    assert why in " ".join(run.errors()), run.errors()
