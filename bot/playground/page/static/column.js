// One app on the page: its head, its open chat and the box to write in. Side by side there are several, else it is alone.
//
// `page` is what it may do to the rest: `open(pane, chat)`, `view(id)`, `control(body)`, `fire()`, and `act(...)`.

import { el, icon } from "./dom.js";
import { reconcile, redraw } from "./list.js";
import * as unread from "./unread.js";

const NEAR_THE_END = 80;
const CARD_HEIGHT = 260;

// The square with an app's letter, in its colour.
export function mark(pane, name) {
  return el("span", { class: `mark app-${pane.platform}`, "aria-hidden": "true" }, name.slice(0, 1));
}

export function sign(chat) {
  if (chat.kind === "direct") return el("img", { class: "tiny", src: "/playground/static/oncard.svg", alt: "" });
  return icon(chat.private ? "lock" : "hash");
}

export function badge(count, words) {
  return count > 0 && el("span", { class: "badge", role: "img", "aria-label": `${count} new${words}` }, String(count));
}

export function column(first, name, module, page) {
  const list = el("div", { class: "messages", tabindex: "0", role: "log", "aria-label": `Messages in ${name}` });
  const newer = el("button", { type: "button", class: "newer", hidden: true }, "New messages");
  const head = el("header", { class: "chat-head" });
  const banner = el("div", { class: "banner", role: "alert", hidden: true });
  const notices = el("div", { class: "notices", role: "status", "aria-live": "polite" });
  const write = el("input", { name: "text", autocomplete: "off", "aria-label": `Message in ${name}`, disabled: true });
  const composer = el("form", { class: "composer" }, write, el("button", { type: "submit", class: "icon", "aria-label": `Send in ${name}`, disabled: true }, icon("send")));
  const node = el("section", { class: `column app-${first.platform}`, "aria-label": name, data: { pane: first.id } }, head, banner, list, newer, notices, composer);
  let here = { pane: first, chat: null };
  let drawn = "";
  let atEnd = true;

  function draw({ pane, chat, conversation, alone, me }) {
    here = { pane, chat };
    node.classList.toggle("unplugged", !pane.plugged);
    drawHead(pane, chat, alone, me);
    redraw(banner, pane.plugged, () => (pane.plugged ? [] : unplugged(pane)));
    banner.hidden = pane.plugged;
    for (const part of composer.elements) part.disabled = !chat || chat.archived;
    write.placeholder = !chat ? "" : chat.kind === "direct" ? `Message ${chat.name}` : `Message #${chat.name}`;
    drawMessages(pane, chat, conversation, me);
  }

  function drawHead(pane, chat, alone, me) {
    const news = pane.chats.map((each) => (each.id === chat?.id ? 0 : unread.inChat(pane, each, me.handle)));
    const from = [alone, pane.plugged, pane.title, pane.chats.map((each) => [each.id, each.name, each.members, each.archived]), chat?.id, news, me.name];
    redraw(head, from, () => (alone ? aloneHead(pane, chat, me) : besideHead(pane, chat, news)));
  }

  function aloneHead(pane, chat, me) {
    const about = chat && (chat.kind === "direct" ? `between ${me.name} and the app` : `${chat.members} people${chat.archived ? ", archived" : ""}`);
    return [
      mark(pane, name),
      el("div", { class: "chat-title" },
        el("h1", {}, chat && chat.kind !== "direct" && icon(chat.private ? "lock" : "hash"), chat?.name ?? name),
        el("p", {}, `${name} · ${pane.title}${about ? ` · ${about}` : ""}`)),
    ];
  }

  function besideHead(pane, chat, news) {
    return [
      el("h2", {}, el("button", { type: "button", class: "enlarge", title: `Show ${name} alone`, data: { focus: "enlarge" }, on: { click: () => page.view(pane.id) } },
        mark(pane, name), el("span", {}, name), icon("enlarge"))),
      el("div", { class: "tabs", role: "group", "aria-label": `Chats in ${name}` }, pane.chats.map((each, place) =>
        el("button", { type: "button", class: "tab", "aria-current": each.id === chat?.id ? "true" : null, title: each.name, data: { focus: each.id }, on: { click: () => page.open(pane, each) } },
          each.kind === "direct" ? icon("person") : icon(each.private ? "lock" : "hash"), el("span", {}, each.name), badge(news[place], "")))),
    ];
  }

  function unplugged(pane) {
    return [icon("plug"), el("span", {}, `${name} is unplugged. Oncard cannot reach anybody here.`),
      el("button", { type: "button", class: "plain", on: { click: () => page.control({ do: "put back", pane: pane.id }) } }, "Plug it in")];
  }

  function drawMessages(pane, chat, conversation, me) {
    const context = { me: me.id, pane: pane.id, notices, act: (action, element) => page.act({ pane: pane.id, chat: chat.id, as: me.id, ...action }, element) };
    const place = `${chat?.id} ${me.handle}`;
    const moved = drawn !== place;
    atEnd ||= moved;
    const items = conversation ? module.render(conversation, context) : [];
    const empty = { key: "quiet", version: `${place} ${page.alone()}`, draw: () => quiet(chat, me) };
    const added = reconcile(list, items.length ? items : [empty], moved);
    drawn = place;
    if (atEnd) goToEnd();
    if (atEnd) newer.hidden = true;
    else if (added) newer.hidden = false;
    showForm((conversation && module.form?.(conversation, context)) ?? null);
  }

  function quiet(chat, me) {
    if (!chat) return el("div", { class: "quiet" }, el("h2", {}, "Not here"), el("p", {}, `${me.name} has no account in ${name}.`));
    const words = chat.kind === "direct"
      ? [el("h2", {}, "No pages for you"), el("p", {}, "When an incident needs this person, its card arrives here.")]
      : [el("h2", {}, "All quiet"), el("p", {}, page.alone() ? "No alert has come to this channel. Fire one, and watch its card appear." : "No alert has come to this channel."),
        page.alone() && el("button", { type: "button", class: "plain first", on: { click: page.fire } }, "Fire a critical alert")];
    return el("div", { class: "quiet" }, el("div", { class: "quiet-bell" }, icon("bell")), words);
  }

  function showForm(dialog) {
    const open = [...document.querySelectorAll("dialog[data-key]")].find((one) => one.dataset.pane === first.id);
    if (open?.dataset.key === dialog?.dataset.key) return;
    open?.remove();
    if (!dialog) return;
    dialog.dataset.pane = first.id;
    document.body.append(dialog);
    dialog.showModal();
  }

  function goToEnd() {
    list.scrollTop = list.scrollHeight;
  }

  // The newest card from its head, though something small was said after it: for somebody who only watches.
  function showCard() {
    const card = [...list.children].findLast((one) => one.offsetHeight > CARD_HEIGHT);
    if (card) list.scrollTop += card.getBoundingClientRect().top - list.getBoundingClientRect().top - 4;
  }

  function hide() {
    node.hidden = true;
    showForm(null);
  }

  composer.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = write.value.trim();
    if (!text || !here.chat) return;
    write.value = "";
    page.act({ do: "write", pane: here.pane.id, chat: here.chat.id, as: here.pane.person, text });
  });
  newer.addEventListener("click", () => list.scrollTo({ top: list.scrollHeight, behavior: "smooth" }));
  list.addEventListener("scroll", () => {
    atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_THE_END;
    if (atEnd) newer.hidden = true;
  });
  new ResizeObserver(() => atEnd && goToEnd()).observe(list); // Who reads the newest message keeps it in sight.

  return { node, draw, hide, showCard };
}
