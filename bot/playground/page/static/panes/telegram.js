// How a Telegram conversation looks: the renderer of one pane.
//
// render(conversation, context) returns for each message its `key`, its `version`, and `draw()`, which builds its node: the
// page draws only what has changed. `context` has `me` (a user id) and `act(action)`, which resolves when it is answered.

import { el, icon, safeLink } from "../dom.js";

document.head.append(el("link", { rel: "stylesheet", href: "/playground/static/panes/telegram.css" }));

const STYLES = ["primary", "success", "danger"];

function hue(text) {
  let sum = 0;
  for (const letter of text) sum = sum * 31 + letter.codePointAt(0);
  return Math.round(((sum % 9973) * 137.508) % 360);
}

export function avatar(user, size = "") {
  if (user?.bot) return el("img", { class: `avatar tg-round ${size}`, src: "/playground/static/oncard.svg", alt: "" });
  const name = user?.name ?? "?";
  return el("span", { class: `avatar tg-round ${size}`, "aria-hidden": "true", style: { "--hue": String(hue(user?.id ?? name)) } }, name.slice(0, 1));
}

export function render(conversation, context) {
  const users = new Map(conversation.users.map((user) => [user.id, user]));
  const scene = { users, context, chat: conversation.chat };
  const all = conversation.messages;
  const items = all.map((message, place) => {
    const first = all[place - 1]?.user !== message.user || Boolean(all[place - 1]?.service);
    const last = all[place + 1]?.user !== message.user || Boolean(all[place + 1]?.service);
    return {
      key: `${message.id}${message.ephemeral ? "e" : ""}`,
      version: JSON.stringify([message, first, last, context.me]),
      draw: () => (message.service ? service(message) : row(message, scene, first, last)),
    };
  });
  return [...items, ...below(conversation, scene)];
}

function service(message) {
  return el("p", { class: "tg tg-service" }, el("span", {}, message.service));
}

function row(message, scene, first, last) {
  const author = scene.users.get(message.user);
  const mine = message.user === scene.context.me;
  const at = new Date(message.at);
  const time = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
  const group = scene.chat.kind !== "direct";
  const look = ["message", "tg", mine ? "mine" : "theirs", last ? "tail" : "", message.ephemeral ? "ephemeral" : ""].join(" ");
  return el("article", { class: look, "aria-label": `${author?.name ?? "?"}, ${time}`, tabindex: "-1" },
    group && !mine && el("div", { class: "tg-gutter" }, last && avatar(author, "small")),
    el("div", { class: "tg-stack" },
      el("div", { class: "tg-bubble" },
        message.ephemeral && el("p", { class: "only-you" }, icon("eye"), "Only visible to you"),
        group && !mine && first && el("p", { class: "tg-name", style: { "--hue": String(hue(message.user)) } }, author?.name ?? message.user, author?.bot && el("span", { class: "tg-bot" }, "bot")),
        message.topic && el("p", { class: "tg-topic" }, message.topic),
        message.reply && quote(message.reply),
        message.photo && photo(message, scene.context),
        el("div", { class: "tg-text" }, rich(message.text, message.entities),
          el("span", { class: "tg-meta" },
            message.silent && el("span", { title: "Sent without a sound" }, "silent "),
            message.edits > 0 && el("span", { class: "edits", title: message.edits === 1 ? "Edited once" : `Edited ${message.edits} times` }, "edited "),
            el("time", { datetime: message.at, title: at.toString() }, time))),
        !mine && !message.ephemeral && el("button", { type: "button", class: "tg-reply", title: "Reply", "aria-label": "Reply", on: { click: () => act(scene, { do: "reply", message: message.id }) } }, "↩")),
      message.rows.length > 0 && keyboard(message, scene)));
}

function act(scene, action, element) {
  return scene.context.act({ chat: scene.chat.id, ...action }, element);
}

function photo(message, context) {
  const source = `/playground/picture?${new URLSearchParams({ pane: context.pane, as: context.me, name: message.photo })}`;
  return el("a", { href: source, target: "_blank" }, el("img", { class: "photo", alt: message.text, src: source }));
}

function quote(reply) {
  return el("div", { class: "tg-quote", style: { "--hue": String(hue(reply.user)) } }, el("strong", {}, reply.name), el("span", {}, reply.text));
}

function keyboard(message, scene) {
  return el("div", { class: "tg-keyboard" }, message.rows.map((line) => el("div", { class: "tg-line" }, line.map((button) => key(button, message, scene)))));
}

function key(button, message, scene) {
  const look = STYLES.includes(button.style) ? `tg-key ${button.style}` : "tg-key";
  const address = button.url && safeLink(button.url);
  if (address) return el("a", { class: look, href: address, target: "_blank", rel: "noreferrer noopener" }, button.text, el("span", { class: "tg-away", "aria-hidden": "true" }, "↗"));
  const press = (event) => act(scene, { do: "click", message: message.id, ephemeral: message.ephemeral, button: button.callback_data ?? button.text }, event.currentTarget);
  return el("button", { type: "button", class: look, data: { action: button.callback_data ?? button.text }, on: { click: press } }, button.text);
}

