"""What a person does with a card, told to the app, and what the app's answer does.

Source: https://open.feishu.cn/document/feishu-cards/card-callback-communication. The app answers within 3 s with
nothing, a toast, or a new card of the same schema; else the person sees an error with a number. Guess: that a field
which was left empty is missing from `form_value`, but for texts, which are "".
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from bot.playground.feishu import schema
from bot.playground.feishu.cards import check_card, roots, schema_of, walk
from bot.playground.feishu.delivery import BAD_BODY, NO_WAY, Answer, Delivery
from bot.playground.feishu.refusal import Refusal
from bot.playground.feishu.shapes import ids_of
from bot.playground.feishu.tenant import Message, Tenant, User
from bot.playground.feishu.words import text_of
from bot.playground.wire import JsonObject, as_list, as_object, as_objects, as_text

BAD_CARD: Final = 200673
CHANGED_SCHEMA: Final = 200830
TOASTS: Final = frozenset({"success", "info", "warning", "error"})
USABLE: Final = {"2.0": timedelta(days=14), "1.0": timedelta(days=30)}
"""How long a card can be used after it was sent."""

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Part:
    """Something on a card that a person uses, and the form in which it stands, if any."""

    node: JsonObject
    form: JsonObject | None = None

    @property
    def tag(self) -> str:
        """What it is, such as `button` or `select_static`."""
        return as_text(self.node.get("tag"))

    @property
    def name(self) -> str:
        """Its name, by which a form's values are told."""
        return as_text(self.node.get("name"))

    @property
    def behaviour(self) -> JsonObject:
        """What it does: the callback before the link."""
        found = as_objects(self.node.get("behaviors"))
        if not found and isinstance(self.node.get("value"), dict | str) and self.tag == "button":
            return {"type": "callback", "value": self.node["value"]}
        if not found and self.node.get("url"):
            return {"type": "open_url", "default_url": self.node["url"]}
        return next((b for b in found if b.get("type") == "callback"), next(iter(found), {}))


def parts_in(card: JsonObject) -> list[Part]:
    """Return what can be used on a card, in the order a reader meets it."""
    found: list[Part] = []
    for root in roots(card):
        form = root if root.get("tag") == "form" else None
        used = [node for node in walk([root]) if node.get("tag") in schema.FIELDS | {"overflow"}]
        found += [Part(node, form) for node in used]
    return found


def label_of(tenant: Tenant, part: Part, locale: str = "en_us") -> str:
    """Return the words on a part: those of a button, else its label or placeholder."""
    node = part.node
    return text_of(tenant, node.get("text") or node.get("label") or node.get("placeholder"), locale)


