"""What instructions mean, without a screen: the grammar and what it keeps open."""

from __future__ import annotations

import random
import time

import pytest

from grounding.query import Place, Query, Reading, Relation, Target, understand


def first(instruction: str) -> Target:
    return understand(instruction).readings[0].target


def row(name: str) -> tuple[Relation, ...]:
    return (Relation("row", Target(name)),)


TOP_RIGHT, SIDEBAR = Place(("top", "right")), Place((), "sidebar")


@pytest.mark.parametrize(
    ("instruction", "meant"),
    [
        ("Save draft", Target("Save draft")),
        ("click the X button", Target("X", "button")),
        ("Please could you click on the Save button, thanks", Target("Save", "button")),
        ("press 'Sign in'", Target("Sign in")),
        ("tick 'Remember me'", Target("Remember me", "toggle")),
        ('click the "Save to disk" link', Target("Save to disk", "link")),
        ("button labelled Save", Target("Save", "button")),
        ("the link that says Read more", Target("Read more", "link")),
        ("the field right of Email", Target("", "textbox", relations=(Relation("right", Target("Email")),))),
        ("checkbox to the left of Remember me", Target("", "checkbox", relations=(Relation("left", Target("Remember me")),))),
        ("the icon beside Settings", Target("", "icon", relations=(Relation("near", Target("Settings")),))),
        ("delete in the row of Alice", Target("delete", relations=row("Alice"))),
        ("In the row of Alice, click Delete", Target("Delete", relations=row("Alice"))),
        ("click 'Edit' next to 'Bob Smith'", Target("Edit", relations=(Relation("near", Target("Bob Smith")),))),
        ("the link under \"About us\" in the footer", Target("", "link", relations=(Relation("below", Target("About us", places=(Place((), "footer"),))),))),
        ("the button above the Total field", Target("", "button", relations=(Relation("above", Target("Total", "textbox")),))),
        ("second Save", Target("Save", ordinal=2)),
        ("3rd checkbox", Target("", "checkbox", ordinal=3)),
        ("last item of the left menu", Target("", "control", ordinal=-1, places=(Place(("left",), "menu"),))),
        ("the second of the Save buttons", Target("Save", "button", ordinal=2)),
        ("second button from the right", Target("", "button", ordinal=-2)),
        ("the search icon in the top right corner", Target("search", "icon", places=(TOP_RIGHT,))),
        ("bottom-left Save", Target("Save", places=(Place(("bottom", "left")),))),
        ("Settings in the sidebar", Target("Settings", places=(SIDEBAR,))),
        ("the red button", Target("", "button", colour="red")),
        ("the dark blue Submit button", Target("Submit", "button", colour="blue")),
        ("type alice into Username", Target("Username", "field")),
        ("enter 'hello in world' in the Search field", Target("Search", "textbox")),
        ("fill in Username with alice", Target("Username", "field")),
        ("set Country to Germany", Target("Country", "field")),
        ("tick Remember me", Target("Remember me", "toggle")),
        ("the field between First name and Last name",
         Target("", "textbox", relations=(Relation("after", Target("First name")), Relation("before", Target("Last name"))))),
        ('Close the dialog by clicking the "x".', Target("x")),
        ("Switch between the tabs to find and click on the link 'Eget'.", Target("Eget", "link")),
        ("Click button ONE.", Target("ONE", "button")),
        ('click on a "checkbox" widget', Target("", "checkbox")),
        ("Focus into the 2nd input textbox.", Target("", "textbox", ordinal=2)),
        ("click on a small blue shape", Target("", "shape", colour="blue", size="small")),
        ("the large digit", Target("", "digit", size="large")),
        ("click column header 'Revenue'", Target("Revenue", "text")),
        ("the button right next to Save, on its left", Target("", "button", relations=(Relation("left", Target("Save")),))),
        ("the entry just underneath Compose", Target("", "control", relations=(Relation("below", Target("Compose")),))),
        ("sidebar item directly below Home", Target("", "control", places=(SIDEBAR,), relations=(Relation("below", Target("Home")),))),
        ("menu item", Target("", "menuitem")),
        ("what is to the right of Privacy Policy", Target("", "control", relations=(Relation("right", Target("Privacy Policy")),))),
        ("the solid purple button at the very bottom of the side menu",
         Target("", "button", colour="purple", places=(Place(("bottom",), "sidebar"),))),
        ("the field at the top right of the form", Target("", "textbox", places=(Place(("top", "right"), "part"),))),
        ("Launch button in the card titled Modal Center", Target("Launch", "button", relations=(Relation("inside", Target("Modal Center")),))),
        ("the second button of the card The Others", Target("", "button", ordinal=2, relations=(Relation("inside", Target("The Others")),))),
        ("three dots of the fifth row", Target("three dots", ordinal=5)),
        ("where I type the city", Target("city", "field")),
        ("sort by Age", Target("Age")),
        ("close the Bar Chart card", Target("close", "icon", relations=(Relation("inside", Target("Bar Chart")),))),
        ("the row with the highest Amount", Target("Amount", "value", extreme="most")),
        ("Find the email by Alice and click the trash icon to delete it.",
         Target("trash", "icon", relations=(Relation("entry", Target("Alice")),))),
    ],
)  # fmt: skip
def test_what_people_say(instruction: str, meant: Target) -> None:
    assert first(instruction) == meant


