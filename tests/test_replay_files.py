"""Recorded flows as files: exact both ways, readable, changed only where a step was healed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import yaml
from PIL import Image, ImageDraw

from focusagent.errors import UserError
from focusagent.planner.intents import Click, Seen, Target, Type
from focusagent.planner.intents import Look as Asked
from focusagent.replay import Look, RecordedStep, Recording, load, save, save_steps


def picture(number: int) -> Image.Image:
    image = Image.new("RGBA", (40 + number, 20), (255, 255, 255, 255))
    ImageDraw.Draw(image).rectangle((4, 4, 9 + number, 12), fill=(28, 109, 208, 255))
    image.putpixel((0, 0), (0, 0, 0, 0))
    return image


def look(number: int, **changes: object) -> Look:
    made = Look(
        words=f'click "Save {number}"',
        text="Save: all #1",
        role="button",
        point=(10, 20),
        box=(0, 10, 40, 30),
        at=(0, 8),
        selector="[name='a: b']",
        picture=picture(number),
    )
    return dataclasses.replace(made, **changes)


def flow() -> Recording:
    steps = (
        RecordedStep(
            text='type "{WHO}" into "Name: ü 東京"',
            intent=Type("{WHO}", Target('"Name: ü 東京"', quoted=True)),
            looks=(look(1, fixed=True),),
            proof=("the field shows what was typed",),
        ),
        RecordedStep(
            text="look", intent=Asked(Seen(Target("Done"))), answer="no",
            looks=(Look(words="find Done", absent_on="0011223344556677"),),
        ),
        RecordedStep(text="click", intent=Click(Target("x")), looks=(look(2), look(3))),
    )  # fmt: skip
    return Recording(
        name="a flow",
        instruction='1. type {WHO}\n2. click "yes: no"\n',
        start="http://app.test/?a=1#b",
        window=(480, 320),
        plan="instruction",
        params={"WHO": "0042", "LATER": None, "ODD": "no: {x}\n# y"},
        secrets=("PW",),
        steps=steps,
    )


def test_the_round_trip_is_exact(tmp_path: Path):
    made = flow()
    path = save(made, tmp_path / "a.yaml")
    assert load(path) == made
    first = {each.name: each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()}
    save(load(path), path)
    second = {each.name: each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()}
    assert first == second, "the same flow is the same bytes"
    assert sorted(first) == ["01-1.png", "03-1.png", "03-2.png", "a.yaml"]


def test_the_file_is_plain_yaml_for_people(tmp_path: Path):
    text = save(flow(), tmp_path / "a.yaml").read_text(encoding="utf-8")
    assert text.startswith("# A flow recorded by focusagent")
    data = yaml.safe_load(text)
    assert [*data] == [
        "format", "name", "start", "window", "params", "secrets", "plan", "instruction", "steps",
    ]  # fmt: skip
    assert "!!" not in text
    assert "&" not in text.replace("?a=1", "")
    assert data["steps"][0]["looks"][0]["picture"] == "a.patches/01-1.png"
    assert max(len(line) for line in text.splitlines()) <= 110


def test_only_what_was_healed_is_written(tmp_path: Path):
    made = flow()
    path = save(made, tmp_path / "a.yaml")
    lines = path.read_text(encoding="utf-8").splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("  - step: look"))
    lines[at:at] = ["  # a person's remark on the look", ""]
    lines[3:3] = ["# and one at the top"]
    path.write_text("\n".join(lines), encoding="utf-8")  # and no end to the last line
    before = {each.name: each.read_bytes() for each in tmp_path.rglob("*.png")}
    for place in (0, 2):
        healed = look(7 + place, box=(1, 2, 3, 4), fixed=place == 0)
        steps = [*made.steps]
        steps[place] = dataclasses.replace(steps[place], looks=(healed, *steps[place].looks[1:]))
        made = dataclasses.replace(made, steps=tuple(steps))
        save_steps(made, path, {place})
        assert load(path) == made
    after = path.read_text(encoding="utf-8").splitlines()
    gone = {line.strip() for line in lines} - {line.strip() for line in after}
    assert (
        gone
        == {'- words: click "Save 1"', '- words: click "Save 2"', "box: [0, 10, 40, 30]"} & gone
    )
    assert any("remark" in line for line in after)
    assert any("at the top" in line for line in after)
    changed = {
        each.name for each in tmp_path.rglob("*.png") if each.read_bytes() != before[each.name]
    }
    assert changed == {"01-1.png", "03-1.png"}


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("format: 1", "format: 9", "no recorded flow of format 1"),
        ("plan: instruction", "plan: guess", "plan is instruction or steps"),
        (
            "    intent:\n      kind: click",
            "    intent:\n      kind: klick",
            "unknown kind 'klick'",
        ),
        ("  - step: click", "  - stop: click", "unknown key 'stop'"),
        ("WHO: '0042'", "WHO: 0042", "param WHO must be a text"),
        ("a.patches/01-1.png", "../secret.png", "outside the folder"),
        ("a.patches/01-1.png", "a.patches/none.png", "cannot be read"),
        ("      - 480", "      - nan", "2 numbers"),
        ("name: a flow", "name: [", "not valid YAML"),
        ("        at:", "        att:", "unknown key 'att'"),
        ("instruction: |", "instruction: 5 #", "is damaged|not valid YAML"),
    ],
)
def test_a_damaged_file_is_one_sentence(tmp_path: Path, old: str, new: str, sentence: str):
    path = save(flow(), tmp_path / "a.yaml")
    text = path.read_text(encoding="utf-8")
    text = text.replace("window: [480, 320]", "window:\n      - 480\n      - 320")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UserError, match=sentence) as refused:
        load(path)
    assert "\n" not in str(refused.value)


def test_what_is_no_flow_is_refused(tmp_path: Path):
    with pytest.raises(UserError, match="cannot be read"):
        load(tmp_path / "none.yaml")
    (tmp_path / "list.yaml").write_text("- 1\n")
    with pytest.raises(UserError, match="no recorded flow"):
        load(tmp_path / "list.yaml")
    (tmp_path / "code.yaml").write_text("!!python/object/apply:os.system [true]\n")
    with pytest.raises(UserError, match="not valid YAML"):
        load(tmp_path / "code.yaml")
