"""The planner walks its program: against a small world, from any history, and only so far."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from focusagent.planner.compare import holds, table_value
from focusagent.planner.conditions import Counted, Reads, Seen, Target
from focusagent.planner.errors import InstructionError
from focusagent.planner.grammar_planner import GrammarPlanner
from focusagent.planner.intents import (
    NO,
    YES,
    Check,
    Click,
    Finish,
    GoTo,
    Intent,
    Look,
    Outcome,
    Press,
    Read,
    ReadTable,
    Type,
)
from focusagent.planner.printing import intent_text

World = Callable[[Intent], Outcome]
DONE = Outcome(True)


def run(task: str, world: World) -> list[str]:
    """The intents as text, and how it ended."""
    history: list[tuple[Intent, Outcome]] = []
    planner = GrammarPlanner(params=["A"], secrets=["PW"])
    for _ in range(2000):
        intent = planner.next(task, history, None)
        if isinstance(intent, Finish):
            ending = f"{intent.reason}: {intent.message}" if intent.message else intent.reason
            return [*(intent_text(done) for done, _ in history), ending]
        history.append((intent, world(intent)))
    raise AssertionError("the plan does not end")


def seeing(*words: str) -> World:
    """A world in which just these words are on the screen."""

    def answer(intent: Intent) -> Outcome:
        if isinstance(intent, Look):
            assert isinstance(intent.condition, Seen)
            seen = intent.condition.target.words in words
            return Outcome(True, YES if seen == intent.condition.wanted else NO)
        return DONE

    return answer


def test_steps_are_taken_in_order_and_names_stay_names() -> None:
    assert run("type {PW} into X, click {A} and press Tab 2 times", seeing()) == [
        'type "{PW}" into X', "click {A}", "press Tab", "press Tab", "done",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("task", "screen", "steps"),
    [
        ("if A appears, click B, otherwise click C. click D", ["A"], ["A", "click B", "click D"]),
        ("if A appears, click B, otherwise click C. click D", [], ["A", "click C", "click D"]),
        ("unless A appears, click B", ["A"], ["A"]),
        ("if A appears and B appears, click C", ["B"], ["A"]),
        ("if A appears and B appears, click C", ["A", "B"], ["A", "B", "click C"]),
        ("if A appears or B appears, click C", ["A"], ["A", "click C"]),
        ("if A appears or B appears, click C", [], ["A", "B"]),
        ("if A appears, do nothing", ["A"], ["A"]),
        ("click Z unless A appears", [], ["A", "click Z"]),
    ],
)
def test_conditions_are_looked_at_only_where_they_matter(
    task: str, screen: list[str], steps: list[str]
) -> None:
    wanted = [f"look whether {step} appears" if len(step) == 1 else step for step in steps]
    assert run(task, seeing(*screen)) == [*wanted, "done"]


def test_until_looks_before_each_round() -> None:
    clicks = 0

    def world(intent: Intent) -> Outcome:
        nonlocal clicks
        clicks += isinstance(intent, Click)
        return Outcome(True, (YES if clicks == 3 else NO) if isinstance(intent, Look) else None)

    assert run("click Next until Done appears", world).count("click Next") == 3


@pytest.mark.parametrize(("task", "rounds"), [("click N until D appears", 100),
                                              ("click N until D appears, at most 4 times", 4),
                                              ("while D does not appear, click N", 100)])  # fmt: skip
def test_a_loop_that_does_not_end_gives_up(task: str, rounds: int) -> None:
    steps = run(task, seeing())
    assert steps.count("click N") == rounds
    assert steps[-1].startswith("gave up: ")
    assert f"after {rounds} rounds" in steps[-1]


ORDERS = [["", "Order", "Status", "Total"], ["x", "1", "Open", "5"], ["x", "2", "Paid", "70"],
          ["x", "3", "Open", "€ 1,200.00"]]  # fmt: skip


def table(rows: list[list[str]]) -> World:
    def answer(intent: Intent) -> Outcome:
        return Outcome(True, table_value(rows) if isinstance(intent, ReadTable) else None)

    return answer


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("for each row", ["1", "2", "3"]),
        ("for each row with status Open", ["1", "3"]),
        ("for each row where Total is more than 50", ["2", "3"]),
        ("for each row whose Status is not Open", ["2"]),
        ("for each row that contains Paid", ["2"]),
        ('for each row where Status is "open" ', ["1", "3"]),
        ("for each row with status Lost", []),
    ],
)
def test_rows_are_those_of_the_table_named_by_what_tells_them_apart(
    header: str, rows: list[str]
) -> None:
    steps = run(f"{header}: click A", table(ORDERS))
    assert steps[1:] == [*(f'click A in the row of "{row}"' for row in rows), "done"]


def test_cells_of_the_row_can_be_typed() -> None:
    steps = run("for each row: type {ROW.total} into X, click {ROW}", table(ORDERS[:3]))
    assert steps[1:] == ['type "5" into X', 'click "1"', 'type "70" into X', 'click "2"', "done"]
    lost = run("for each row: type {ROW.Sum} into X", table(ORDERS))
    assert lost[-1] == "gave up: the table has no column 'Sum'; it has: , Order, Status, Total"


def test_what_a_page_shows_is_never_a_name() -> None:
    steps = run("for each row: type {ROW} into X, click B in the row",
                table([["N"], ["{PW}"], ['say "{A}"']]))  # fmt: skip
    assert steps[1:] == [
        'type "{{PW}}" into X', 'click B in the row of "{{PW}}"',
        'type "say ""{{A}}""" into X', 'click B in the row of "say ""{{A}}"""', "done",
    ]  # fmt: skip


