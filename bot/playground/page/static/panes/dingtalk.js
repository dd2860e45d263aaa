// How a DingTalk conversation looks: the renderer of one pane.
//
// render(conversation, context) returns for each message its `key`, its `version`, and `draw()`, which builds its node: the
// page draws only what has changed. `context` has `me` (a user id), `notices`, where toasts appear, and
// `act(action)`, which resolves when it is answered.
// Cards are drawn from the blocks that the server made of the template and the card's values.

import { el, icon, safeLink } from "../dom.js";
import { image, markdown } from "./dingtalk_markdown.js";

export const NAME = "DingTalk";

const SENDS = "dtmd://dingtalkclient/sendMessage";
const TOAST_MS = 4000;

document.head.append(el("link", { rel: "stylesheet", href: "/playground/static/panes/dingtalk.css" }));

export function avatar(user, size = "") {
  if (user?.bot) return el("img", { class: `avatar ${size}`, src: "/playground/static/oncard.svg", alt: "" });
  const name = user?.name ?? "?";
  let sum = 0;
  for (const letter of name) sum = sum * 31 + letter.codePointAt(0);
  const hue = String(Math.round(((sum % 9973) * 137.508) % 360));
  return el("span", { class: `avatar ${size}`, "aria-hidden": "true", style: { "--hue": hue } }, name.slice(0, 1));
}

export function render(conversation, context) {
  toasts(conversation, context);
  const users = new Map(conversation.users.map((user) => [user.id, user]));
  const rows = conversation.messages.map((message) => {
    const scene = { users, context, chat: conversation.chat.id, bot: conversation.bot };
    return { key: message.id, version: JSON.stringify([message, context.me]), draw: () => row(message, scene) };
  });
  const { used, most } = conversation.calls;
  const count = { key: "calls", version: `${used} ${most}`, draw: () => el("p", { class: "dt-calls" }, `${used.toLocaleString("en")} of ${most.toLocaleString("en")} API calls of this month used`) };
  return rows.length ? [...rows, count] : [];
}

// Short notices of the app to this person, each shown once; those from before the page was opened are not.
const told = new Map();

function toasts(conversation, { me, notices }) {
  const all = conversation.toasts;
  for (const toast of all.slice(told.get(me) ?? all.length)) {
    const note = el("div", { class: toast.failed ? "toast bad" : "toast" }, toast.text);
    notices.append(note);
    setTimeout(() => note.remove(), TOAST_MS);
  }
  told.set(me, all.length);
}

function row(message, scene) {
  const bot = !message.user;
  const author = bot ? { bot: true, name: message.robot || scene.bot } : scene.users.get(message.user);
  const at = new Date(message.at);
  const time = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
  return el("article", { class: message.user === scene.context.me ? "dt-row mine" : "dt-row", "aria-label": `${author?.name ?? "?"}, ${time}`, tabindex: "-1" },
    avatar(author),
    el("div", { class: "dt-said" },
      el("p", { class: "byline" },
        el("strong", {}, author?.name ?? "?"), bot && el("span", { class: "tag" }, "BOT"),
        el("time", { datetime: message.at, title: at.toString() }, time),
        message.edits > 0 && el("span", { class: "edits", title: "The card was updated in place" }, message.edits === 1 ? "updated once" : `updated ${message.edits}×`)),
      message.only_you && el("p", { class: "only-you" }, icon("eye"), "Only visible to you"),
      (KINDS[message.kind] ?? KINDS.text)(message, scene)));
}

const KINDS = {
  text: (message, scene) => el("div", { class: "dt-bubble" },
    message.quote && el("blockquote", {}, message.quote), mentions(message), lines(message.content.text, scene)),
  markdown: (message, scene) => el("div", { class: "dt-bubble dt-md" }, mentions(message), markdown(message.content.text, follower(scene))),
  image: (message, scene) => el("div", { class: "dt-bubble" }, photo(message.content.url, scene.context)),
  actionCard: (message, scene) => el("div", { class: "dt-card" },
    el("div", { class: "dt-part dt-md" }, mentions(message), markdown(message.content.text, follower(scene))),
    el("div", { class: message.content.horizontal ? "dt-foot across" : "dt-foot" }, message.content.buttons.map((button) => actionButton(button, message, scene)))),
  card: (message, scene) => el("div", { class: "dt-card" },
    message.mentions.length > 0 && el("div", { class: "dt-part" }, mentions(message)),
    message.blocks.map((block) => BLOCKS[block.kind]?.(block, message, scene))),
};

function photo(name, context) {
  if (/^https?:/.test(name)) return image("", name);
  const asked = new URLSearchParams({ pane: context.pane, as: context.me, name });
  return el("img", { class: "photo", alt: "A picture without words", src: `/playground/picture?${asked}` });
}

function mentions(message) {
  return message.mentions.map((name) => [el("span", { class: "mention" }, `@${name}`), " "]);
}

