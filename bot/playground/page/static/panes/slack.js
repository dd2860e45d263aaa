// How a Slack conversation looks: the renderer of one pane.
//
// render(conversation, context) returns for each message its `key`, its `version`, and `draw()`, which builds its node: the
// page draws only what has changed. `context` has `me` (a user id) and `act(action)`, which resolves when it is answered.

import { el, icon } from "../dom.js";
import { blocks } from "./blockkit.js";
import { mrkdwn } from "./mrkdwn.js";

document.head.append(el("link", { rel: "stylesheet", href: "/playground/static/panes/slack.css" }));

const COLOURS = { good: "#2eb67d", warning: "#ecb22e", danger: "#e01e5a" };

export function hue(text) {
  let sum = 0;
  for (const letter of text) sum = sum * 31 + letter.codePointAt(0);
  return Math.round(((sum % 9973) * 137.508) % 360);
}

export function avatar(user, size = "") {
  if (user?.bot) return el("img", { class: `avatar ${size}`, src: "/playground/static/oncard.svg", alt: "" });
  const name = user?.name ?? "?";
  return el("span", { class: `avatar ${size}`, "aria-hidden": "true", style: { "--hue": String(hue(user?.id ?? name)) } }, name.slice(0, 1));
}

export function render(conversation, context) {
  const users = new Map(conversation.users.map((user) => [user.id, user]));
  const channels = new Map(conversation.channels.map((channel) => [channel.id, channel.name]));
  const names = {
    me: context.me,
    user: (id) => users.get(id)?.name,
    channel: (id) => channels.get(id),
    people: conversation.users.filter((user) => !user.bot),
    channels: conversation.channels,
  };
  const all = conversation.messages;
  const replies = (ts) => all.filter((message) => message.thread_ts === ts && message.ts !== ts);
  const top = all.filter((message) => !message.thread_ts || message.thread_ts === message.ts || message.subtype === "thread_broadcast");
  return top.map((message) => {
    const thread = message.subtype === "thread_broadcast" ? [] : replies(message.ts);
    const about = message.subtype === "thread_broadcast" && all.find((parent) => parent.ts === message.thread_ts);
    const scene = { users, names, context, chat: conversation.chat.id, about: about && about.text };
    return {
      key: message.ts + (message.ephemeral ? "e" : ""),
      version: JSON.stringify([message, thread, scene.about, context.me]),
      draw: () => row(message, scene, thread),
    };
  });
}

function row(message, scene, thread) {
  const author = scene.users.get(message.user);
  const at = new Date(message.at);
  const time = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
  return el("article", { class: message.ephemeral ? "message ephemeral" : "message", "aria-label": `${author?.name ?? "?"}, ${time}`, tabindex: "-1" },
    message.ephemeral && el("p", { class: "only-you" }, icon("eye"), "Only visible to you"),
    typeof scene.about === "string" && el("p", { class: "only-you about" }, "replied to: ", mrkdwn(scene.about.slice(0, 90), scene.names)),
    el("div", { class: "gutter" }, avatar(author)),
    el("div", { class: "content" },
      el("p", { class: "byline" },
        el("strong", {}, author?.name ?? message.user), author?.bot && el("span", { class: "tag" }, "APP"),
        el("time", { datetime: message.at, title: at.toString() }, time),
        message.edits > 0 && el("span", { class: "edits", title: "The message was edited in place" }, message.edits === 1 ? "updated once" : `updated ${message.edits}×`)),
      body(message, scene),
      thread.length > 0 && threadOf(thread, scene)));
}

// Replies stand under their message; those that stand in the channel as well are folded away.
function threadOf(replies, scene) {
  const hidden = replies.every((reply) => reply.subtype === "thread_broadcast");
  return el("details", { class: "thread", open: !hidden },
    el("summary", {}, replies.length === 1 ? "1 reply" : `${replies.length} replies`),
    replies.map((reply) => row(reply, scene, [])));
}

