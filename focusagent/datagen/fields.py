# ruff: noqa: E501 - HTML reads better unbroken
"""Fields and choices of generated pages, with their labels, as HTML (see ``components``)."""

from __future__ import annotations

import html

from .builder import Builder
from .theme import css


def form(b: Builder) -> str:
    """Fields whose labels stand left, above or inside."""
    where = b.rng.choice(("left", "above", "inside"))
    rows = []
    for _ in range(b.rng.randint(3, 7)):
        label, identity = b.text(b.rng.choice(("term", "title"))), b.identity()
        tag = (
            ""
            if where == "inside"
            else f'<label id="{identity}l" style="display:{"block" if where == "above" else "inline-block"};width:{"auto" if where == "above" else "9em"}">{b.span(label)}</label>'
        )
        look = (
            f'id="{identity}" data-name="{html.escape(label, quote=True)}" data-label="{identity}l" '
            f'style="width:{"60%" if where == "left" else "100%"};height:auto;display:inline-block;opacity:1"'
        )
        kinds = (_input, _area) if where == "inside" else (_input, _area, _select, _drawn_select)
        field = b.rng.choices(kinds, (12, 2, 2, 2)[: len(kinds)])[0]
        made = field(b, look, label if where == "inside" else "")
        rows.append(f'<div style="margin:{b.rng.randint(2, 10)}px 0">{tag}{made}</div>')
    return (
        f'<form class="surface" style="padding:8px">{"".join(rows)}{b.button()} {b.button()}</form>'
    )


def _value(b: Builder) -> str:
    return html.escape(b.text(b.rng.choice(("name", "email", "number", "word", "date"))), True)


def _input(b: Builder, look: str, inside: str) -> str:
    value, shown = _value(b), b.rng.choice(("", "value", "placeholder"))
    if inside:
        value, shown = html.escape(inside, True), "placeholder"
    inner = f'{shown}="{value}"' if shown else ""
    return (
        f'<input type="text" class="field form-control input" data-role="textbox" {look} {inner}>'
    )


def _area(b: Builder, look: str, inside: str) -> str:
    """Several rows to write in, a short text on each or none."""
    rows = b.rng.randint(2, 4)
    written = "&#10;".join(_value(b) for _ in range(b.rng.randint(0, rows)))
    inner = f'placeholder="{html.escape(inside, True)}"' if inside else ""
    text = "" if inside else written
    look = look.replace("height:auto", "height:auto;resize:none")
    return f'<textarea rows="{rows}" class="field form-control textarea" data-role="textbox" {look} {inner}>{text}</textarea>'


def _select(b: Builder, look: str, inside: str) -> str:
    """The browser's own dropdown, closed."""
    options = "".join(f"<option>{_value(b)}</option>" for _ in range(3))
    return (
        f'<select class="field form-select select" data-role="combobox" {look}>{options}</select>'
    )


def _drawn_select(b: Builder, look: str, inside: str) -> str:
    """A dropdown as component kits draw it: a box, the value, a mark at its right end."""
    mark = b.rng.choice(("▾", "▼", "⌄", "›", "⌃"))
    look = look.replace("display:inline-block", "display:inline-flex;justify-content:space-between")
    return f'<div class="field" data-role="combobox" {look}><span>{b.piece("word", "name", "term")}</span><span style="pointer-events:none">{mark}</span></div>'


def choices(b: Builder) -> str:
    """Checkboxes, radio buttons or switches with labels on their right."""
    kind = b.rng.choice(("checkbox", "radio", "switch"))
    rows = []
    for _ in range(b.rng.randint(3, 7)):
        name, identity = b.text(b.rng.choice(("term", "title", "sentence"))), b.identity()
        state = b.rng.choice(("checked", ""))
        about = (
            f'id="{identity}" data-role="{kind}" data-name="{html.escape(name, quote=True)}" '
            f'data-label="{identity}l" data-state="{state}"'
        )
        control = (
            _switch(b, about, bool(state))
            if kind == "switch"
            else f'<input type="{kind}" {state} style="opacity:1;position:static;pointer-events:auto" {about}>'
        )
        rows.append(
            f'<div>{control} <label for="{identity}" id="{identity}l" style="display:inline;padding:0;position:static">{b.span(name)}</label></div>'
        )
    return f'<div class="surface" style="padding:6px">{"".join(rows)}</div>'


def _switch(b: Builder, about: str, on: bool) -> str:
    """A track with a knob at one of its ends."""
    ground = css(b.theme.primary if on else b.theme.muted)
    return (
        f'<span {about} style="display:inline-block;position:relative;width:2.2em;height:1.2em;border-radius:1em;vertical-align:middle;background:{ground}">'
        f'<span style="position:absolute;top:.15em;{"right" if on else "left"}:.15em;width:.9em;height:.9em;border-radius:50%;background:{css(b.theme.surface)}"></span></span>'
    )