class Interactivity:
    """Tells the app what people do with cards, and shows them the answer."""

    def __init__(self, tenant: Tenant, delivery: Delivery) -> None:
        self._tenant = tenant
        self._delivery = delivery

    def find(self, message: Message, user: User, wanted: str | int, fits: Callable[[Part], bool]) -> Part:
        """Return the part with this name, these words on it, or this number; raises LookupError."""
        everything = parts_in(message.content)
        if isinstance(wanted, int) and 0 <= wanted < len(everything) and fits(everything[wanted]):
            return everything[wanted]
        parts = [part for part in everything if fits(part)]
        for part in parts:
            if wanted and wanted in (label_of(self._tenant, part, user.locale), part.name):
                return part
        there = ", ".join(f"{label_of(self._tenant, part, user.locale)!r}" for part in parts) or "none"
        raise LookupError(f"no {wanted!r} on the card; there are: {there}")

    async def click(self, user: User, message: Message, wanted: str | int, values: Values) -> Answer:
        """Click a button; one that sends a form sends `values`, by the names of the fields, with it."""
        part = self.find(message, user, wanted, lambda part: part.tag == "button")
        if part.node.get("disabled") is True:
            raise LookupError(f"{wanted!r} is disabled")
        submits = part.form is not None and part.node.get("form_action_type") == "submit"
        extra: JsonObject = {}
        if submits and part.form is not None:
            extra["form_value"] = self._filled(part.form, user, values)
        elif values:
            raise LookupError(f"{wanted!r} sends no form")
        if part.name:
            extra["name"] = part.name
        return await self._use(user, message, part, extra)

    async def choose(self, user: User, message: Message, wanted: str | int, choice: str) -> Answer:
        """Choose from a menu that stands outside of a form, by the value or the words of the option, or a person."""
        part = self.find(message, user, wanted, lambda part: part.tag != "button" and part.form is None)
        value = self._value(part.node, user, choice)
        key = "options" if part.tag.startswith("multi") else "input_value" if part.tag == "input" else "option"
        return await self._use(user, message, part, {key: value, **({"name": part.name} if part.name else {})})

    async def _use(self, user: User, message: Message, part: Part, extra: JsonObject) -> Answer:
        behaviour = part.behaviour
        if behaviour.get("type") == "open_url":
            return Answer("link", {"url": behaviour.get("default_url")})
        tenant = self._tenant
        too_old = tenant.clock.now() - message.at > USABLE[schema_of(message.content)]
        if message.author != tenant.app.id or too_old or (not behaviour and "form_value" not in extra):
            answer = Answer("nothing", code=NO_WAY, why="nobody takes what is done with this card")
        else:
            action = {"tag": part.tag, "value": behaviour.get("value", {}), "timezone": "Etc/UTC", **extra}
            answer = await self._delivery.click(self._event(user, message, action))
        if answer.acked:
            answer = self._apply(user, message, answer)
        if not answer.acked:
            words = f"Something went wrong, please try again later. code: {answer.code}"
            self._toast(user, message, {"type": "error", "content": words})
        return answer

    def _event(self, user: User, message: Message, action: JsonObject) -> JsonObject:
        return {
            "operator": {"tenant_key": self._tenant.key, **ids_of(user)},
            "token": f"c-{secrets.token_hex(20)}",
            "action": action,
            "host": "im_message",
            "context": {"open_message_id": message.id, "open_chat_id": message.chat},
        }

    def _filled(self, form: JsonObject, user: User, values: Values) -> JsonObject:
        """Return what a form sends: the given values, else those that stand in it; raises LookupError."""
        filled: JsonObject = {}
        left = dict(values)
        for node in walk(as_list(form.get("elements"))):
            name = as_text(node.get("name"))
            if node.get("tag") not in schema.FIELDS - {"button"} or not name:
                continue
            value = self._value(node, user, left.pop(name)) if name in left else _standing(node)
            if value in (None, "", []) and node.get("required") is True:
                raise LookupError(f"the field {name!r} must be filled in")
            if value is not None:
                filled[name] = value
        if left:
            raise LookupError(f"the form has no {', '.join(left)}; it has {', '.join(filled) or 'no values'}")
        return filled

    def _value(self, node: JsonObject, user: User, value: object) -> object:
        """Return what a field sends for what a person has put in; raises LookupError."""
        tag = as_text(node.get("tag"))
        if tag.startswith("multi"):
            single = {**node, "tag": tag.removeprefix("multi_")}
            return [self._value(single, user, each) for each in as_list(value)]
        match tag:
            case "select_person":
                person = self._tenant.user(as_text(value)).id
                allowed = [as_text(option.get("value")) for option in as_objects(node.get("options"))]
                if allowed and person not in allowed:
                    raise LookupError(f"{value!r} is not among those to choose from")
                return person
            case "select_static" | "overflow":
                for option in as_objects(node.get("options")):
                    if value in (option.get("value"), text_of(self._tenant, option.get("text"), user.locale)):
                        return option.get("value")
                raise LookupError(f"no option {value!r}")
            case "input":
                most = node.get("max_length", 1000)
                if len(as_text(value)) > (most if isinstance(most, int) else 1000):
                    raise LookupError(f"a text of more than {most} characters")
                return as_text(value)
            case _:
                return value

    def _apply(self, user: User, message: Message, answer: Answer) -> Answer:
        """Show the toast and the card of an answer; what is wrong with it makes it an answer that failed."""
        toast, card = as_object(answer.body.get("toast")), answer.body.get("card")
        if "toast" in answer.body and (toast.get("type", "info") not in TOASTS or not _has_words(toast)):
            return replace(answer, code=BAD_BODY, why="the toast is malformed")
        if card is not None:
            data = as_object(as_object(card).get("data"))
            failed = self._card_fault(message, as_object(card), data)
            if failed:
                return replace(answer, code=failed[0], why=failed[1])
            current = self._tenant.message(message.id)
            if current is not None:
                self._tenant.edit(current, data)
        if toast:
            self._toast(user, message, toast)
        return answer

    def _card_fault(self, message: Message, card: JsonObject, data: JsonObject) -> tuple[int, str] | None:
        if card.get("type") != "raw":
            return BAD_CARD, "the card is not of the type raw"
        try:
            check_card(self._tenant, data)
        except Refusal as refusal:
            return BAD_CARD, refusal.msg
        if schema_of(data) != schema_of(message.content):
            return CHANGED_SCHEMA, "the card has another schema than the one that was clicked"
        return None

    def _toast(self, user: User, message: Message, toast: JsonObject) -> None:
        shown = self._tenant.new_message(message.chat, self._tenant.app.id, "toast", toast)
        self._tenant.post(replace(shown, visible_to=user.id))


def _has_words(toast: JsonObject) -> bool:
    return isinstance(toast.get("content"), str) or bool(as_object(toast.get("i18n")))


def _standing(node: JsonObject) -> object:
    """Return what a field sends that a person has not touched, None for nothing."""
    match node.get("tag"):
        case "input":
            return as_text(node.get("default_value"))
        case "checker":
            return node.get("checked") is True
        case _:
            return node.get("initial_option") or node.get("selected_values")
