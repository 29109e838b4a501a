"""The words the grammar knows for what things look like: colours, sizes, shapes."""

from __future__ import annotations

from .lexicon import phrase_table, word_set

# Things that are drawn rather than called: only with nothing but looks said before them.
FIGURES = phrase_table(
    {
        "shape": "shape, shapes, figure, figures, geometric shape, polygon, polygons",
        "circle": "circle, circles, dot, dots, disc, disk",
        "triangle": "triangle, triangles",
        "rectangle": "rectangle, rectangles, square, squares",
        "letter": "letter, letters, character, characters",
        "digit": "digit, digits, number, numbers, numeral, numerals",
    }
)
SIZES = {
    word: size
    for size, words in {"small": "small little tiny", "large": "large big huge wide long"}.items()
    for word in words.split()
}

COLOURS = {
    name: colour
    for colour, names in {
        "red": "red crimson scarlet",
        "maroon": "maroon",
        "orange": "orange amber",
        "yellow": "yellow gold golden",
        "olive": "olive",
        "green": "green",
        "lime": "lime",
        "teal": "teal blue-green",
        "cyan": "cyan turquoise aqua",
        "blue": "blue azure",
        "navy": "navy",
        "purple": "purple violet indigo",
        "magenta": "magenta fuchsia",
        "pink": "pink",
        "brown": "brown",
        "black": "black",
        "grey": "grey gray silver",
        "white": "white",
    }.items()
    for name in names.split()
}
COLOURED = word_set("coloured colored color colour")

# Adjectives that say nothing about a control that has no name.
VAGUE = word_set(
    "big large small little tiny round rounded square wide long main only bright light pale dark "
    "vertical horizontal empty single solid filled outlined narrow thin thick flat floating "
    "rectangular bold"
)