@pytest.mark.parametrize(
    ("instruction", "meant"),
    [
        ("Edit link for Lucas Harper", Target("Edit", "link", relations=row("Lucas Harper"))),
        ("the crumb link listed under Docs", Target("crumb", "link", relations=(Relation("below", Target("Docs")),))),
        ("the second of the Save options", Target("Save", "control", ordinal=2)),
        ("the checkbox of the Alice row", Target("", "checkbox", relations=row("Alice"))),
        ("phone goes here", Target("phone", "field")),
        ("the box under Comments", Target("", "textbox", relations=(Relation("below", Target("Comments")),))),
        ("tick the third message", Target("", "toggle", ordinal=3)),
        ("Add next to Redirects", Target("Add", relations=(Relation("near", Target("Redirects")),))),
        ("click the name in the third row", Target("", "control", ordinal=3, relations=(Relation("below", Target("name")),))),
        ("delete the oldest invoice", Target("delete", relations=(Relation("entry", Target("", "date", extreme="least")),))),
        ("book the cheapest flight", Target("", "button", relations=(Relation("entry", Target("", "money", extreme="least")),))),
        ("the green button below the header", Target("", "button", colour="green")),
    ],
)  # fmt: skip
def test_what_else_they_may_mean(instruction: str, meant: Target) -> None:
    assert meant in [reading.target for reading in understand(instruction).readings]


def test_nothing_is_put_into_what_something_stands_next_to() -> None:
    assert not any(r.target.role == "field" and r.target.text == "Redirects"
                   for r in understand("Add next to Redirects").readings)  # fmt: skip


def test_a_heading_is_in_no_row() -> None:
    asked = understand("the checkbox in the Approve column in the row of Taxi")
    both = (Relation("column", Target("Approve")), Relation("row", Target("Taxi")))
    assert Target(role="checkbox", relations=both) in [one.target for one in asked.readings]


def texts(query: Query) -> list[str]:
    return [reading.target.text for reading in query.readings]


@pytest.mark.parametrize(
    "name",
    [
        "Sign in to Gmail", "Next to last", "Open file", "Select all", "Save button", "First name",
        "Go to next page", "Log in", "Items in cart", "Click here", "Top stories", "Red Hat",
        "Phone number", "Circle", "Click here to see the list",
        "Already have an account? Login!", "Delete row", "Type something", "Left", "Search for...",
    ],
)  # fmt: skip
def test_a_name_may_always_be_meant_as_it_stands(name: str) -> None:
    """Whatever the grammar makes of it, a control may be called exactly that."""
    assert name in texts(understand(name))
    assert any(
        reading.target.text == name and reading.target.role == "link"
        for reading in understand(f"click the {name} link").readings
    )


@pytest.mark.parametrize("quote", ["'{}'", '"{}"', "“{}”", "«{}»"])
@pytest.mark.parametrize(
    "name", ["left of Email", "Save in the row of X", "second to last", "Alice's"]
)
def test_quotations_are_never_taken_apart(quote: str, name: str) -> None:
    query = understand(f"click the {quote.format(name)} button")
    assert query.readings[0].target == Target(name, "button")
    for reading in query.readings:
        assert reading.target.text == name
        assert not reading.target.relations


def test_a_verb_before_a_quotation_is_a_verb() -> None:
    assert all(r.target.role == "toggle" for r in understand("tick 'Remember me'").readings)


def test_values_to_type_are_not_looked_for_first() -> None:
    for said in (
        "type 'secret in Password' into Username", "put secret into the Username box",
        "fill the Username field with secret", "enter secret as Username",
    ):  # fmt: skip
        assert first(said).text == "Username", said
        assert first(said).role in ("field", "textbox"), said


def test_an_option_comes_before_the_list_it_is_in() -> None:
    names = texts(understand("select Germany from the Country dropdown"))
    assert names[0] == "Germany"
    assert "Country" in names


def test_readings_are_distinct_and_in_order() -> None:
    query = understand("the second delete button in the row of Alice in the sidebar")
    priors = [reading.prior for reading in query.readings]
    assert priors == sorted(priors, reverse=True)
    assert all(0 < prior <= 1 for prior in priors)
    targets = [reading.target for reading in query.readings]
    assert len(set(targets)) == len(targets)
    assert query == understand(query.instruction)


WORDS = """
the a second last 3rd click type into left right of to in row column top bottom red Save Alice's
button field icon menu next between and , ' " “ ” 's above under with for item -
"""


def test_any_words_are_understood_in_bounded_time() -> None:
    rng = random.Random(7)
    started = time.process_time()
    for _ in range(150):
        said = " ".join(rng.choices(WORDS.split(), k=rng.randrange(1, 30)))
        query = understand(said)
        assert len(query.readings) <= 8
        assert all(isinstance(reading, Reading) for reading in query.readings)
    assert time.process_time() - started < 8


@pytest.mark.parametrize(
    "said",
    [
        "lorem ipsum " * 170, "in the " * 285, "x" * 2000, '"' * 2000, "“" * 2000,
        "'a " * 600, "left of the right of " * 95,
    ],
)  # fmt: skip
def test_long_instructions(said: str) -> None:
    started = time.process_time()
    query = understand(said)
    assert time.process_time() - started < 2
    assert all(len(reading.target.text) <= 120 for reading in query.readings)


@pytest.mark.parametrize("said", ["Speichern unter", "保存", "Сохранить", "ĝis", "→", "!?", "…"])
def test_unknown_words_are_content(said: str) -> None:
    assert said in texts(understand(said))


def test_a_name_may_end_in_tables_or_grid() -> None:
    for name in ("6 Tables", "Bootstrap Grid"):
        readings = understand(f"the second item under {name}").readings
        first = next(one.target for one in readings if one.target.relations)
        assert first.relations[0].anchor == Target(name)
