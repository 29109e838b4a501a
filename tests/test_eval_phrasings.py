"""Derived instructions are true of the screen they are asked on, and mean one thing there."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

import grounding
from focusagent import cli
from focusagent.evaluation import models, phrasings, places, relations, screenspot
from focusagent.evaluation.screens import KnownScreen, folded, holds, middle, speakable

FONT = ImageFont.load_default(15)
# name, role, box; the same words may stand on several.
SHOP = [
    ("Home", "link", (20, 20, 70, 40)),
    ("Products", "link", (84, 20, 160, 40)),
    ("Customers", "link", (174, 20, 260, 40)),
    ("Peter Brown", "link", (40, 120, 140, 140)),
    ("Delete", "button", (400, 115, 470, 145)),
    ("Robert Smith", "link", (40, 180, 140, 200)),
    ("Delete", "button", (400, 175, 470, 205)),
    ("Cancel", "button", (40, 500, 120, 530)),
    ("Submit order", "button", (130, 500, 250, 530)),
    ("Quantity", "textbox", (140, 300, 300, 330)),
    ("Previous page", "link", (700, 560, 790, 580)),
]
PLAIN = [("Quantity", (60, 305)), ("Invoices overdue", (400, 60))]
MENU = ["Overview", "Reports", "Employees", "Documents", "Messages"]
STAFF = [(name, "link", (0, 100 + 40 * n, 200, 140 + 40 * n)) for n, name in enumerate(MENU)]


def draw(rows, plain=()) -> Image.Image:
    image = Image.new("RGB", (800, 600), "white")
    pen = ImageDraw.Draw(image)
    for name, role, (x1, y1, x2, y2) in rows:
        if role in ("button", "textbox"):
            pen.rectangle((x1, y1, x2, y2), outline="gray", fill="white")
        if role != "textbox":
            left = x1 + 20 if role == "link" and x2 - x1 > 150 else (x1 + x2) / 2
            anchor = "lm" if left == x1 + 20 else "mm"
            pen.text((left, (y1 + y2) / 2), name, fill="black", font=FONT, anchor=anchor)
    for text, place in plain:
        pen.text(place, text, fill="black", font=FONT)
    return image


def targets(image: str, rows) -> list[dict]:
    return [
        {"img_filename": image, "instruction": f'click the "{name}" {role}', "bbox": box}
        | {"name": name, "role": role, "kind": "all"}
        for name, role, box in rows
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("set")
    (root / "images").mkdir()
    draw(SHOP, PLAIN).save(root / "images" / "shop.png")
    draw(STAFF).save(root / "images" / "staff.png")
    rows = [*targets("shop.png", SHOP), *targets("staff.png", STAFF)]
    (root / "targets.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (root / "staff.jsonl").write_text("\n".join(map(json.dumps, rows[len(SHOP) :])))
    return root


@pytest.fixture(scope="module")
def made(folder) -> phrasings.Phrasings:
    return phrasings.derive(folder)


def known(folder: Path, name: str) -> KnownScreen:
    rows = [row for row in screenspot.load_targets(folder) if row.image == name]
    pixels = np.asarray(Image.open(folder / "images" / name).convert("RGB"))
    words = {word for row in rows for word in row.name.split()}
    return KnownScreen(pixels, rows, grounding.Reader.load(), words)


@pytest.fixture(scope="module")
def shop(folder) -> KnownScreen:
    return known(folder, "shop.png")


@pytest.fixture(scope="module")
def staff(folder) -> KnownScreen:
    return known(folder, "staff.png")


def of(derived, how: str) -> dict[tuple, list[str]]:
    found: dict[tuple, list[str]] = {}
    for one in derived:
        if one.how == how:
            found.setdefault(one.target.box, []).append(one.target.instruction.lower())
    return found


def says(text: str, *words: str) -> bool:
    return any(word in text for word in words)


def test_neighbours_are_named_by_what_stands_right_beside_them(shop):
    found = of(relations.relations(shop, random.Random(0)), "neighbour")
    submit, cancel = (130, 500, 250, 530), (40, 500, 120, 530)
    assert all(says(text, "right") and "cancel" in text for text in found[submit])
    assert all(says(text, "left") and "submit order" in text for text in found[cancel])
    assert not any("submit" in text for text in found[submit])
    # Far apart, something unlabelled could stand between; Customers has one neighbour in the rows.
    assert (700, 560, 790, 580) not in found
    assert all("products" in text for text in found[(174, 20, 260, 40)])


def test_equal_names_are_told_apart_by_what_stands_in_their_row(shop):
    found = of(relations.relations(shop, random.Random(0)), "equals")
    first, second = (400, 115, 470, 145), (400, 175, 470, 205)
    assert any("peter brown" in text for text in found[first])
    assert any("robert smith" in text for text in found[second])
    assert not any("robert" in text for text in found[first])
    assert all("delete" in text for texts in found.values() for text in texts)


def test_a_field_is_named_by_the_label_beside_it(shop):
    found = of(relations.relations(shop, random.Random(0)), "label")
    assert set(found) == {(140, 300, 300, 330)}
    assert all(says(text, "right") and "quantity" in text for text in found[(140, 300, 300, 330)])


@pytest.mark.parametrize("seed", range(6))
def test_equal_names_are_counted_in_reading_order(shop, seed):
    found = of(relations.ordinals(shop, random.Random(seed)), "name")
    first, second = found[(400, 115, 470, 145)], found[(400, 175, 470, 205)]
    assert all(says(text, "first", "1st") for text in first)
    assert all(says(text, "second", "2nd", "last") for text in second)


def test_entries_of_a_list_are_counted_from_another(staff):
    found = of(relations.ordinals(staff, random.Random(0)), "below")
    for texts in (found[STAFF[2][2]], found[STAFF[3][2]], found[STAFF[4][2]]):
        assert texts
    number = {"second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4}
    for box, texts in found.items():
        own = [row[2] for row in STAFF].index(box)
        for text in texts:
            count = next(count for word, count in number.items() if word in text)
            assert MENU[own - count].lower() in text


def test_a_heading_between_entries_is_not_counted_as_one():
    rows = [(name.upper() if n == 2 else name, *rest) for n, (name, *rest) in enumerate(STAFF)]
    wanted = [screenspot.Target("a", "x", row[2], (), "all", row[0], row[1]) for row in rows]
    words = set(MENU)
    screen = KnownScreen(np.asarray(draw(rows)), wanted, grounding.Reader.load(), words)
    found = of(relations.ordinals(screen, random.Random(0)), "below")
    assert set(found) <= {STAFF[4][2]}
    assert not any("overview" in text or "reports" in text for text in found.get(STAFF[4][2], []))


def test_an_uneven_list_is_not_counted():
    rows = [(n, r, (x1, y1 + 37 * (k > 1), x2, y2 + 37 * (k > 1)))
            for k, (n, r, (x1, y1, x2, y2)) in enumerate(STAFF[:3])]  # fmt: skip
    pixels = np.asarray(draw(rows))
    wanted = [screenspot.Target("a", "x", row[2], (), "all", row[0], row[1]) for row in rows]
    screen = KnownScreen(pixels, wanted, grounding.Reader.load(), set(MENU))
    assert not of(relations.ordinals(screen, random.Random(0)), "below")


@pytest.mark.parametrize("seed", range(6))
def test_positions_hold_for_the_target_and_for_no_equal_name(shop, seed):
    derived = list(places.positions(shop, random.Random(seed)))
    for texts in of(derived, "equals").values():
        assert not any(says(text, "at the top", "left", "bottom of") for text in texts)
    assert all(says(t, "upper", "topmost") for t in of(derived, "equals")[(400, 115, 470, 145)])
    corner = of(derived, "corner")
    assert set(corner) == {(20, 20, 70, 40), (40, 500, 120, 530), (700, 560, 790, 580)}
    assert all(says(text, "right") for text in corner[(700, 560, 790, 580)])
    assert not any("previous" in text for text in corner[(700, 560, 790, 580)])


def test_something_unlabelled_in_the_corner_takes_it(folder, shop):
    pixels = shop.pixels.copy()
    pixels[562:578, 792:798] = 0
    rows = [thing.target for thing in shop.things]
    screen = KnownScreen(pixels, rows, grounding.Reader.load())
    assert (700, 560, 790, 580) not in of(places.positions(screen, random.Random(0)), "corner")


def test_roles_are_not_asked_for_where_an_equal_name_may_have_it(shop):
    derived = list(places.roles(shop, random.Random(0)))
    assert "Delete" not in {one.target.name for one in derived}
    assert of(derived, "field")
    assert of(derived, "once")


def test_absent_names_stand_nowhere(made, folder):
    absent = [one.target for one in made.derived if one.target.kind == "absent"]
    assert absent
    for name in ("shop.png", "staff.png"):
        screen = known(folder, name)
        text = " ".join(folded(line) for line, _ in screen.lines)
        for target in (target for target in absent if target.image == name):
            assert target.box is None
            assert folded(target.name) not in text
            assert target.name not in {thing.name for thing in screen.things}
    assert not any("Invoices" in target.name for target in absent)


@pytest.mark.parametrize("name", ["Invoices overdue", "Overdue bills", "Delete", "Settings"])
def test_words_on_the_screen_and_names_of_icons_are_never_absent(shop, name):
    assert not places.nowhere(shop, name)


def test_every_instruction_is_answered_by_its_own_row(made, folder):
    rows = {(row.image, row.box): row for row in screenspot.load_targets(folder)}
    for one in made.derived:
        if one.target.box is not None:
            assert rows[one.target.image, one.target.box].name == one.target.name
    assert {one.target.kind for one in made.derived} == set(phrasings.KINDS)


def test_the_seed_decides(folder, made):
    assert phrasings.derive(folder) == made
    other = phrasings.derive(folder, seed=1)
    assert other != made
    assert {one.target.box for one in other.derived} <= {row.box for row in other.rows} | {None}


def test_only_rows_asked_for_are_targets_and_the_rest_of_the_set_is_known(folder):
    few = phrasings.derive(folder, "staff.jsonl")
    assert {one.target.image for one in few.derived} == {"staff.png"}
    assert len(few.rows) == len(STAFF)


def test_a_limit_holds_for_each_kind(folder):
    few = phrasings.derive(folder, limit=2)
    kinds = [one.target.kind for one in few.derived]
    assert max(kinds.count(kind) for kind in phrasings.KINDS) == 2
    assert len(few.rows) == 2


class Oracle:
    """Knows every row's answer; ``refuses`` makes it say that nothing is there."""

    def __init__(self, made: phrasings.Phrasings, refuses: bool = False) -> None:
        rows = [one.target for one in made.derived] + list(made.rows)
        self.boxes = {row.instruction: row.box for row in rows}
        self.refuses = refuses

    def look(self, image: Image.Image) -> tuple[int, int]:
        return image.size

    def point(self, seen: tuple[int, int], instruction: str) -> tuple[float, float] | None:
        box = self.boxes[instruction]
        if box is None or self.refuses:
            return None
        x, y = middle(box)
        assert holds(box, (x, y))
        return x / seen[0], y / seen[1]


