// What stands around the columns: the views, the people one can be, and the list of chats beside a single one.

import { badge, mark, sign } from "./column.js";
import { el, icon } from "./dom.js";
import { redraw } from "./list.js";
import * as unread from "./unread.js";

const at = (id) => document.getElementById(id);

// The people of all apps; those with the same handle are one person.
export function everybody(panes) {
  const found = new Map();
  for (const pane of panes) for (const person of pane.people) if (!found.has(person.handle)) found.set(person.handle, { ...person, pane });
  return [...found.values()];
}

export function around({ name, module, page }) {
  function drawViews(panes, view) {
    at("views").hidden = panes.length < 2;
    redraw(at("views"), [panes.map((pane) => [pane.id, pane.plugged]), view], () => [
      viewButton("", view, "Side by side", icon("columns")),
      ...panes.map((pane) => viewButton(pane.id, view, name(pane), mark(pane, name(pane)), !pane.plugged && el("span", { class: "dot off", role: "img", "aria-label": "unplugged" }))),
    ]);
  }

  function viewButton(id, view, words, picture, trouble = null) {
    return el("button", { type: "button", class: "view", title: words, "aria-label": trouble ? `${words}, unplugged` : words, "aria-current": id === view ? "true" : null, data: { focus: `view ${id}` }, on: { click: () => page.view(id) } },
      picture, el("span", { class: "words" }, words), trouble);
  }

  function drawPeople(panes, all, me) {
    const news = all.map((person) => unread.forPerson(panes, person.handle));
    redraw(at("people"), [all.map((person) => [person.handle, person.name]), news], () => all.map((person, place) =>
      el("button", { type: "button", role: "radio", class: "person", data: { focus: person.handle, person: person.handle }, on: { click: () => page.be(person.handle) } },
        module(person.pane).avatar(person, "small"), el("span", {}, person.name), badge(news[place], ` direct ${news[place] === 1 ? "message" : "messages"}`))));
    choosePerson(me);
  }

  function choosePerson(me) {
    for (const button of at("people").children) {
      const mine = button.dataset.person === me;
      button.setAttribute("aria-checked", String(mine));
      button.tabIndex = mine ? 0 : -1;
    }
  }

  at("people").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const all = [...at("people").children];
    const next = all[(all.findIndex((one) => one.getAttribute("aria-checked") === "true") + step + all.length) % all.length];
    event.preventDefault();
    next.focus();
    page.be(next.dataset.person);
  });

  // `open` says which chat of a pane is on the screen now, if any.
  function drawSide(panes, me, open) {
    const news = (pane, chat) => (open.get(pane.id) === chat.id ? 0 : unread.inChat(pane, chat, me));
    const from = panes.map((pane) => [pane.id, pane.title, pane.plugged, open.get(pane.id), pane.chats.map((chat) => [chat.id, chat.name, news(pane, chat)])]);
    redraw(at("panes"), from, () => panes.map((pane) => el("section", { class: "pane" },
      el("h2", {}, el("span", { class: pane.plugged ? "dot on" : "dot off" }), `${pane.title} `, el("small", {}, name(pane))),
      ["channel", "direct"].map((kind) => {
        const chats = pane.chats.filter((chat) => chat.kind === kind);
        return chats.length > 0 && [
          panes.length === 1 && el("h3", {}, kind === "channel" ? "Channels" : "Direct messages"),
          el("ul", {}, chats.map((chat) => el("li", {}, chatButton(pane, chat, open.get(pane.id) === chat.id, news(pane, chat))))),
        ];
      }))));
  }

  function chatButton(pane, chat, open, news) {
    return el("button", {
      type: "button", class: news ? "chat-link news" : "chat-link", "aria-current": open ? "page" : null, data: { focus: `${pane.id} ${chat.id}` },
      on: { click: () => page.open(pane, chat) },
    }, sign(chat), el("span", {}, chat.name), badge(news, ""));
  }

  return { drawViews, drawPeople, choosePerson, drawSide };
}

// The drawers of small screens; beside several columns the list of chats is one as well, and the controls can be put away.
const NARROW = matchMedia("(max-width: 1040px)");

export function drawers() {
  function toggle(which, open) {
    document.body.classList.toggle(`${which}-open`, open);
    at(`open-${which}`).setAttribute("aria-expanded", String(open));
    at("shade").hidden = !document.body.matches(".side-open, .lab-open");
  }

  function close() {
    toggle("side", false);
    toggle("lab", false);
  }

  at("open-side").append(icon("menu"));
  at("open-lab").append(icon("sliders"));
  at("close-lab").append(icon("close"));
  at("open-side").addEventListener("click", () => toggle("side", true));
  at("open-lab").addEventListener("click", () => {
    document.body.classList.remove("lab-away");
    toggle("lab", NARROW.matches);
    at("close-lab").focus();
  });
  at("close-lab").addEventListener("click", () => {
    document.body.classList.toggle("lab-away", !NARROW.matches);
    close();
    at("open-lab").focus();
  });
  at("shade").addEventListener("click", close);
  document.addEventListener("keydown", (event) => event.key === "Escape" && close());
  return { close };
}
