"""Whatever is said: a program that prints as itself, or a sentence; never anything else."""

from __future__ import annotations

import contextlib
import json
import sys
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from focusagent.planner.errors import InstructionError
from focusagent.planner.grammar import parse
from focusagent.planner.phrases import CONTROL, FILLERS, VERBS
from focusagent.planner.program import Program, program_from_json, program_to_json

NAMES = ['"Save"', "Save", "the Terms and Conditions", "Save and close", "the second Save button",
         '"Delete" in the row of "Alice"', "Email", "'O''Brien'", "“Sign in”", "the X next to Total",
         "{NAME}", 'the field right of "First name"', "the menu icon"]  # fmt: skip
TEXTS = ['"alice"', "alice", "{PW}", '"a, b and c"', "12.50", '"say ""hi"""', "'it''s'", '""']
names, texts = st.sampled_from(NAMES), st.sampled_from(TEXTS)
# Quoted: an unquoted value before "and" may go on after it, which is refused.
values = st.sampled_from([text for text in TEXTS if text[0] in "'\""])
conditions = st.one_of(
    st.builds("{} appears".format, names),
    st.builds("{} is not visible".format, names),
    st.builds("{} is {}".format, names, values),
    st.builds("{} contains {}".format, names, values),
    st.builds("{} is checked".format, names),
    st.builds("there are {} rows".format, st.integers(0, 9)),
    st.just("the URL contains /orders"),
    st.just("the number of items is at least 3"),
    st.just("{TOTAL} is more than 100"),
)
tests = st.one_of(
    conditions,
    st.builds("{} and {}".format, conditions, conditions),
    st.builds("{} or {}".format, conditions, conditions),
)
acts = st.one_of(
    st.builds("click {}".format, names),
    st.builds("double-click {}".format, names),
    st.builds("type {} into {}".format, texts, names),
    st.builds("fill {} with {}".format, names, texts),
    st.builds("set {} to {}".format, names, texts),
    st.builds("select {} in {}".format, texts, names),
    st.builds("tick {}".format, names),
    st.builds("turn off {}".format, names),
    st.builds("drag {} to {}".format, names, names),
    st.builds("hover over {}".format, names),
    st.builds("scroll {}".format, st.sampled_from(["down", "up 2 screens", "to the bottom"])),
    st.builds("press {}".format, st.sampled_from(["Enter", "Ctrl+Shift+K", "page down"])),
    st.builds("read {} as {{VALUE}}".format, names),
    st.sampled_from(["wait 2 seconds", "go back", "reload the page", "go to https://a.b/c?d=e",
                     "close the tab", "switch to the second tab", "close the dialog",
                     'upload "a b.pdf" to Files']),
)  # fmt: skip
clauses = st.one_of(
    acts,
    st.builds("wait until {}".format, conditions),
    st.builds("wait until {}, at most 9 seconds".format, conditions),
    st.builds("check that {}".format, conditions),
    st.sampled_from(["stop", 'fail with "no"']),
)
modified = st.one_of(
    clauses,
    st.builds("{} 3 times".format, acts),
    st.builds("{} if {}".format, acts, conditions),
    st.builds("{} until {}".format, acts, conditions),
    st.builds("if {}, {} and {}".format, tests, clauses, clauses),
    st.builds("if {}, {}, otherwise {}".format, tests, clauses, clauses),
    st.builds("unless {}: {}, then {}".format, tests, clauses, clauses),
    st.builds("while {}, {}".format, tests, clauses),
    st.builds("repeat 2 times: {}, {}".format, clauses, clauses),
    st.builds("for each row: {}, {}".format, clauses, clauses),
    st.builds('for each of "a" and "b", {}'.format, clauses),
    st.builds("for each checkbox: {}".format, clauses),
)
joined = st.builds(
    lambda steps, joint: joint.join(steps),
    st.lists(modified, min_size=1, max_size=4),
    st.sampled_from([". ", "\n", ";\n", "\n- ", ". Then "]),
)
words = st.sampled_from(
    [*VERBS.first_words, *CONTROL.first_words, *FILLERS.first_words, *NAMES, *TEXTS, "and", "or",
     "then", ",", ".", ":", ";", "\n", "\n  ", "\n- ", "in", "into", "to", "with", "is", "appears",
     "not", "the", "row", "tab", "it", "3", "times", "seconds", "as", "for", "each", "of", "until"]
)  # fmt: skip


def understood(text: str) -> Program | InstructionError:
    try:
        return parse(text)
    except InstructionError as error:
        return error


@settings(max_examples=150, deadline=None, derandomize=True)
@given(joined)
def test_sentences_of_the_grammar_parse_and_print_as_themselves(text: str) -> None:
    program = parse(text)
    assert parse(str(program)) == program
    assert program_from_json(json.loads(json.dumps(program_to_json(program)))) == program


@settings(max_examples=250, deadline=None, derandomize=True)
@given(st.lists(words, max_size=25).map(" ".join))
@example("if")
@example("for each")
@example("repeat:")
@example("otherwise otherwise")
def test_any_words_are_a_program_or_a_sentence(text: str) -> None:
    said = understood(text)
    if isinstance(said, InstructionError):
        assert 0 <= said.start <= said.end <= len(text)
        assert said.message
        assert "^" in str(said)
    else:
        assert parse(str(said)) == said


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.text(max_size=80))
def test_any_text_is_a_program_or_a_sentence(text: str) -> None:
    said = understood(text)
    assert str(said)


LONG = {
    "steps": "click Save, then type 'a' into B and ",
    "sentences": "If 'A' appears, click B. ",
    "text": "click if until and, ",
    "conditions": "click A if B is visible and ",
    "quotes": "click 'a' and ",
    "braces": "{{{{ ",
    "ands": "fill A with b and ",
    "words": "word ",
    "loops": "repeat 3 times: ",
    "is": "check that a is ",
    "lines": "\n- click A",
    "typos": "and clik ",
}


@pytest.mark.parametrize("piece", LONG.values(), ids=LONG)
def test_long_instructions_take_linear_time(piece: str) -> None:
    def calls(size: int) -> int:
        """Function calls, Python's and C's: time itself is too noisy to tell."""
        text = "click X and " + piece * (size // len(piece))
        count = 0

        def profile(frame: object, event: str, argument: object) -> None:
            nonlocal count
            count += event in ("call", "c_call")

        sys.setprofile(profile)
        try:
            parse(text)
        except InstructionError as error:
            str(error)
        finally:
            sys.setprofile(None)
        return count

    small, large = calls(1_500), calls(6_000)
    assert large < 6 * small + 5_000  # four times the text; quadratic would be 16 times
    started = time.process_time()
    with contextlib.suppress(InstructionError):
        parse("click X and " + piece * (10_000 // len(piece)))
    assert time.process_time() - started < 5
