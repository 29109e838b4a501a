"""The words the grammar knows; every other word is content."""

from __future__ import annotations


def phrases(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the phrases of a text with commas between them, as words."""
    return tuple(tuple(phrase.split()) for phrase in text.split(", "))


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


def phrase_table(meanings: dict[str, str]) -> dict[tuple[str, ...], str]:
    """Return what phrases mean, from meanings and the phrases of each with commas between."""
    return {phrase: meaning for meaning, text in meanings.items() for phrase in phrases(text)}


def _close(words: str) -> str:
    """Return prepositions with what people put before them: "just below"."""
    nearly = ("just", "right", "directly", "immediately", "straight")
    return ", ".join(f"{adverb} {word}" for adverb in nearly for word in words.split())


ARTICLES = word_set("the a an this that these those my your its his her their our")

# Said before what is wanted; it changes nothing.
POLITE = phrases(
    "please, kindly, now, then, just, and, ok, okay, hey, hi, hello, let's, lets, let us, "
    "can you, could you, would you, will you, can i, may i, i want to, i want you to, i need to, "
    "i need you to, i'd like to, i'd like you to, i would like to, i would like you to, "
    "we want to, you should, you need to, try to, go ahead and, be so kind and, "
    "where is, where are, "
    "where can i find, where do i find, show me, take me to, bring me to, i want, i need, help me, "
    "i'm looking for, i am looking for, look for, there is, the user wants to, your task is to"
)
AFTERTHOUGHTS = phrases(
    "please, now, thanks, thank you, for me, if you can, on the screen, on this screen, on screen, "
    "on the page, on this page, of the page, of the screen, in the window"
)

# Verbs, and what they say about the role of what is wanted.
VERBS = phrase_table(
    {
        "": (
            "click, click on, click at, click onto, click over, clicking on, left click, "
            "left click on, left-click, left-click on, "
            "right click, right click on, right-click, right-click on, double click, "
            "double click on, double-click, double-click on, press, press on, tap, tap on, hit, "
            "push, select, choose, pick, open, open up, go to, go into, navigate to, visit, "
            "find, locate, identify, point to, point at, show, focus, focus on, focus into, "
            "focus in, hover, hover over, "
            "hover on, move to, move the mouse to, move over, activate, use, follow, launch, "
            "view, expand, collapse, close, dismiss, fold, fold up, unfold, get, mark, start, run, "
            "see, scroll to, look at, drag, "
            "sort by, order by, jump to, switch to, change to, skip to, return to, go back to, "
            "clicking, pressing, pressing on, tapping, tapping on, hitting, pushing, selecting, "
            "choosing, picking"
        ),
        "toggle": (
            "tick, untick, uncheck, deselect, unselect, tick off, check off, check, toggle, "
            "turn on, turn off, switch on, switch off, enable, disable, activate, deactivate, flip"
        ),
        "field": "clear, empty, edit, focus the cursor in, place the cursor in, click into, "
        "click in",
    }
)
# What an icon that does so is called.
SIGNS_OF = phrase_table(
    {
        "close": "close, dismiss",
        "collapse": "collapse, fold, fold up, minimise, minimize",
        "expand": "expand, unfold, maximise, maximize",
    }
)
# No control is called so: after these a name begins.
POINTING = word_set(
    "click clicking press pressing tap tapping hit hitting push pushing hover left right double "
    "left-click right-click double-click locate identify point"
)
# What stands between what is wanted, or where, and what to click for it.
JOINTS = phrases("by, and, then, and then, to, in order to, so that you can, using")
FINDING = phrases("find, locate, look for, search for, identify, in, on, for, at")
PRONOUNS = word_set("it them him her him itself themselves")
OWNED = word_set("by from of named called titled with for about regarding concerning")
TYPE_VERBS = phrases("type, type in, enter, input, write, put, paste, insert, key in, add, fill")
INTO = phrases("into, in to, in, inside, inside of, to, at, as, on, under, within, as the value of")
UPLOAD_VERBS = phrases("upload, attach")
FILL_VERBS = phrases("fill, fill in, fill out, fill up, populate, complete")
SET_VERBS = phrases("set, change, switch, update, adjust")
SET_TO = phrases("to, as, equal to, =")
PICK_VERBS = phrases("select, choose, pick, set")
FROM = phrases("from, in, out of, of, under")
SEARCH_VERBS = phrases("search for, search, look up, google")

ROLES = phrase_table(
    {
        "button": ("button, buttons, btn, push button, push-button, icon button"),
        "link": "link, links, hyperlink, hyperlinks, url, anchor, nav link, navigation link, "
        "breadcrumb, breadcrumbs, breadcrumb link",
        "textbox": (
            "textbox, textboxes, text box, text boxes, text field, text fields, field, fields, "
            "input, inputs, input field, input fields, input box, input boxes, text input, "
            "input textbox, text entry, entry field, edit field, search box, search field, "
            "search bar, search input, form field, edit box, entry box"
        ),
        "file": "file field, file input, file chooser, file picker, file box, upload field, "
        "upload box, file upload, upload area, drop zone, dropzone",
        "textarea": "text area, text areas, textarea, textareas, multi-line field, "
        "multiline field, message box, comment box",
        "checkbox": "checkbox, checkboxes, check box, check boxes, tick box, tickbox, check-box, "
        "tick boxes, tick mark, check mark, checkmark",
        "radio": "radio, radios, radio button, radio buttons, radiobutton, option button, "
        "radio option, radio box",
        "switch": "switch, switches, toggle, toggles, toggle switch, toggle button, slider switch",
        "slider": "slider, sliders, range slider, slide bar, range input, track bar",
        "combobox": (
            "combobox, comboboxes, combo box, dropdown, dropdowns, drop-down, drop down, "
            "dropdown list, dropdown menu, drop-down list, drop-down menu, select box, selectbox, "
            "select, select field, select menu, picker, selector, pull-down, pulldown, listbox, "
            "list box"
        ),
        "tab": "tab, tabs, tab page",
        "menuitem": "menu item, menu items, menuitem, menuitems, menu entry, menu entries, "
        "menu option, menu options, list item, list items, navigation item, nav item",
        "icon": "icon, icons, symbol, symbols, glyph, pictogram, logo, logos, emoji, icon-button",
        "image": "image, images, picture, pictures, photo, photos, thumbnail, thumbnails, avatar, "
        "avatars, illustration",
        "text": "column header, column headers, column heading, table header, table heading, "
        "header cell, text, label, labels, heading, headings, title, titles, headline, caption, "
        "paragraph, word, words",
        "toggle": "box, boxes",
        "control": (
            "item, items, element, elements, entry, entries, option, options, thing, things, one, "
            "ones, what is, what stands, what comes, whatever is, subitem, function, method, "
            "control, controls, widget, widgets, cell, cells, choice, choices, component, bar"
        ),
        "menu": "menu, menus",
        "row": "row, rows, line, lines, table row, table rows",
        "column": "column, columns, table column",
        "table": "table",
        "container": (
            "section, sections, card, cards, panel, panels, group, groups, form, forms, dialog, "
            "dialogs, popup, pop-up, modal, window, list, area, block, tile, widget, "
            "toolbar, region, fieldset, tree, accordion, pane, part, dialogue, legend, chart"
        ),
    }
)

_COUNTED = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
ORDINALS: dict[tuple[str, ...], int] = {
    (name,): number for number, name in enumerate(_COUNTED.split(), 1)
} | {
    ("last",): -1,
    ("final",): -1,
    ("very", "last"): -1,
    ("very", "first"): 1,
    ("penultimate",): -2,
    ("second", "last"): -2,
    ("second", "to", "last"): -2,
    ("next", "to", "last"): -2,
    ("last", "but", "one"): -2,
    ("third", "to", "last"): -3,
    ("third", "last"): -3,
}

SIDES = {
    "top": "top",
    "upper": "top",
    "uppermost": "top",
    "topmost": "top",
    "highest": "top",
    "bottom": "bottom",
    "lower": "bottom",
    "lowest": "bottom",
    "bottommost": "bottom",
    "left": "left",
    "left-hand": "left",
    "lefthand": "left",
    "leftmost": "left",
    "right": "right",
    "right-hand": "right",
    "righthand": "right",
    "rightmost": "right",
    "middle": "middle",
    "center": "middle",
    "centre": "middle",
    "central": "middle",
}
DIAGONALS = {
    f"{one}{dash}{two}": (SIDES[one], SIDES[two])
    for one in ("top", "bottom", "upper", "lower")
    for two in ("left", "right", "center", "centre", "middle")
    for dash in ("-", "")
}
CORNERS = phrases(
    "corner, corners, side, hand side, edge, part, area, half, end, hand corner, portion, section"
)
WHOLES = phrases(
    "of the page, of the screen, of the window, of the view, of the site, of the app, "
    "of the website, of the display, of this page, of page, of screen, of the image, "
    "of the viewport, of the interface, of the picture, of the screenshot"
)
REGIONS = phrase_table(
    {
        "header": (
            "breadcrumb, breadcrumbs, breadcrumb line, header, page header, top bar, topbar, "
            "navbar, nav bar, navigation bar, title bar, "
            "titlebar, top menu, top navigation, app bar, main header, site header, top nav, banner"
        ),
        "footer": "footer, page footer, site footer, status bar, bottom bar",
        "sidebar": "sidebar, side bar, side menu, side panel, side navigation, side nav, "
        "navigation panel, navigation pane, nav panel, sidenav, drawer, navigation drawer",
        "menu": "menu, navigation, nav, navigation menu, main menu, main navigation, menu bar, "
        "menubar",
        "toolbar": "toolbar, tool bar",
        "dialog": "dialog, popup, pop-up, modal, dialog box, modal dialog, dialogue, overlay",
        "screen": "page, screen, window, site, app, view, website, viewport, interface, image, "
        "picture, screenshot",
    }
)
IN = word_set("in on at from of inside within near to")
# What stands between two things.
RELATIONS = phrase_table(
    {
        "left": (
            "left of, to the left of, on the left of, at the left of, on the left side of, "
            "to the left side of, left side of, directly left of, just left of, "
            "immediately left of, immediately to the left of, directly to the left of, "
            "just to the left of, on the left hand side of, on the left from, left from"
        ),
        "right": (
            "right of, to the right of, on the right of, at the right of, on the right side of, "
            "to the right side of, right side of, directly right of, just right of, "
            "immediately right of, immediately to the right of, directly to the right of, "
            "just to the right of, on the right hand side of, on the right from, right from"
        ),
        "above": "above, on top of, higher than, over, at the top of, atop, "
        + _close("above over"),
        "below": (
            "below, under, beneath, underneath, underneath of, lower than, "
            + _close("below under beneath underneath")
        ),
        "near": (
            "next to, beside, besides, near, near to, close to, adjacent to, alongside, "
            "nearest to, closest to, right next to, directly next to, right beside, just beside, "
            "by the side of, at the side of, by, along with, belonging to, "
            "attached to, opposite"
        ),
        "after": "after, right after, just after, following, that follows, behind",
        "before": "before, right before, just before, preceding, that precedes, in front of",
        "inside": "inside, inside of, within, in, on, from, at, contained in, under the heading, "
        "under the title, among, amongst, into",
        "row": (
            "in the row of, in the row with, in the row for, in the row containing, "
            "in the row that contains, in the row that says, in the row labelled, "
            "in the row labeled, in the row named, in the row called, in the row where it says, "
            "in the same row as, in the same line as, on the same row as, on the same line as, "
            "on the row of, on the row with, on the row for, on the line of, on the line with, "
            "in the line of, in the line with, in the line for, from the row of, of the row of, "
            "of the row with, at the row of, level with, in row, in the table row of, "
            "in the table row for, in the table row with, in line with"
        ),
        "column": "in the column of, in the column with, in the column named, "
        "in the column called, in the same column as, in column",
        "name": (
            "labelled, labeled, labelled as, labeled as, named, called, titled, entitled, "
            "that says, which says, that reads, which reads, saying, reading, "
            "with the text, with text, "
            "with the label, with label, with the name, with name, with the title, with title, "
            "with the caption, with the words, marked, marked as, that is called, "
            "that is labelled, that is labeled, which is called, whose label is, showing, "
            "with the placeholder, with placeholder, that contains, containing, displaying"
        ),
        "for": "for, to, about, with, of",
    }
)
# After "next to X": on which side.
ON_ITS = phrase_table(
    {
        side: f"on its {side}, to its {side}, on its {side} side, on the {side}, to the {side}, "
        f"on the {side} side, on its {side} hand side"
        for side in ("left", "right")
    }
)
# These may as well be part of a name, the more so without an article after them.
WEAK = frozenset(
    {
        ("in",), ("on",), ("from",), ("of",), ("at",), ("by",), ("over",), ("to",), ("with",),
        ("about",), ("into",), ("for",), ("reading",), ("following",), ("after",), ("before",),
        ("showing",), ("marked",), ("along", "with"), ("under",), ("near",), ("opposite",),
        ("behind",), ("within",), ("called",), ("saying",), ("displaying",), ("among",),
    }
)  # fmt: skip