def test_refusals_are_right_only_where_nothing_is_meant(made, folder):
    result = phrasings.measure(Oracle(made), folder, made)
    silent = phrasings.measure(Oracle(made, refuses=True), folder, made)
    assert result["false_refusals"]["value"] == 0
    assert silent["false_refusals"]["value"] == 1
    for kind in phrasings.KINDS:
        assert silent["accuracy"][kind]["value"] == (kind == "absent")
    # Equal instructions on two screens may mean different boxes, which the oracle does not know.
    assert result["accuracy"]["relation"]["value"] > 0.8
    assert result["accuracy"]["relation"]["n"] == sum(
        share["n"] for kind, share in result["accuracy"].items() if kind.startswith("relation:")
    )
    assert result["n"] == made.count


@pytest.mark.parametrize(("name", "fit"), [("Save draft", True), ("", False), ("42", False)])
def test_names_fit_to_be_said(name, fit):
    assert speakable(name) is fit
    assert not speakable("one two three four five")
    assert not speakable('with "quotes"')


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = cli.run([str(argument) for argument in arguments])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_the_verb_answers_in_json_and_writes_rows_that_screenspot_reads(folder, tmp_path, capsys):
    command = ("eval", "phrasings", folder, "--model", "chance", "--limit", 3, "--json")
    code, out, _ = run(capsys, *command, "--out", tmp_path / "out")
    result = json.loads(out)
    assert code == 0
    assert set(result) == {"n", "accuracy", "false_refusals", "seconds"}
    assert set(result["accuracy"]["absent"]) == {"value", "n", "low", "high"}
    rows = screenspot.load_targets(folder, str(tmp_path / "out" / "phrasings.jsonl"))
    assert len(rows) == sum(result["accuracy"][kind]["n"] for kind in phrasings.KINDS)
    assert any(row.box is None for row in rows)
    told = (tmp_path / "out" / "chance.jsonl").read_text().splitlines()
    assert len(told) == result["n"]


