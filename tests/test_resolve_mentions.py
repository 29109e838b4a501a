"""What is said in other words than the screen's, or in an order that no grammar knows."""

from __future__ import annotations

import pytest
from drawn_scene import FORM, Drawn, FakeIcons, ask, hit

from grounding.query.thesaurus import alternatives, meanings

SHOP: tuple[Drawn, ...] = (
    ("link", "Sign out", 700, 20, 760, 40),
    ("link", "Forgot password?", 40, 60, 160, 80),
    ("button", "Compose", 40, 100, 140, 130),
    ("link", "Junk", 40, 150, 90, 170),
    ("link", "Show all alerts", 40, 200, 150, 220),
    ("text", "Lucas Harper", 300, 120, 400, 140),
    ("link", "Edit", 600, 120, 640, 140),
    ("text", "Ethan James", 300, 180, 400, 200),
    ("link", "Edit", 600, 180, 640, 200),
    ("text", "Invoice 4711", 300, 260, 400, 280),
    ("text", "$120", 460, 260, 500, 280),
    ("link", "PDF", 600, 260, 640, 280),
    ("text", "Invoice 4712", 300, 320, 400, 340),
    ("text", "$185", 460, 320, 500, 340),
    ("link", "PDF", 600, 320, 640, 340),
    ("text", "Payment method", 300, 400, 430, 420),
    ("button", "PayPal", 300, 440, 380, 470),
    ("button", "Visa", 400, 440, 480, 470),
    ("text", "Surname", 40, 400, 110, 420),
    ("textbox", "", 40, 424, 240, 452),
)


def shown(words: str, number: int = 0) -> Drawn:
    return [each for each in SHOP if each[1] == words][number]


@pytest.mark.parametrize(
    ("instruction", "meant"),
    [
        ("log me out", shown("Sign out")),
        ("I cannot remember my password", shown("Forgot password?")),
        ("write a new mail", shown("Compose")),
        ("the spam folder", shown("Junk")),
        ("see all the alerts", shown("Show all alerts")),
        ("jump to Junk", shown("Junk")),
        ("Edit link for Ethan James", shown("Edit", 1)),
        ("pdf of the $120 invoice", shown("PDF")),
        ("pdf of the $185 invoice", shown("PDF", 1)),
        ("choose paypal as the payment method", shown("PayPal")),
        ("type Meier into last name", SHOP[-1]),
        ("the family name field", SHOP[-1]),
    ],
)
def test_in_other_words(instruction: str, meant: Drawn) -> None:
    assert hit(ask(instruction, SHOP), meant), (instruction, ask(instruction, SHOP)[:2])


@pytest.mark.parametrize(
    "absent",
    [
        "sign out with Twitter",
        "pdf of the $300 invoice",
        "choose bitcoin as the payment method",
        "Edit link for Maria Gomez",
        '"Log out"',  # to the letter, it is not there
        "Junk and Compose",  # two things
        "the row under Junk mail",
        "show all invoices of Carlos",
    ],
)
def test_words_that_nothing_accounts_for(absent: str) -> None:
    assert ask(absent, SHOP) == []


def test_what_is_written_comes_before_what_means_the_same() -> None:
    both: tuple[Drawn, ...] = (*SHOP, ("link", "Log out", 600, 20, 660, 40))
    assert hit(ask("Log out", both), both[-1])
    assert hit(ask("Sign out", both), both[0])


def test_an_icon_goes_with_the_words_beside_it() -> None:
    cards: tuple[Drawn, ...] = (
        ("card", "", 20, 80, 380, 300),
        ("card", "", 420, 80, 780, 300),
        ("text", "Bar chart", 60, 100, 140, 120),
        ("text", "Line chart", 460, 100, 540, 120),
    )
    boxes = [(340, 98, 364, 122), (740, 98, 764, 122)]
    marks = FakeIcons(*(("remove", box) for box in boxes))
    for name, box in zip(("bar", "line"), boxes, strict=True):
        assert hit(ask(f"remove the {name} chart", cards, marks), ("icon", "", *box))


def test_no_icon_means_a_date_or_a_sentence() -> None:
    marks = FakeIcons(("star", (500, 20, 524, 44)))
    assert ask("the star of November 30, 2019", FORM, marks) == []
    assert hit(ask("star", FORM, marks), ("icon", "", 500, 20, 524, 44))


def test_groups_of_phrases() -> None:
    assert "sign out" in alternatives("log out")
    assert "surname field" in alternatives("last name field")
    assert alternatives("quartz") == []
    said = ["i", "cannot", "remember", "my", "password"]
    assert {1, 2, 4} in meanings(said).values()  # "my" changes nothing


@pytest.mark.parametrize(
    ("name", "other"),
    [("trash", "delete"), ("order", "buy"), ("update", "refresh"), ("discard", "cancel")],
)
def test_what_is_hard_to_undo_has_few_other_words(name: str, other: str) -> None:
    assert other not in alternatives(name)
    assert name not in alternatives(other)
