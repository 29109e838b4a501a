"""`focusagent read --find` reads no more than it has to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from focusagent import cli
from grounding.reader.reader import Screen


@pytest.mark.parametrize(
    ("arguments", "times"),
    [
        (["--find", "Save"], 0),
        (["--find", "Save", "--json"], 1),
        (["--find", "Save", "--overlay", "drawn.png"], 1),
        ([], 1),
    ],
)
def test_lines_are_read_only_where_they_are_shown(tmp_path, monkeypatch, capsys, arguments, times):
    monkeypatch.chdir(tmp_path)
    image = Image.new("RGB", (200, 60), "white")
    font = ImageFont.load_default(16)
    ImageDraw.Draw(image).text((20, 20), "Save draft", fill="black", font=font)
    image.save("page.png")
    calls, lines = [], Screen.lines
    monkeypatch.setattr(Screen, "lines", lambda self: calls.append(1) or lines(self))
    assert cli.run(["read", "page.png", *arguments]) == 0
    out = capsys.readouterr().out
    assert len(calls) == times
    assert "Save" in out
    if "--json" in arguments:
        assert json.loads(out)["lines"][0]["text"] == "Save draft"
    assert Path("drawn.png").is_file() is ("--overlay" in arguments)