@pytest.mark.parametrize(
    ("rows", "arguments", "message"),
    [
        (None, [], "targets.jsonl"),
        (["{"], [], "line 1"),
        ([{"img_filename": "a.png", "bbox": [1, 2, 3, 4], "instruction": "?"}], [], "names"),
        ([{"img_filename": "a.png", "bbox": [1, 2, 3, 4], "instruction": "x"}],
         ["--model", "oracle"], "unknown model"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence(tmp_path, capsys, rows, arguments, message):
    (tmp_path / "images").mkdir()
    Image.new("RGB", (60, 60), "white").save(tmp_path / "images" / "a.png")
    if rows is not None:
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        (tmp_path / "targets.jsonl").write_text("\n".join(lines))
    arguments = arguments or ["--model", "chance"]
    code, out, err = run(capsys, "eval", "phrasings", tmp_path, *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.strip().splitlines()) <= 2


def test_models_of_the_package_are_known():
    assert set(models.NAMES) >= {"default", "reader", "icons", "evidence", "no-reader"}


def test_a_set_that_is_too_small_is_told_and_one_cut_on_purpose_is_not(folder, made, capsys):
    meant = sum(one.target.box is not None for one in made.derived)
    told = phrasings.too_few(made)
    assert [line.split()[0] for line in told] == [str(meant), str(len(made.derived) - meant)]
    row = made.derived[0]
    enough = (*made.derived, *[row] * phrasings.PROMISED)
    assert len(phrasings.too_few(phrasings.Phrasings(enough, ()))) == 1
    command = ("eval", "phrasings", folder, "--model", "chance", "--json")
    code, out, err = run(capsys, *command)
    assert (code, "300" in err) == (0, True)
    json.loads(out)
    assert "300" not in run(capsys, *command, "--limit", 2)[2]