def test_too_many_rows_are_refused_before_the_first() -> None:
    steps = run("for each row: click A", table([["N"], *([str(i)] for i in range(101))]))
    assert steps[1:] == ["gave up: 101 rows are too many: a loop takes at most 100"]


@pytest.mark.parametrize("value", [None, "nonsense", '{"a": 1}', "[[1]]"])
def test_a_table_that_is_none_ends_the_plan(value: str | None) -> None:
    steps = run("for each row: click A", lambda intent: Outcome(True, value))
    assert steps[1].startswith("gave up: ")


def test_things_are_counted_off_by_words() -> None:
    here = ["first box in X", "second box in X"]
    assert run("for each checkbox in X: tick it", seeing(*(h.replace("box", "checkbox") for h in here))) == [
        "look whether first checkbox in X appears", "tick first checkbox in X",
        "look whether second checkbox in X appears", "tick second checkbox in X",
        "look whether third checkbox in X appears", "done",
    ]  # fmt: skip


def test_values_are_typed_one_by_one() -> None:
    assert run('for each of "a", "b": type it into X', seeing()) == [
        'type "a" into X', 'type "b" into X', "done",
    ]  # fmt: skip


def test_a_failed_step_ends_the_plan_with_its_reason() -> None:
    def world(intent: Intent) -> Outcome:
        return Outcome(False, reason="no such thing") if isinstance(intent, Press) else DONE

    assert run("click A, press Enter, click B", world) == [
        "click A", "press Enter", "gave up: no such thing",
    ]  # fmt: skip
    blind = run("if A appears, click B", lambda intent: Outcome(True, "maybe"))
    assert blind[-1] == "gave up: could not see whether A appears: answered 'maybe'"


def test_the_plan_can_end_itself() -> None:
    assert run("click A. stop. click B", seeing())[1:] == ["done: stopped as told"]
    assert run('click A. fail with "no"', seeing())[1:] == ["gave up: no"]


def test_a_history_of_something_else_is_noticed() -> None:
    planner = GrammarPlanner()
    intent = planner.next("click A", [(Click(Target("B")), DONE)], None)
    assert intent == Finish("gave up", "the history is not that of this instruction")


def test_unknown_names_are_refused_before_the_first_step() -> None:
    with pytest.raises(InstructionError, match="{X} has no value"):
        GrammarPlanner().next("click A, type {X} into B", [], None)


def test_random_programs_do_exactly_what_a_plain_reading_does() -> None:
    """An interpreter of its own (nested Python lists, no grammar) says what is to be done."""
    for seed in range(60):
        chance = random.Random(seed)
        screen = {name for name in "ABCDEFGH" if chance.random() < 0.5}
        text, steps = _sentences(chance, 0, screen)
        assert run("\n".join(text), seeing(*screen)) == [*steps, "done"], "\n".join(text)


def _sentences(chance: random.Random, depth: int, screen: set[str]) -> tuple[list[str], list[str]]:
    text: list[str] = []
    steps: list[str] = []
    pad = "  " * depth
    for _ in range(chance.randint(1, 3)):
        kind = chance.choice(["do", "if", "unless", "times", "values"] if depth < 2 else ["do"])
        name = chance.choice("ABCDEFGH")
        if kind == "do":
            text.append(f"{pad}click {name}")
            steps.append(f"click {name}")
            continue
        inner, inside = _sentences(chance, depth + 1, screen)
        other, outside = _sentences(chance, depth + 1, screen)
        if kind == "times":
            text += [f"{pad}repeat 2 times:", *inner]
            steps += inside * 2
        elif kind == "values":
            text += [f'{pad}for each of "x", "y":', *inner]
            steps += inside * 2
        else:
            text += [f"{pad}{kind} {name} appears:", *inner, f"{pad}otherwise:", *other]
            yes = (name in screen) == (kind == "if")
            steps += [f"look whether {name} appears", *(inside if yes else outside)]
    return text, steps


def test_the_same_history_gives_the_same_step() -> None:
    task = "go to a.com, read X as {V}, tick B, if there are 3 rows, type {V} into C"
    history: list[tuple[Intent, Outcome]] = [
        (GoTo("a.com"), DONE), (Read(Target("X"), "V"), Outcome(True, "7")),
        (Check(Target("B", role="checkbox")), DONE),
        (Look(Counted(Target("rows"), "is", 3)), Outcome(True, YES)),
    ]  # fmt: skip
    planner = GrammarPlanner()
    for size in reversed(range(len(history))):
        for each in (planner, GrammarPlanner()):
            assert each.next(task, history[:size], None) == history[size][0]
    assert planner.next(task, history, None) == Type("{V}", Target("C", role="textbox"))


def test_conditions_inside_loops_read_the_row() -> None:
    asked: list[Intent] = []

    def world(intent: Intent) -> Outcome:
        if isinstance(intent, Look):
            asked.append(intent)
            return Outcome(True, NO)
        return table(ORDERS)(intent)

    run("for each row with total 70: if Status is Open, click A", world)
    status = Target('Status in the row of "2"', quoted=True)
    assert asked == [Look(Reads(status, "is", "Open"))]
    assert holds("is", "open ", "Open")