function body(message, scene) {
  const context = {
    names: scene.names,
    choose: (action, choice, element) => scene.context.act({ do: "choose", chat: scene.chat, ts: message.ts, action, choice }, element),
  };
  const parts = [];
  if (message.blocks?.length) parts.push(...blocks(message.blocks, context));
  else if (message.text) parts.push(el("div", { class: "b-text" }, mrkdwn(message.text, scene.names)));
  if (message.edited) parts.push(el("span", { class: "edited" }, "(edited)"));
  for (const file of message.files ?? []) parts.push(picture(file, scene.context));
  for (const attachment of message.attachments ?? []) parts.push(bar(attachment, context, scene.names));
  return el("div", { class: "blocks" }, parts);
}

function picture(file, context) {
  const source = `/playground/picture?${new URLSearchParams({ pane: context.pane, as: context.me, name: file.id })}`;
  return el("a", { href: source, target: "_blank", title: file.title }, el("img", { class: "photo", alt: file.alt_txt ?? file.title, src: source }));
}

function bar(attachment, context, names) {
  const colour = COLOURS[attachment.color] ?? (/^#?[0-9a-f]{3,8}$/i.test(attachment.color ?? "") ? `#${attachment.color.replace("#", "")}` : null);
  const legacy = ["pretext", "title", "text", "footer"].filter((key) => attachment[key]).map((key) => el("div", { class: `a-${key}` }, mrkdwn(attachment[key], names)));
  return el("div", { class: "attachment", style: colour ? { "--bar": colour } : {} }, legacy, blocks(attachment.blocks, context));
}

// The form that is open for this person, or nothing.
export function form(conversation, context) {
  const view = conversation.view;
  if (!view) return null;
  const names = {
    me: context.me,
    user: (id) => conversation.users.find((user) => user.id === id)?.name,
    channel: (id) => conversation.channels.find((channel) => channel.id === id)?.name,
    people: conversation.users.filter((user) => !user.bot),
    channels: conversation.channels,
  };
  const trouble = el("p", { class: "trouble", role: "alert" });
  const shape = el("form", { class: "dialog-form" },
    el("div", { class: "dialog-body" }, blocks(view.blocks, { names, locked: true }), trouble),
    el("div", { class: "dialog-foot" },
      el("button", { type: "button", class: "bk-button", on: { click: () => context.act({ do: "close" }) } }, view.close?.text ?? "Cancel"),
      view.submit && el("button", { type: "submit", class: "bk-button primary" }, view.submit.text)));
  for (const field of shape.querySelectorAll("[data-block]")) field.disabled = false;
  shape.addEventListener("submit", (event) => {
    event.preventDefault();
    context.act({ do: "submit", values: values(shape) }, shape.querySelector("[type=submit]"));
  });
  const dialog = el("dialog", { class: "dialog", "aria-label": view.title.text, data: { key: view.id + view.hash } }, el("h2", {}, view.title.text), shape);
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    context.act({ do: "close" });
  });
  return dialog;
}

function values(shape) {
  const found = {};
  for (const field of shape.querySelectorAll("[data-block]")) {
    const { block, action, kind } = field.dataset;
    found[block] = { ...found[block], [action]: state(kind, field) };
  }
  return found;
}

function state(kind, field) {
  const value = field.value || null;
  if (kind === "users_select") return { type: kind, selected_user: value };
  if (kind === "conversations_select") return { type: kind, selected_conversation: value };
  if (kind === "datepicker") return { type: kind, selected_date: value };
  if (kind === "timepicker") return { type: kind, selected_time: value };
  if (kind === "datetimepicker") return { type: kind, selected_date_time: value && Math.floor(new Date(value).getTime() / 1000) };
  if (kind !== "static_select" && kind !== "radio_buttons") return { type: kind, value };
  const words = field.selectedOptions[0]?.textContent ?? "";
  return { type: kind, selected_option: value && { text: { type: "plain_text", text: words }, value } };
}
