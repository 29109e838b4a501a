"""The table of instructions: what each means, or which words are refused and why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from focusagent import cli_plan
from focusagent.errors import UserError
from focusagent.planner.conditions import InState, Reads, Seen, Target
from focusagent.planner.errors import InstructionError
from focusagent.planner.grammar import parse
from focusagent.planner.intents import (
    Answer,
    CheckThat,
    Click,
    Drag,
    Finish,
    GoTo,
    Press,
    Read,
    Scroll,
    Select,
    SetValue,
    Type,
    Upload,
    WaitFor,
)
from focusagent.planner.names import check_names, needs
from focusagent.planner.program import Do, EachRow, If, Where, program_from_json, program_to_json

LINES = (Path(__file__).parent / "data" / "instructions.jsonl").read_text(encoding="utf-8")
ROWS = [json.loads(line) for line in LINES.splitlines()]
MEANT = [row for row in ROWS if "plan" in row]
REFUSED = [row for row in ROWS if "refused" in row]


def test_the_table_is_large_enough() -> None:
    assert len(MEANT) >= 240
    assert len(REFUSED) >= 60
    assert len({row["text"] for row in ROWS}) == len(ROWS) >= 300


@pytest.mark.parametrize("row", MEANT, ids=lambda row: row["text"][:50])
def test_an_instruction_means_its_plan(row: dict[str, object]) -> None:
    program = parse(str(row["text"]))
    assert str(program).split("\n") == row["plan"]
    assert parse(str(program)) == program
    assert program_from_json(json.loads(json.dumps(program_to_json(program)))) == program


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row["text"][:50])
def test_what_is_unclear_is_refused_with_the_words(row: dict[str, str]) -> None:
    with pytest.raises(InstructionError) as caught:
        parse(row["text"])
    assert caught.value.message.startswith(row["refused"])
    assert caught.value.words == row["words"]
    assert isinstance(caught.value, UserError)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ('click the "Save" button', Click(Target('"Save" button', True, "button"))),
        ("shift+click Row 3", Click(Target("Row 3"), ("Shift",))),
        ("type 'a' into Name and submit", Type("a", Target("Name", role="textbox"), submit=True)),
        ('append "b" to Name', Type("b", Target("Name", role="textbox"), append=True)),
        ("press ctrl+s in Notes", Press("Control+s", Target("Notes", role="textbox"))),
        ('select "DE" in Country', Select("DE", Target("Country", role="combobox"))),
        ("set Qty to 3", SetValue(Target("Qty"), "3")),
        ("close the issue with the x icon", Click(Target("x icon", role="icon"))),
        ('confirm with "Yes, Reject"', Click(Target('"Yes, Reject"', True))),
        ("confirm with Enter", Press("Enter")),
        ('pick "A" in From account', Select("A", Target("From account", role="combobox"))),
        (
            "pick Savings in From account",
            Select("Savings", Target("From account", role="combobox")),
        ),
        ("slide Size to the maximum", SetValue(Target("Size"), "maximum")),
        ("turn Volume up to 80", SetValue(Target("Volume"), "80")),
        ('replace Title with "b"', Type("b", Target("Title", role="textbox"))),
        ('replace the text with "b"', Type("b", Target("text area", role="textbox"))),
        ("drag A to B", Drag(Target("A"), Target("B"))),
        ("scroll up 300 pixels in the list", Scroll("up", pixels=300, area=Target("list"))),
        ("scroll down until X appears", Scroll(until=Target("X"))),
        ("scroll to the bottom", Scroll(to_end=True)),
        ("upload a.pdf to Files", Upload(("a.pdf",), Target("Files"))),
        ("accept the cookies", Answer("accept", Target("cookies"))),
        ("wait for X to vanish, at most 3 s", WaitFor(Seen(Target("X"), False), 3.0)),
        ("go to a.com/b", GoTo("a.com/b")),
        ("read the Total as {T}", Read(Target("Total"), "T")),
        ("make sure X is off", CheckThat(InState(Target("X"), "checked", False))),
        ('fail with "no"', Finish("gave up", "no")),
        ('click "Say ""hi"""', Click(Target('"Say ""hi"""', True))),
        (
            'click Delete in the row of "Al"',
            Click(Target('Delete in the row of "Al"', True)),
        ),
        ("click the [x or y] ", Click(Target("x or y"))),
    ],
)
def test_intents_hold_every_word_in_its_place(text: str, intent: object) -> None:
    assert parse(text).steps == (Do(intent),)  # type: ignore[arg-type]


