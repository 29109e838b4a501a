"""Draws the texts, buttons and links that the components of a page are made of."""

from __future__ import annotations

import html
import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from . import words
from .fonts import latin_families
from .theme import Theme, css, random_colour, readable_on


@dataclass
class Builder:
    """Draws texts and components for one page."""

    rng: random.Random
    theme: Theme
    split: str = "train"
    icons: Mapping[str, str] = field(default_factory=dict)
    count: int = field(default=0)

    def text(self, kind: str | None = None) -> str:
        """Return a piece of text of one kind."""
        return words.text(self.rng, self.split, kind)

    def identity(self) -> str:
        """Return an element id not used on this page."""
        self.count += 1
        return f"e{self.count}"

    def span(self, text: str) -> str:
        """Return text as HTML, now and then styled unlike its surroundings."""
        rng, safe = self.rng, html.escape(text)
        if rng.random() < 0.72:
            return f"<span>{safe}</span>"
        style = rng.choice(
            (
                f"font-weight:{rng.choice((300, 500, 600, 700, 900))}",
                "font-style:italic",
                "text-decoration:underline",
                f"letter-spacing:{rng.choice((-0.3, 0.3, 0.5, 1, 1.5, 2, 3))}px",
                f"font-size:{rng.choice((0.75, 0.85, 1.15, 1.3, 1.6, 2.2)):.2f}em",
                f"font-family:'{rng.choice(latin_families())}'",
                f"opacity:{rng.choice((0.6, 0.7, 0.8))}",
                "font-stretch:condensed",
                f"font-family:monospace;font-size:{rng.randint(10, 16)}px",
            )
        )
        shown = html.escape(text.upper()) if "spacing" in style else safe
        return f'<span style="{style}">{shown}</span>'

    def icon(self, share: float = 1.0) -> tuple[str, str]:
        """Return name and HTML of an icon about as tall as the text, both empty now and then."""
        rng = self.rng
        if not self.icons or rng.random() >= share:
            return "", ""
        name = rng.choice(list(self.icons))
        side = rng.choice(("1em", "1em", "1.15em", "1.4em", f"{rng.randint(11, 28)}px"))
        style = f'style="width:{side};height:{side};vertical-align:-.15em"'
        return name, self.icons[name].replace("<svg", f"<svg {style}", 1)

    def piece(self, *kinds: str) -> str:
        """Return a styled text of one of these kinds."""
        return self.span(self.text(self.rng.choice(kinds) if kinds else None))

    def button(self, name: str | None = None) -> str:
        """Return a button: filled, outlined or plain."""
        rng = self.rng
        name = name or self.text(rng.choice(("term", "term", "title", "word")))
        if rng.random() < 0.15:
            name = name.upper()
        looks = rng.random()
        if looks < 0.35:
            style, classes = "", "filled"
        elif looks < 0.65:
            ground = random_colour(rng)
            style = f"background:{css(ground)};color:{css(readable_on(rng, ground))}"
            classes = ""
        else:
            style, classes = "background:none;color:inherit", "box"
        pad = f"padding:{rng.randint(0, 9)}px {rng.randint(3, 20)}px"
        corners = f"border-radius:{rng.choice((0, 3, 6, 16))}px;height:auto;opacity:1"
        state = "disabled" if rng.random() < 0.05 else ""
        kit = rng.choice(
            ("btn btn-primary button is-primary", "btn button", "btn-small btn btn-secondary", "")
        )
        return (
            f'<button class="{kit} {classes}" style="{pad};{corners};{style}" data-role="button" '
            f'data-name="{html.escape(name, quote=True)}" data-state="{state}" {state}>'
            f"{self.icon(0.25)[1]} {self.span(name)}{self.icon(0.08)[1]}</button>"
        )

    def link(self, coloured: bool = True) -> str:
        """Return a link, in a colour of its own (readable on the theme's surface) or inherited."""
        name, colour = self.text(), "inherit"
        if coloured and self.rng.random() < 0.5:
            colour = css(readable_on(self.rng, self.theme.surface, 3.0))
        line = self.rng.choice(("underline", "none"))
        return (
            f'<a href="#" style="color:{colour};text-decoration:{line}" data-role="link" '
            f'data-name="{html.escape(name, quote=True)}">{self.icon(0.15)[1]}{self.span(name)}</a>'
        )
