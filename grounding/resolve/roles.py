"""How well a role that was asked for fits the one that an element seems to have."""

from __future__ import annotations

FIELDS = frozenset({"textbox", "combobox", "slider"})
MARKS = frozenset({"checkbox", "radio", "switch"})
# Roles of things that look as if they could be clicked.
CLICKABLE = frozenset(
    {"button", "link", "tab", "menuitem", "icon", "textbox", "combobox", "checkbox", "radio"}
    | {"switch", "slider"}
)

# Columns: what the element seems to be. A parser mistakes some roles for others, and many links
# and entries of menus look like plain text.
_HAVE = (
    "button", "link", "tab", "menuitem", "icon", "textbox", "combobox", "checkbox", "radio",
    "switch", "image", "text", "slider",
)  # fmt: skip
_FITS: dict[str, tuple[float, ...]] = {
    #            butt  link  tab   menu  icon  text  comb  chec  radi  swit  imag  text  slid
    "":         (1.00, 1.00, 1.00, 1.00, 0.97, 0.96, 0.97, 0.95, 0.95, 0.95, 0.85, 0.90, 0.95),
    "button":   (1.00, 0.92, 0.90, 0.90, 0.95, 0.60, 0.85, 0.45, 0.45, 0.50, 0.70, 0.85, 0.40),
    "link":     (0.95, 1.00, 0.95, 0.97, 0.92, 0.60, 0.60, 0.45, 0.45, 0.40, 0.75, 0.94, 0.30),
    "tab":      (0.95, 0.97, 1.00, 0.95, 0.85, 0.50, 0.60, 0.40, 0.40, 0.40, 0.60, 0.90, 0.30),
    "menuitem": (0.92, 0.97, 0.95, 1.00, 0.85, 0.50, 0.60, 0.50, 0.50, 0.50, 0.60, 0.94, 0.30),
    "icon":     (0.92, 0.75, 0.75, 0.75, 1.00, 0.20, 0.40, 0.45, 0.45, 0.45, 0.90, 0.35, 0.40),
    "textbox":  (0.60, 0.45, 0.30, 0.30, 0.30, 1.00, 0.90, 0.20, 0.20, 0.20, 0.20, 0.50, 0.50),
    "combobox": (0.80, 0.60, 0.60, 0.60, 0.50, 0.88, 1.00, 0.20, 0.20, 0.20, 0.20, 0.60, 0.40),
    "field":    (0.65, 0.45, 0.30, 0.30, 0.30, 1.00, 0.98, 0.60, 0.60, 0.60, 0.20, 0.50, 0.98),
    "file":     (1.00, 0.90, 0.50, 0.50, 0.85, 0.95, 0.60, 0.20, 0.20, 0.20, 0.60, 0.60, 0.20),
    "checkbox": (0.50, 0.30, 0.30, 0.30, 0.60, 0.35, 0.25, 1.00, 0.88, 0.88, 0.20, 0.50, 0.30),
    "radio":    (0.50, 0.30, 0.30, 0.30, 0.60, 0.30, 0.25, 0.88, 1.00, 0.80, 0.20, 0.50, 0.30),
    "switch":   (0.60, 0.30, 0.30, 0.30, 0.70, 0.40, 0.30, 0.92, 0.85, 1.00, 0.20, 0.50, 0.60),
    "toggle":   (0.60, 0.50, 0.50, 0.60, 0.70, 0.40, 0.30, 1.00, 0.98, 1.00, 0.20, 0.60, 0.50),
    "slider":   (0.40, 0.20, 0.20, 0.20, 0.40, 0.60, 0.50, 0.20, 0.20, 0.60, 0.20, 0.50, 1.00),
    "image":    (0.60, 0.50, 0.40, 0.40, 0.90, 0.30, 0.20, 0.20, 0.30, 0.20, 1.00, 0.60, 0.30),
    "text":     (0.80, 0.90, 0.85, 0.85, 0.40, 0.60, 0.60, 0.30, 0.30, 0.30, 0.50, 1.00, 0.30),
}  # fmt: skip
# Nothing else is as good as what is drawn like that; a letter or a circle is a shape, too.
_DRAWN = {
    "shape": {"circle", "triangle", "rectangle", "shape"},
    "circle": {"circle"},
    "triangle": {"triangle"},
    "rectangle": {"rectangle"},
    "letter": {"letter"},
    "digit": {"digit"},
}
_ALIKE = {("circle", "icon"), ("triangle", "icon"), ("shape", "icon"), ("rectangle", "shape")}
_ANY = ("control", "menu", "container", "table", "row", "column")


def role_fit(asked: str, have: str) -> float:
    """Return from 0 to 1 how well an element's role fits what was asked; "" asks for any."""
    if asked in _DRAWN or have in _DRAWN:
        return _drawn_fit(asked, have)
    wanted = {"textarea": "textbox"}.get(asked, "" if asked in _ANY else asked)
    row = _FITS.get(wanted, _FITS[""])
    return row[_HAVE.index(have)] if have in _HAVE else 0.5


def _drawn_fit(asked: str, have: str) -> float:
    """Return how well something drawn, or what was asked for as drawn, fits."""
    if asked in _DRAWN:
        return 1.0 if have in _DRAWN[asked] else 0.6 if (asked, have) in _ALIKE else 0.0
    if asked in ("toggle", "container"):  # "the red box"
        return 0.9 if have in ("rectangle", "circle") else 0.3
    return 0.9 if asked in ("", "control", "icon", "image") else 0.3