def test_a_loop_over_rows_names_the_row_in_conditions_and_the_first_act() -> None:
    (loop,) = parse(
        "for each order where Total > 5: if Paid is No, click Remind and click OK"
    ).steps
    where = "in the row of {ROW}"
    remind, close = Click(Target(f"Remind {where}")), Click(Target("OK"))
    asked = Reads(Target(f"Paid {where}"), "is", "No")
    body = (If(asked, (Do(remind), Do(close))),)
    assert loop == EachRow(body, None, Where("more than", "5", "Total"))


def test_names_are_needed_until_they_are_read() -> None:
    program = parse("type {A} into X. Read Y as {B}. Type {B} into Z. For each row: click {ROW.C}")
    assert needs(program) == ("A",)
    check_names(program, "", params=["A"], secrets=[])
    with pytest.raises(InstructionError, match=r"\{A\} has no value: .*\(known: C\)"):
        check_names(program, "type {A} into X", params=["C"], secrets=[])


@pytest.mark.parametrize(
    "text",
    ["click {PW}", "type 'my {PW}' into X", "check that X is {PW}", "go to {PW}",
     "if {PW} is x, click Y", "read X as {PW}", "type {PW} into {PW}", "select {PW} in X",
     "for each row with status {PW}, click A"],
)  # fmt: skip
def test_a_secret_is_only_typed_and_alone(text: str) -> None:
    with pytest.raises(InstructionError, match=r"\{PW\} is a secret"):
        check_names(parse(text), text, params=[], secrets=["PW"])
    check_names(parse("type {PW} into X"), "", params=[], secrets=["PW"])
    check_names(parse("set X to {PW}"), "", params=[], secrets=["PW"])


def test_the_refused_words_are_underlined_in_their_line() -> None:
    with pytest.raises(InstructionError) as caught:
        parse("click A\nclik B")
    assert str(caught.value) == (
        "'clik' is no verb I know: did you mean 'click'?\n  clik B\n  ^^^^"
    )
    with pytest.raises(InstructionError) as caught:
        parse("click A, " * 100 + "clik B, " + "click C, " * 100)
    shown = str(caught.value).split("\n")
    assert len(shown[1]) < 110
    assert shown[1][shown[2].index("^") : shown[2].rindex("^") + 1] == "clik"


def test_params_are_names_with_values() -> None:
    assert cli_plan.named_values(["A=1", "B=x=y"], "--params") == {"A": "1", "B": "x=y"}
    for wrong in ("A", "=1", "a b=1"):
        with pytest.raises(UserError, match="--params takes NAME=VALUE"):
            cli_plan.named_values([wrong], "--params")


PAGE = (Path(__file__).parent.parent / "docs" / "instructions.md").read_text(encoding="utf-8")
VERB_ROWS = [line.split("|")[2] for line in PAGE.splitlines() if line.startswith("| ")][1:]
SPANS = [span for cell in VERB_ROWS for span in cell.split("`")[1::2]]
BLOCKS = [
    block for block in PAGE.split("\n\n")
    if block.startswith("    ") and not block.startswith(("    $", '    "Saved" appears '))
]  # fmt: skip


@pytest.mark.parametrize("example", [*SPANS, *BLOCKS])
def test_the_documented_examples_are_instructions(example: str) -> None:
    lines = [line.partition("   (")[0] for line in example.splitlines()]
    lines = [line.partition("            looks")[0] for line in lines]
    assert parse("\n".join(lines)).steps


def test_the_page_has_examples() -> None:
    assert len(SPANS) > 50
    assert len(BLOCKS) >= 5
