// How a Feishu conversation looks: the renderer of one pane.
//
// render(conversation, context) returns for each message its `key`, its `version`, and `draw()`, which builds its node: the
// page draws only what has changed. `context` has `me` (an open_id), `notices`, where toasts appear, and
// `act(action)`, which resolves when it is answered.

import { el, icon } from "../dom.js";
import { card } from "./feishu_card.js";
import { markdown, mention } from "./feishu_markdown.js";

document.head.append(el("link", { rel: "stylesheet", href: "/playground/static/panes/feishu.css" }));

const TOAST_SECONDS = 4;
const toasted = new Set();

function hue(words) {
  let sum = 0;
  for (const letter of words) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  return Math.round((sum * 137.508) % 360);
}

export function avatar(user, size = "") {
  if (user?.bot) return el("img", { class: `avatar fs-avatar ${size}`, src: "/playground/static/oncard.svg", alt: "" });
  const name = user?.name ?? "?";
  return el("span", { class: `avatar fs-avatar ${size}`, "aria-hidden": "true", style: { "--hue": String(hue(user?.id ?? name)) } }, name.slice(0, 1));
}

export function render(conversation, context) {
  const users = new Map(conversation.users.map((user) => [user.id, user]));
  const names = { me: context.me, user: (id) => users.get(id)?.name, people: conversation.users.filter((user) => !user.bot) };
  const all = conversation.messages;
  const threaded = (message) => message.thread_id && message.root_id && all.some((other) => other.message_id === message.root_id);
  toasts(conversation.toasts, context.notices);
  return all.filter((message) => !threaded(message)).map((message) => {
    const thread = all.filter((other) => threaded(other) && other.root_id === message.message_id);
    const about = message.parent_id ? all.find((other) => other.message_id === message.parent_id) : null;
    const scene = { users, names, context, chat: conversation.chat.id, about };
    return {
      key: message.message_id,
      version: JSON.stringify([message, thread, about && words(about, scene), context.me]),
      draw: () => row(message, scene, thread),
    };
  });
}

function row(message, scene, thread) {
  const author = scene.users.get(message.sender.id) ?? { id: message.sender.id, name: message.sender.id };
  const mine = author.id === scene.context.me;
  const at = new Date(message.at);
  const time = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
  return el("article", { class: `fs-row ${mine ? "mine" : ""}`, "aria-label": `${author.name}, ${time}`, tabindex: "-1" },
    avatar(author),
    el("div", { class: "fs-content" },
      el("p", { class: "fs-byline" },
        el("span", {}, author.name), author.bot && el("span", { class: "fs-bot" }, "BOT"),
        el("time", { datetime: message.at, title: at.toString() }, time),
        message.edits > 0 && el("span", { class: "edits", title: "The message was updated in place" }, message.edits === 1 ? "updated once" : `updated ${message.edits}×`)),
      scene.about && el("p", { class: "fs-quote" }, `Reply to ${scene.users.get(scene.about.sender.id)?.name ?? "?"}: ${words(scene.about, scene).slice(0, 90)}`),
      body(message, scene),
      message.ephemeral && el("p", { class: "fs-only" }, icon("eye"), "Only visible to you"),
      thread.length > 0 && el("details", { class: "thread", open: true },
        el("summary", {}, thread.length === 1 ? "1 reply" : `${thread.length} replies`),
        thread.map((reply) => row(reply, { ...scene, about: null }, [])))));
}

function body(message, scene) {
  const content = JSON.parse(message.body.content);
  if (message.msg_type === "interactive") {
    const use = (part, values, choice, element) =>
      scene.context.act({ do: "use", chat: scene.chat, message: message.message_id, part, values, choice }, element);
    const picture = (key) => `/playground/picture?${new URLSearchParams({ pane: scene.context.pane, as: scene.context.me, name: key })}`;
    return card(content, { names: scene.names, use, picture });
  }
  if (message.msg_type === "post") return el("div", { class: "fs-bubble" }, post(content, scene));
  return el("div", { class: "fs-bubble" }, typed(message, content, scene));
}

// A text: people are mentioned by placeholders in what they typed, by tags in what the app wrote.
function typed(message, content, scene) {
  const mentions = new Map((message.mentions ?? []).map((one) => [one.key, one.id.open_id]));
  return content.text.split(/(@_user_\d+|@_all|<at\s+user_id="[^"]*">[^<>]*<\/at>)/).flatMap((part) => {
    if (part === "@_all") return [mention("all", scene.names)];
    if (mentions.has(part)) return [mention(mentions.get(part), scene.names)];
    const tagged = /^<at\s+user_id="([^"]*)">/.exec(part);
    if (tagged) return [mention(tagged[1], scene.names)];
    return part.split("\n").flatMap((line, index) => index === 0 ? [line] : [el("br"), line]);
  });
}

function post(content, scene) {
  const shown = content.en_us ?? Object.values(content)[0];
  return [
    shown.title && el("strong", {}, shown.title),
    (shown.content ?? []).map((line) => el("div", {}, line.map((node) => {
      if (node.tag === "at") return mention(node.user_id, scene.names);
      return node.tag === "md" ? markdown(node.text, scene.names) : node.text ?? "";
    }))),
  ];
}

// The words of a message on one line.
function words(message, scene) {
  return (body(message, { ...scene, context: { ...scene.context, act: () => {} } }).textContent ?? "").replace(/\s+/g, " ");
}

// Toasts are shown once, above the messages, and go by themselves.
function toasts(list, notices) {
  for (const toast of list) {
    if (toasted.has(toast.id)) continue;
    toasted.add(toast.id);
    const kind = ["success", "warning", "error"].includes(toast.type) ? toast.type : "info";
    const note = el("div", { class: `toast fs-toast ${kind}`, role: "status" }, toast.i18n?.en_us ?? toast.content ?? "");
    notices.append(note);
    setTimeout(() => note.remove(), TOAST_SECONDS * 1000);
  }
}
