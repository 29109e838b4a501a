"""Words around names: what lists hold, parts of screens, where something is typed."""

from __future__ import annotations

from .lexicon import phrases

# What a list or a table has an entry for: "the mail from Marta".
ENTRIES = phrases(
    "mail, email, e-mail, message, conversation, chat, thread, letter, order, invoice, bill, "
    "receipt, payment, booking, reservation, ticket, issue, case, task, todo, to-do, request, "
    "claim, event, meeting, appointment, call, contact, customer, client, user, member, employee, "
    "comment, review, reply, post, note, notification, alert, project, document, file, folder, "
    "product, item, entry, record, article, offer, quote, contract, report, row"
)
# Other parts of a screen that are spoken of and carry no such name.
PARTS = phrases(
    "chart, graph, diagram, map, calendar, table, grid, data table, list, form, "
    "search results, results, filters, tabs, buttons, fields, heading, title, text, picture, "
    "image, video, card, cards"
)
# Said before how something lies; it changes nothing.
PLACED = phrases(
    "listed, shown, located, placed, displayed, standing, sitting, found, that is, which is, lying"
)
# A field by what is done there: "where I type the city", "phone goes here".
WRITTEN_HERE = tuple(
    (*where.split(), *who, verb)
    for where in ("where", "the place where", "the field where", "the box where", "here")
    for who in (("i",), ("you",), ("we",), ("one",), ("people",))
    for verb in ("type", "write", "enter", "put", "fill", "choose", "pick", "select")
)
GOES_HERE = phrases("goes here, go here, goes in here, is typed here, comes here")
