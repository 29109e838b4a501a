# ruff: noqa: E501 - HTML reads better unbroken
"""The building blocks of generated pages, as HTML.

Class names of several component kits stand side by side: whichever kit is loaded, if any, styles
what it knows. ``data-role``, ``data-name``, ``data-label`` and ``data-state`` carry the labels.
"""

from __future__ import annotations

import html
from collections.abc import Callable

from . import words
from .builder import Builder
from .fields import choices, form
from .fonts import latin_families
from .theme import backdrop, css, random_colour, readable_on


def navigation(b: Builder) -> str:
    """A bar of links with a brand, a search field and buttons."""
    links = "".join(
        f'<span style="margin:0 {b.rng.randint(4, 14)}px">{b.link(False)}</span>' for _ in range(6)
    )
    return (
        f'<nav class="bar navbar" style="display:flex;align-items:center;padding:{b.rng.randint(2, 14)}px;gap:8px;'
        f'height:auto"><b style="font-size:1.3em">{b.piece("word", "title")}</b>{links}{b.button()}</nav>'
    )


def sidebar(b: Builder) -> str:
    """A column of links, some with counts."""
    rows = []
    for _ in range(b.rng.randint(6, 16)):
        badge = (
            f'<span class="badge tag" style="float:right">{b.piece("number")}</span>'
            if b.rng.random() < 0.3
            else ""
        )
        rows.append(f'<li style="padding:{b.rng.randint(1, 7)}px 8px">{b.link()}{badge}</li>')
    return (
        f'<aside class="surface menu"><ul style="padding:0;margin:0">{"".join(rows)}</ul></aside>'
    )


def table(b: Builder) -> str:
    """A table with headings and actions."""
    columns = b.rng.randint(3, 7)
    kinds = [b.rng.choice(words.KINDS) for _ in range(columns)]
    head = "".join(f"<th>{b.piece('title', 'term', 'word')}</th>" for _ in range(columns))
    stripe = random_colour(b.rng) if b.rng.random() < 0.1 else None
    body = ""
    for row in range(b.rng.randint(4, 12)):
        style = (
            f"background:{css(stripe)};color:{css(readable_on(b.rng, stripe))}"
            if stripe and row % 2
            else ""
        )
        body += (
            f'<tr style="{style}">'
            + "".join(
                f"<td>{b.link() if b.rng.random() < 0.1 else b.span(b.text(k))}</td>" for k in kinds
            )
            + "</tr>"
        )
    return f'<table class="table striped surface" style="font-size:{b.rng.choice((0.8, 0.9, 1, 1))}em"><tr>{head}</tr>{body}</table>'


def card(b: Builder) -> str:
    """A card with a heading, a paragraph and actions."""
    return (
        f'<div class="surface box card" style="padding:{b.rng.randint(4, 18)}px"><h3 style="font-size:{b.rng.randint(14, 30)}px">'
        f'{b.piece("title", "term")}</h3><p style="margin:.3em 0">{b.piece("sentence")} {b.piece("sentence")}</p>'
        f'<span class="muted">{b.piece("date", "name", "number")}</span><div>{b.button()} {b.link()}</div></div>'
    )


def paragraph(b: Builder) -> str:
    """Running text that wraps."""
    body = " ".join(b.piece("sentence") for _ in range(b.rng.randint(2, 6)))
    return f'<p class="surface" style="margin:0;padding:4px;text-align:{b.rng.choice(("left", "left", "justify", "center"))}">{body}</p>'


def tabs(b: Builder) -> str:
    """A row of tabs, one of them chosen."""
    chosen = b.rng.randrange(4)
    items = []
    for index in range(b.rng.randint(3, 6)):
        name = b.text(b.rng.choice(("term", "word", "title")))
        state, look = ("selected", "filled") if index == chosen else ("", "box")
        items.append(
            f'<span class="{look}" style="padding:3px 10px;display:inline-block" data-role="tab" data-state="{state}" '
            f'data-name="{html.escape(name, quote=True)}">{b.span(name)}</span>'
        )
    return f'<div class="surface">{"".join(items)}</div>'


def hero(b: Builder) -> str:
    """Large type on a gradient or a photo."""
    ground, mean = backdrop(b.rng)
    colour = css(readable_on(b.rng, mean, 4.0))
    return (
        f'<div style="background:{ground};color:{colour};padding:{b.rng.randint(4, 30)}px"><div style="font-size:{b.rng.randint(20, 46)}px;'
        f"line-height:1.2;font-weight:{b.rng.choice((300, 400, 700, 900))};font-family:'{b.theme.heading_font}'\">{b.piece('title', 'term', 'name')}</div>"
        f'<div style="font-size:{b.rng.randint(12, 22)}px">{b.piece("sentence")}</div>{b.button()} {b.button()}</div>'
    )


def tiles(b: Builder) -> str:
    """Figures with captions, on coloured grounds."""
    made = []
    for _ in range(b.rng.randint(3, 5)):
        ground = random_colour(b.rng)
        made.append(
            f'<div style="flex:1;background:{css(ground)};color:{css(readable_on(b.rng, ground))};padding:6px">'
            f'<div style="font-size:{b.rng.randint(18, 40)}px">{b.piece("number", "price", "date", "time")}</div>{b.piece("term")}</div>'
        )
    return f'<div style="display:flex;gap:6px">{"".join(made)}</div>'


def code_block(b: Builder) -> str:
    """Source code in a monospaced face."""
    lines = "".join(f"<div>{html.escape(b.text('code'))}</div>" for _ in range(b.rng.randint(3, 9)))
    return f'<div class="box surface" style="font-family:monospace;font-size:{b.rng.randint(10, 16)}px;white-space:pre;padding:5px">{lines}</div>'


