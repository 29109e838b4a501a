"""`focusagent parse`, on a typer app of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from PIL import Image, ImageDraw
from typer.testing import CliRunner

import grounding.parsing
from focusagent import cli_parse
from focusagent.errors import UserError
from grounding.resolve.roles import CLICKABLE
from grounding.types import Box, Element

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    made = typer.Typer()
    cli_parse.register(made)
    return made


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    image = Image.new("RGB", (400, 160), "white")
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((40, 40, 299, 75), 5, "white", (150, 150, 150))
    pen.rounded_rectangle((40, 100, 159, 135), 5, (37, 99, 235))
    pen.text((100, 118), "Save", "white", font_size=15, anchor="mm")
    path = tmp_path / "screen.png"
    image.save(path)
    return path


def test_json_tells_what_parse_finds(app: typer.Typer, picture: Path) -> None:
    done = RUNNER.invoke(app, [str(picture), "--json"])
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert told["size"] == [400, 160]
    with Image.open(picture) as image:
        elements = grounding.parsing.parse(image)
    assert [(e["role"], e["text"], e["confidence"]) for e in told["elements"]] == [
        (e.role, e.text, e.confidence) for e in elements
    ]
    assert {e["role"] for e in told["elements"]} == {"textbox", "button"}
    for one, element in zip(told["elements"], elements, strict=True):
        assert one["box"] == pytest.approx(element.box.to_pixels((400, 160)), abs=0.06)


def test_plain_text_has_a_line_an_element(app: typer.Typer, picture: Path) -> None:
    done = RUNNER.invoke(app, [str(picture)])
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["textbox", "button"]
    assert lines[1].endswith("Save")


def test_overlay_is_the_picture_with_a_legend(
    app: typer.Typer, picture: Path, tmp_path: Path
) -> None:
    overlay = tmp_path / "overlay.png"
    assert RUNNER.invoke(app, [str(picture), "--overlay", str(overlay)]).exit_code == 0
    with Image.open(picture) as before, Image.open(overlay) as after:
        assert after.width == before.width
        assert after.height > before.height
        # Far from any element the picture stays as it was.
        assert after.getpixel((350, 20)) == before.getpixel((350, 20))
        assert after.getpixel((40, 57)) == cli_parse.COLOURS["textbox"]


def test_every_role_is_drawn_in_its_colour() -> None:
    roles = list(cli_parse.COLOURS)
    assert set(roles) == CLICKABLE | {"image", "text"}
    step = 1 / len(roles)
    elements = [
        Element(Box(0.1, (number + 0.2) * step, 0.9, (number + 0.8) * step), role)
        for number, role in enumerate(roles)
    ]
    drawn = cli_parse.draw(Image.new("RGB", (200, 600), "white"), elements)
    for number, role in enumerate(roles):
        y = round((number + 0.5) * step * 600)
        inside = drawn.crop((18, y - 1, 24, y + 2)).getcolors()
        assert inside is not None
        if role != "text":
            assert cli_parse.COLOURS[role] in {colour for _, colour in inside}


def test_blank_picture(app: typer.Typer, tmp_path: Path) -> None:
    path = tmp_path / "blank.png"
    Image.new("RGB", (300, 200), "white").save(path)
    overlay = tmp_path / "overlay.png"
    done = RUNNER.invoke(app, [str(path), "--json", "--overlay", str(overlay)])
    assert json.loads(done.stdout)["elements"] == []
    with Image.open(overlay) as drawn:
        assert drawn.size == (300, 200)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\nbroken"])
def test_no_picture_is_told_in_a_sentence(app: typer.Typer, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(content)
    done = RUNNER.invoke(app, [str(path)])
    assert isinstance(done.exception, UserError)
    assert "no picture that can be read" in str(done.exception)


def test_overlay_that_cannot_be_written(app: typer.Typer, picture: Path, tmp_path: Path) -> None:
    done = RUNNER.invoke(app, [str(picture), "--overlay", str(tmp_path / "no" / "where.png")])
    assert isinstance(done.exception, UserError)
    assert "cannot be written" in str(done.exception)
