"""Nouns that name no control: what lists hold, parts of screens; and words that change nothing."""

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