def chips(b: Builder) -> str:
    """Small labels in a row: tags, badges, breadcrumbs, page numbers."""
    mark = b.rng.choice((" / ", " › ", " | ", " ", " · ", " » "))
    if mark == " ":
        items = []
        for _ in range(7):
            ground = random_colour(b.rng)
            items.append(
                f'<span style="background:{css(ground)};color:{css(readable_on(b.rng, ground))};font-size:.85em;'
                f'padding:0 {b.rng.randint(2, 8)}px;border-radius:{b.rng.randint(0, 10)}px;margin:2px;display:inline-block">{b.piece("word", "number", "term")}</span>'
            )
        return f'<div class="surface">{"".join(items)}</div>'
    return (
        '<div class="surface">'
        + mark.join(b.piece("word", "term", "number") for _ in range(6))
        + "</div>"
    )


def dense(b: Builder) -> str:
    """Short texts, each in its own font, size and colours: the densest lesson."""
    items = []
    for _ in range(b.rng.randint(25, 60)):
        ground = random_colour(b.rng) if b.rng.random() < 0.3 else b.theme.surface
        size = b.rng.choices(
            (9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 24, 28, 32, 36, 40),
            (8, 9, 10, 10, 10, 9, 8, 7, 5, 5, 3, 4, 2, 2, 2, 2),
        )[0]
        items.append(
            f"<span style=\"display:inline-block;font-family:'{b.rng.choice(latin_families())}';font-size:{size + b.rng.choice((0, 0, 0, 0.5))}px;"
            f"line-height:{b.rng.choice((1, 1.1, 1.3))};font-weight:{b.rng.choice((400, 400, 400, 300, 500, 700, 800))};"
            f"font-style:{b.rng.choice(('normal', 'normal', 'normal', 'italic'))};background:{css(ground)};"
            f'color:{css(readable_on(b.rng, ground, 2.5))};padding:0 {b.rng.randint(1, 8)}px">{html.escape(b.text())}</span> '
        )
    return f'<div class="surface">{"".join(items)}</div>'


def menu(b: Builder) -> str:
    """An open dropdown over what lies beneath."""
    rows = "".join(
        f'<div style="padding:3px 12px" data-role="menuitem" data-name="{html.escape(name, quote=True)}">{b.span(name)}'
        f'<span class="muted" style="float:right;margin-left:2em">{b.rng.choice(("", "Ctrl+", "⌘", "Alt+")) and "Ctrl+" + chr(b.rng.randint(65, 90))}</span></div>'
        for name in (b.text("term") for _ in range(b.rng.randint(3, 9)))
    )
    left, top = b.rng.randint(50, 70), b.rng.randint(5, 50)
    return f'<div class="surface box" style="position:absolute;left:{left}%;top:{top}%;box-shadow:0 3px 9px #0006;z-index:9">{rows}</div>'


def toolbar(b: Builder) -> str:
    """Icons in a row, some framed, some on a ground of their own."""
    made = []
    for _ in range(b.rng.randint(6, 18)):
        name, drawn = b.icon()
        ground = random_colour(b.rng)
        look = b.rng.choice(
            (
                "",
                "",
                "border:1px solid",
                f"background:{css(ground)};color:{css(readable_on(b.rng, ground))}",
            )
        )
        made.append(
            f'<span data-role="button" data-name="{name}" style="display:inline-block;line-height:1;margin:1px;'
            f'padding:{b.rng.randint(1, 8)}px;border-radius:{b.rng.choice((0, 4, 20))}px;{look}">{drawn}</span>'
        )
    return f'<div class="surface">{"".join(made)}{b.piece("term")}</div>'


def dialog(b: Builder) -> str:
    """A dialog over a dimmed page."""
    dim = b.rng.choice(("#0000", "#0004", "#0009"))
    return (
        f'<div style="position:absolute;inset:0;background:{dim};z-index:10;pointer-events:none"><div class="surface box" data-role="dialog" data-name="dialog" '
        f'style="pointer-events:auto;position:absolute;left:25%;top:20%;width:45%;padding:16px"><h3>{b.piece("term", "title")}</h3><p>{b.piece("sentence")}</p>'
        f"{form(b) if b.rng.random() < 0.4 else ''}<div style='text-align:right'>{b.button()} {b.button()}</div></div></div>"
    )


BLOCKS: tuple[Callable[[Builder], str], ...] = (
    table, form, choices, card, paragraph, tabs, hero, tiles, code_block, chips, toolbar,
    dense, dense, dense,
)  # fmt: skip


def page(b: Builder) -> str:
    """Return the body of one page."""
    rng = b.rng
    parts = [navigation(b)] if rng.random() < 0.7 else []
    columns = rng.randint(1, 3)
    blocks = "".join(f"<div>{rng.choice(BLOCKS)(b)}</div>" for _ in range(rng.randint(8, 14)))
    grid = f'<main style="flex:1;min-width:0;column-count:{columns};column-gap:12px;padding:{rng.randint(0, 16)}px">{blocks}</main>'
    side = (
        f'<div style="width:{rng.randint(140, 240)}px">{sidebar(b)}</div>'
        if rng.random() < 0.4
        else ""
    )
    parts.append(f'<div style="display:flex;gap:10px">{side}{grid}</div>')
    if rng.random() < 0.15:
        parts.append(menu(b))
    if rng.random() < 0.12:
        parts.append(dialog(b))
    return "".join(parts)
