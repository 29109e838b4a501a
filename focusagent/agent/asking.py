"""Intents that only look: read, wait, check, answer a condition."""

from __future__ import annotations

from ..planner import compare
from ..planner.conditions import Condition, Counted, PageIs, Reads, ValueIs
from ..planner.intents import NO, YES, CheckThat, Look, Outcome, Read, ReadTable, WaitFor
from ..planner.printing import condition_text
from .answers import count, settled, steady, value_now
from .controls import field_box as field_box
from .controls import mark_at as mark_at
from .desk import Desk
from .errors import Failed
from .locate import glance, locate
from .named import table_cells
from .tables import find_table, rows_left_out
from .values import named_value, value_at


def look(desk: Desk, intent: Look) -> Outcome:
    """Answer a condition, as the screen stands."""
    found = settled(desk, intent.condition)
    answer = YES if found else NO
    detail = f"{answer}: {found.doubt}" if found.doubt else answer
    text = f"it was seen whether {condition_text(intent.condition)}"
    desk.prove(text, None if found.doubt else True, detail)
    return Outcome(True, answer)


def wait_for(desk: Desk, intent: WaitFor) -> Outcome:
    """Wait until a condition holds."""
    seconds = desk.settings.step_timeout if intent.seconds is None else intent.seconds
    found = desk.wait_until(lambda: steady(desk, intent.condition), seconds)
    if found:
        desk.prove(condition_text(intent.condition), None if found.doubt else True, found.doubt)
        return Outcome(True)
    why = f"waited {seconds:g} s: {condition_text(intent.condition)} did not come true"
    return Outcome(False, reason=why)


def check_that(desk: Desk, intent: CheckThat) -> Outcome:
    """Assert a condition; it may take a moment to come true."""
    timeout = desk.settings.step_timeout
    found = desk.wait_until(lambda: steady(desk, intent.condition), timeout)
    text = condition_text(intent.condition)
    if found:
        desk.prove(text, None if found.doubt else True, found.doubt)
        return Outcome(True, YES)
    instead = found_instead(desk, intent.condition)
    desk.prove(text, False, instead)
    return Outcome(False, NO, f"it is not so that {text}" + (f": {instead}" if instead else ""))


def read(desk: Desk, intent: Read, selector: str | None = None) -> Outcome:
    """Read a value, looking more than once, and keep it."""
    words = intent.target.words
    value = None if selector else named_value(desk.seen, words)
    if value is None:
        spot = locate(desk, intent.target, "read", selector)
        value = value_at(desk.seen, spot, words)
    if not value.text:
        raise Failed(f"nothing that can be read stands at {words!r}")
    desk.prove("it was read", True if value.sure else None, value.detail or value.text)
    desk.values[intent.name] = value.text
    return Outcome(True, value.text)


def read_table(desk: Desk, intent: ReadTable) -> Outcome:
    """Read a table and keep it."""
    cells = table_cells(desk.seen)
    if intent.target is not None:
        spot = glance(desk, intent.target)
        if spot is not None:
            top = spot.box[1]
            cells = [cell for cell in cells if cell.box[3] >= top]
    rows = find_table(cells)
    if not rows:
        raise Failed("there is no table on this screen: no two rows of text share their columns")
    more = rows_left_out(cells, rows)
    detail = f"{len(rows)} rows, {len(rows[0])} columns" + (f"; {more} rows left out" * bool(more))
    desk.prove("the whole table was read", None if more else True, detail)
    return Outcome(True, compare.table_value([[cell.text for cell in row] for row in rows]))


def found_instead(desk: Desk, condition: Condition) -> str:
    """What stands where a condition wanted something else."""
    if isinstance(condition, PageIs):
        return desk.screen.url if condition.part == "url" else desk.screen.title
    if isinstance(condition, ValueIs):
        return desk.values.get(condition.name, "")
    if isinstance(condition, Reads):
        shown = value_now(desk, condition.target)
        return "it is not on the screen" if shown is None else f"it reads {shown.text!r}"
    if isinstance(condition, Counted):
        return str(count(desk, condition.target))
    return ""