// A person's words: mentions of people and of the bot stand out.
function lines(text, scene) {
  const names = [scene.bot, ...[...scene.users.values()].map((user) => user.name)];
  return text.split(/(@[\p{L}\p{N}_]+)/u).map((part) => (part.startsWith("@") && names.includes(part.slice(1)) ? el("span", { class: "dt-at" }, part) : part));
}

function follower(scene) {
  return (url, element) => scene.context.act({ do: "follow", chat: scene.chat, url }, element);
}

function actionButton(button, message, scene) {
  const target = safeLink(button.url ?? "");
  if (target) return el("a", { class: "dt-action", href: target, target: "_blank", rel: "noopener noreferrer" }, button.title);
  if (!button.url?.startsWith(SENDS)) return el("span", { class: "dt-action dead" }, button.title);
  return el("button", { type: "button", class: "dt-action", data: { action: button.url }, on: { click: (event) => follower(scene)(button.url, event.currentTarget) } }, button.title);
}

const BLOCKS = {
  header: (block) => el("h3", { class: `dt-head ${block.colour}` }, block.title),
  tag: (block) => el("p", { class: "dt-part" }, el("span", { class: `dt-tag ${block.colour}` }, block.text)),
  markdown: (block) => el("div", { class: "dt-part dt-md" }, markdown(block.text, null)),
  fields: (block) => el("dl", { class: "dt-part dt-fields" }, block.items.map((item) => el("div", {}, el("dt", {}, item.k), el("dd", {}, item.v)))),
  image: (block) => el("div", { class: "dt-part" }, image("", block.url)),
  divider: () => el("hr", { class: "dt-divider" }),
  buttons: (block, message, scene) => el("div", { class: "dt-part dt-buttons" }, block.items.map((item) => cardButton(item, message, scene))),
  form: (block, message, scene) => form(block, message, scene),
};

function cardButton(item, message, scene) {
  const look = `dt-button ${["blue", "red"].includes(item.color) ? item.color : "grey"}`;
  const target = safeLink(item.url ?? "");
  if (target) return el("a", { class: look, href: target, target: "_blank", rel: "noopener noreferrer" }, item.text);
  const number = message.blocks.flatMap((block) => (block.kind === "buttons" ? block.items : [])).indexOf(item);
  const press = { do: "press", chat: scene.chat, message: message.id, wanted: item.text, number };
  const button = el("button", { type: "button", class: look, data: { action: item.text } }, item.text);
  button.addEventListener("click", () => confirmed(item.confirm).then((yes) => yes && scene.context.act(press, button)));
  return button;
}

// Ask before a button that says so; resolves to whether the person said yes.
function confirmed(question) {
  if (!question) return Promise.resolve(true);
  return new Promise((resolve) => {
    const dialog = el("dialog", { class: "dialog", "aria-label": question.title },
      el("h2", {}, question.title), el("div", { class: "dialog-body" }, question.text),
      el("div", { class: "dialog-foot" },
        el("button", { type: "button", class: "dt-button grey", on: { click: () => dialog.close("no") } }, question.no ?? "Cancel"),
        el("button", { type: "button", class: "dt-button blue", on: { click: () => dialog.close("yes") } }, question.yes ?? "OK")));
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes");
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

// A form stands on the card itself; what is filled in stays in this browser until it is sent.
function form(block, message, scene) {
  const shown = block.fields.filter((field) => !field.hidden);
  const shape = el("form", { class: "dt-part dt-form" }, block.title && el("h4", {}, block.title), shown.map((field) => input(field)),
    el("button", { type: "submit", class: "dt-button blue", data: { action: `form ${block.id}` } }, block.submit));
  shape.addEventListener("submit", (event) => {
    event.preventDefault();
    const values = {};
    for (const field of shape.querySelectorAll("[data-field]")) {
      if (!field.disabled) values[field.dataset.field] = field.type === "checkbox" ? field.checked : field.value;
    }
    scene.context.act({ do: "submit", chat: scene.chat, message: message.id, form: block.id, values }, shape.querySelector("[type=submit]"));
  });
  return shape;
}

function input(field) {
  const value = field.defaultValue?.value ?? field.defaultValue ?? "";
  const shape = { data: { field: field.name }, placeholder: field.placeholder, required: field.required === true && field.type !== "CHECKBOX", disabled: field.readOnly === true };
  let element;
  if (field.type === "SELECT") {
    element = el("select", shape, el("option", { value: "" }, field.placeholder ?? "Choose…"), (field.options ?? []).map((option) => el("option", { value: option.value }, option.text)));
    element.value = value;
  } else if (field.type === "CHECKBOX") {
    element = el("input", { ...shape, type: "checkbox", checked: value === true });
  } else {
    element = el(field.type === "TEXTAREA" ? "textarea" : "input", { ...shape, type: field.type === "NUMBER" ? "number" : null });
    element.value = value;
  }
  const name = el("span", {}, field.label, field.required && el("small", {}, " *"));
  return el("label", { class: field.type === "CHECKBOX" ? "field tick" : "field" }, field.type === "CHECKBOX" ? [element, name] : [name, element]);
}