// Words with their entities, whose offsets count UTF-16 code units, as JavaScript's own.
export function rich(text, entities, from = 0, to = text.length) {
  const parts = [];
  let at = from;
  entities.forEach((entity, place) => {
    const end = Math.min(entity.offset + entity.length, to);
    if (entity.offset < at || end <= entity.offset) return;
    const inner = entities.slice(place + 1).filter((other) => other.offset < end);
    parts.push(text.slice(at, entity.offset), mark(entity, text.slice(entity.offset, end), rich(text, inner, entity.offset, end)));
    at = end;
  });
  parts.push(text.slice(at, to));
  return parts;
}

const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "del", code: "code", pre: "pre", blockquote: "blockquote", expandable_blockquote: "blockquote" };

function mark(entity, words, inside) {
  if (TAGS[entity.type]) return el(TAGS[entity.type], { class: entity.type === "pre" ? "fence" : null }, inside);
  if (entity.type === "spoiler") return el("span", { class: "tg-spoiler", tabindex: "0" }, inside);
  const target = { text_link: entity.url, url: words, email: `mailto:${words}` }[entity.type];
  const address = target && safeLink(target);
  if (address) return el("a", { href: address, target: "_blank", rel: "noreferrer noopener" }, inside);
  return el("span", { class: "tg-entity" }, inside);
}

// What stands below the messages: who is typing, the message that is replied to, a reply keyboard, Start, a toast.
function below(conversation, scene) {
  const { notice, replying, stopped, blocked, typing } = conversation;
  const bot = conversation.users.find((user) => user.bot)?.name ?? "the bot";
  return [
    typing && { key: "typing", version: "", draw: () => el("p", { class: "tg tg-typing", role: "status" }, `${bot} is typing…`) },
    conversation.keyboard.length > 0 && { key: "keys", version: JSON.stringify(conversation.keyboard), draw: () => keys(conversation.keyboard, scene) },
    replying && { key: "replying", version: JSON.stringify(replying), draw: () => answering(replying, scene) },
    stopped && { key: "start", version: String(blocked), draw: () => start(bot, blocked, scene) },
    !stopped && scene.chat.kind === "direct" && { key: "block", version: "", draw: () => block(bot, scene) },
    notice && !notice.alert && { key: `toast ${notice.id}`, version: "", draw: () => toast(notice, scene) },
  ].filter(Boolean);
}

function keys(rows, scene) {
  return el("div", { class: "tg tg-keys", role: "group", "aria-label": "Reply keyboard" }, rows.map((line) => el("div", { class: "tg-line" },
    line.map((button) => el("button", { type: "button", on: { click: (event) => act(scene, { do: "write", text: button.text }, event.currentTarget) } }, button.text)))));
}

function answering(replying, scene) {
  return el("div", { class: "tg tg-replying", "aria-label": `Replying to ${replying.name}`, role: "group" },
    el("span", { class: "tg-arrow", "aria-hidden": "true" }, "↩"),
    quote(replying),
    replying.hint && el("small", {}, replying.hint),
    el("button", { type: "button", class: "icon", "aria-label": "Cancel the reply", on: { click: () => act(scene, { do: "drop", message: replying.id }) } }, icon("close")));
}

function start(bot, blocked, scene) {
  return el("div", { class: "tg tg-start" },
    el("p", {}, blocked ? `You have blocked ${bot}.` : `${bot} cannot write to you until you press Start.`),
    el("button", { type: "button", on: { click: (event) => act(scene, { do: "start" }, event.currentTarget) } }, blocked ? "Restart bot" : "Start"));
}

function block(bot, scene) {
  return el("p", { class: "tg tg-block" }, el("button", { type: "button", class: "ghost", on: { click: () => act(scene, { do: "block" }) } }, `Block ${bot}`));
}

function toast(notice, scene) {
  setTimeout(() => act(scene, { do: "close", message: notice.id }), 4600);
  return el("p", { class: "tg tg-toast", role: "status" }, notice.text);
}

// The alert that is open for this person, or nothing.
export function form(conversation, context) {
  const notice = conversation.notice;
  if (!notice?.alert) return null;
  const close = () => context.act({ do: "close", chat: conversation.chat.id, message: notice.id });
  const dialog = el("dialog", { class: "dialog tg-alert", "aria-label": "Alert", data: { key: `notice ${notice.id}` } },
    el("p", {}, notice.text),
    el("div", { class: "dialog-foot" }, el("button", { type: "button", class: "tg-ok", on: { click: close } }, "OK")));
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    close();
  });
  return dialog;
}
