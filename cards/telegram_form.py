"""A form as a message with buttons, and what cannot be chosen as a question that is answered by a reply.

Telegram has no windows, and nothing is remembered between two clicks. So each button holds the whole sentence of what
it chooses, within 64 bytes: `escalate 42 v7 level 2`; one choice is one sentence, and choices are not combined. Buttons
that only turn over are written

    ~FIELD.PAGE ASK        ~who.1 escalate? 42 v7: show the second page of the field `who` of that form
    ~                      take the message away

which no sentence of the grammar looks like. What is written freely answers a message whose first line is the sentence
that it completes, as code after a pen: `✏️ close 42 v7`. https://core.telegram.org/bots/api#forcereply
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cards import words
from cards.card import Strong, Text
from cards.form import Choice, Field, Form, sentence
from cards.plain import line
from cards.telegram import html, is_data, pieces_within, pressed, shortened
from cards.telegram_text import JsonObject, Piece, bold, code, joined
from cards.words import say

CANCEL: Final = "~"
PEN: Final = "✏️"
ON_A_PAGE: Final = 8
MOST_PAGES: Final = 50
TITLE_LIMIT: Final = 200
TEXT_LIMIT: Final = 2500
LABEL_LIMIT: Final = 200
HINT_LIMIT: Final = 64

_TURN: Final = re.compile(r"~(?P<field>[A-Za-z]{1,20})\.(?P<page>\d{1,3}) (?P<ask>[a-z]+\? .+)", re.ASCII)
_COMPLETES: Final = re.compile(rf"{PEN} (?P<token>[a-z]+(?: \d{{1,18}})?(?: v\d{{1,9}})?)(?:\n|\Z)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Turn:
    """A button of a form that was pressed to see more of it; `ask` is the sentence that asks for the form."""

    field: str
    page: int
    ask: str


def read_turn(data: str) -> Turn | None:
    """Return what a button of a form turns to; None: it is a sentence, or nothing of ours."""
    found = _TURN.fullmatch(data)
    return Turn(found["field"], int(found["page"]), found["ask"]) if found else None


def completes(text: str) -> str:
    """Return the sentence that a reply to this message of ours completes; empty: it asks for no reply."""
    found = _COMPLETES.match(text)
    return found["token"] if found else ""


def written(form: Form, turn: Turn | None = None) -> Field | None:
    """Return the field that is answered by a reply: the one that was turned to, or the only one that must be filled."""
    if turn is not None:
        return next((field for field in form.fields if field.name == turn.field and not _choices(form, field)), None)
    alone = form.fields[0] if len(form.fields) == 1 else None
    return alone if alone is not None and alone.required and not _choices(form, alone) else None


def render_form(form: Form, turn: Turn | None = None) -> JsonObject:
    """Return the message that asks it: the choices of one field, and the way to the others."""
    chosen = [field for field in form.fields if _choices(form, field)]
    shown = next((field for field in chosen if turn is not None and field.name == turn.field), None)
    shown = shown or (chosen[0] if chosen else None)
    rows = _page_of(form, shown, turn.page if turn is not None else 0) if shown is not None else []
    rows += [[button] for field in form.fields if field is not shown and (button := _way(form, field))]
    if not chosen and not any(field.required for field in form.fields) and is_data(form.token):
        rows.append([pressed(form.submit, form.token, "success")])
    rows.append([pressed(form.cancel, CANCEL)])
    asked = bold(shown.label, LABEL_LIMIT) if shown is not None else Piece("", 0)
    return html(_stacked(bold(form.title, TITLE_LIMIT), pieces_within(form.text, TEXT_LIMIT), asked), rows)


def prompt(form: Form, field: Field, locale: str, whom: Text = ()) -> JsonObject:
    """Return the message whose reply fills in the field; in a group, `whom` is asked."""
    first = joined((Piece(f"{PEN} ", 3), code(form.token)))
    how = say(locale, words.REPLY_TO_THIS)
    hint = line(field.hint)
    asked = pieces_within((*whom, Strong(field.label), " · ", *how), LABEL_LIMIT + 200)
    reply: JsonObject = {"force_reply": True, "selective": True}
    if hint:
        reply["input_field_placeholder"] = shortened(hint, HINT_LIMIT)
    return {**html(_stacked(first, asked), []), "reply_markup": reply}


def is_form(keyboard: Iterable[Iterable[object]]) -> bool:
    """Whether a keyboard, as Telegram tells it, is that of a form: the one that can be taken away."""
    return any(isinstance(one, dict) and one.get("callback_data") == CANCEL for row in keyboard for one in row)


def _page_of(form: Form, field: Field, page: int) -> list[list[JsonObject]]:
    """Return a page of choices, one below the other, and the ways to the pages beside it."""
    choices = _choices(form, field)
    last = min((len(choices) - 1) // ON_A_PAGE, MOST_PAGES)
    page = min(page, last)
    here = choices[page * ON_A_PAGE : (page + 1) * ON_A_PAGE]
    rows = [[pressed(line(choice.label) or choice.value, _said(form, field, choice), "primary")] for choice in here]
    ways = [
        pressed(sign, data)
        for sign, at in ((f"‹ {page}/{last + 1}", page - 1), (f"{page + 2}/{last + 1} ›", page + 1))
        if 0 <= at <= last and is_data(data := _turn_to(form, field, at))
    ]
    return [*rows, ways] if ways else rows


def _way(form: Form, field: Field) -> JsonObject | None:
    """Return the button that leads to another field."""
    data = _turn_to(form, field, 0)
    sign = "" if _choices(form, field) else f"{PEN} "
    return pressed(f"{sign}{line(field.label)}", data) if is_data(data) and line(field.label) else None


def _choices(form: Form, field: Field) -> list[Choice]:
    """Return the choices that a button can hold. A sentence is never cut, since it would mean something else."""
    return [choice for choice in field.choices if choice.value and is_data(_said(form, field, choice))]


def _said(form: Form, field: Field, choice: Choice) -> str:
    return sentence(form.token, {field.name: choice.value})


def _turn_to(form: Form, field: Field, page: int) -> str:
    verb, blank, rest = form.token.partition(" ")
    return f"~{field.name}.{page} {verb}?{blank}{rest}"


def _stacked(*rows: Piece) -> Piece:
    shown = [row for row in rows if row.html.strip()]
    return joined(joined((Piece("\n", 1), row)) if place else row for place, row in enumerate(shown))
