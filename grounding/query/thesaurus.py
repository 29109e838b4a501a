"""Words and phrases that mean the same on a screen: "log out" and "sign out", "surname".

Deeds that are hard to undo have few: to open the trash is not to delete, an order is not to buy.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from .lexicon import ARTICLES

_GROUPS = """
log out, sign out, log off, sign off, logout, signout, log me out, sign me out
log in, sign in, login, signin, log on, log me in, sign me in
sign up, register, create account, create an account, new account, join, no account yet, signup
forgot password, reset password, lost password, cannot remember password, can t remember password
remember me, keep me signed in, keep me logged in, stay signed in, stay logged in, remember my login
delete, remove, erase, get rid of, throw away
close, dismiss, get rid of, hide
cancel, abort, never mind
discard, don't save
save, store, keep, save changes, keep changes, store changes, apply changes
edit, change, modify, amend, alter
add, create, new, another, insert, one more, put in
send, submit, send it off
reply, answer
screen, page
permissions, rights
url, web address, link address
compose, write mail, new mail, new message, write message, new email
search, find, look up, look for
settings, preferences, options, configuration, configure, setup
help, support, assistance
home, start page, homepage, home page, main page, front page
next, continue, proceed
previous, back, backwards, earlier
download, save to disk, save a copy
attach, add files, add file, attach file
copy, duplicate, clone
refresh, reload
undo, take back
reset, clear, start over, put back
collapse, fold, fold up, fold away, minimise, minimize, hide
expand, unfold, open up, maximise, maximize
show, view, see, display, open
show all, view all, see all, show more, view more, see more, more
all, everything, every, each
junk, spam
picture, photo, image
mail, email, e-mail, message
chat, conversation
call, phone, ring, telephone
buy, purchase
check out, checkout
pay, pay now
cart, basket, trolley, shopping bag
favourites, favorites, wishlist, wish list, bookmarks
like, heart, love
free, for nothing, at no cost, gratis
contact, get in touch, contact us, reach us
faq, frequently asked questions
documentation, docs, manual, guide, handbook
privacy policy, data protection, privacy statement, privacy notice
terms, terms and conditions, terms of service, terms of use
profile, account, my profile, my account, user profile
increase, more, one more, plus, increment
decrease, less, fewer, one less, minus, decrement
resend, send again, send once more, re-send
repeat, confirm, again, a second time, retype, re-enter
report a bug, file a bug, report a problem, report an issue
theme, look, appearance, skin
full screen, fullscreen, whole screen
notifications, alerts, bell
month, monthly, per month
year, yearly, annual, annually, per year
week, weekly, per week
day, daily, per day
lifetime, never expires, forever
first name, given name, forename
last name, surname, family name
full name, name, your name
phone number, telephone, telephone number, mobile number, phone, mobile
zip code, zip, postal code, postcode, post code
company, organisation, organization, employer
email address, email, e-mail, e-mail address, mail address
date of birth, birthday, birth date, dob
quantity, qty, number of items
user name, username, login name, user id
filter, narrow down
play, start the music, start the video
mute, sound off, silence
unmute, sound on
invoice, bill
staff, employees, personnel
center, centre, middle
color, colour
license, licence
trash, recycle bin, bin
turn off, switch off, disable, deactivate, off, stop
turn on, switch on, enable, activate, on
accept, agree, allow, ok
decline, refuse, reject, deny
details, info, information, more information
yes, ok, confirm
"""
MOST = 12  # other ways to say a name that are tried


@cache
def _meanings() -> dict[tuple[str, ...], set[int]]:
    """For every phrase, the numbers of the groups it stands in."""
    found: dict[tuple[str, ...], set[int]] = {}
    for number, group in enumerate(_GROUPS.strip().splitlines()):
        for phrase in group.split(", "):
            words = tuple(word for word in phrase.split() if word not in ARTICLES)
            found.setdefault(words, set()).add(number)
    return found


@cache
def _members() -> dict[int, list[tuple[str, ...]]]:
    found: dict[int, list[tuple[str, ...]]] = {}
    for phrase, numbers in _meanings().items():
        for number in numbers:
            found.setdefault(number, []).append(phrase)
    return found


def meanings(words: Sequence[str]) -> dict[int, set[int]]:
    """Return for each group that words speak of the positions of the words that do.

    Articles and "my" or "your" between them change nothing.
    """
    known, found = _meanings(), dict[int, set[int]]()
    longest = max(map(len, known))
    places = [place for place, word in enumerate(words) if word not in ARTICLES]
    for start in range(len(places)):
        for end in range(start + 1, min(start + longest, len(places)) + 1):
            chosen = places[start:end]
            for number in known.get(tuple(words[place] for place in chosen), ()):
                found.setdefault(number, set()).update(chosen)
    return found


def alternatives(text: str) -> list[str]:
    """Return other ways to say a name, by putting one phrase of it another way."""
    words = text.lower().split()
    said: list[str] = []
    for number, positions in meanings(words).items():
        start, count = min(positions), len(positions)
        if sorted(positions) != list(range(start, start + count)):
            continue
        for phrase in _members()[number]:
            other = " ".join([*words[:start], *phrase, *words[start + count :]])
            if phrase != tuple(words[start : start + count]) and other not in said:
                said.append(other)
    return said[:MOST]
