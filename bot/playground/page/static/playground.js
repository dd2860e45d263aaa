// The page around the panes: who one is, which chat is open, what is new, and the controls.
//
// The server only says that something has changed; the page then asks for what it shows. So a lost connection loses
// nothing: on the next one everything is asked for again.

import { el, get, icon, post } from "./dom.js";
import { controls } from "./controls.js";

const at = (id) => document.getElementById(id);
const RENDERERS = new Map();

const here = {
  pane: "",
  chat: "",
  me: sessionStorage.getItem("me") ?? "",
  state: null,
  seen: new Map(),
  drawn: "",
};

async function renderer(platform) {
  if (!RENDERERS.has(platform)) RENDERERS.set(platform, await import(`./panes/${platform}.js`));
  return RENDERERS.get(platform);
}

// Asking again, once at a time, and once more if something changed meanwhile.
let asking = false;
let askAgain = false;

async function refresh() {
  if (asking) {
    askAgain = true;
    return;
  }
  asking = true;
  try {
    do {
      askAgain = false;
      await draw();
    } while (askAgain);
  } catch (error) {
    console.warn("the playground could not be reached", error);
  } finally {
    asking = false;
  }
}

async function draw() {
  const me = here.me;
  const state = await get("/playground/state", { as: me });
  here.state = state;
  const pane = state.panes.find((candidate) => candidate.id === here.pane) ?? state.panes[0];
  if (!pane) return;
  await renderer(pane.platform);
  if (here.me !== me) {
    askAgain = true;
    return;
  }
  here.pane = pane.id;
  here.me = pane.person;
  if (!pane.chats.some((chat) => chat.id === here.chat)) here.chat = firstChat(pane);
  const chat = pane.chats.find((candidate) => candidate.id === here.chat);
  if (chat?.kind === "direct") here.seen.set(`${pane.id} to ${here.me}`, chat.count);
  drawPeople(pane);
  drawSide(state);
  panel.draw(state);
  if (!chat) return;
  drawHead(pane, chat);
  const asked = { pane: pane.id, chat: chat.id, as: here.me };
  const conversation = await get("/playground/chat", asked);
  if (here.chat !== chat.id || here.me !== asked.as) {
    askAgain = true;
    return;
  }
  drawMessages(pane, conversation);
  here.seen.set(seenKey(pane.id, chat.id), conversation.chat.count);
}

// The chat to open first: where something was said last, else the first that is not the general one.
function firstChat(pane) {
  const hash = decodeURIComponent(location.hash.slice(1));
  const wanted = pane.chats.find((chat) => chat.id === hash || chat.name === hash);
  const latest = [...pane.chats].filter((chat) => chat.kind === "channel").sort((a, b) => (b.latest > a.latest ? 1 : -1))[0];
  const quiet = pane.chats.find((chat) => chat.name !== "general");
  return (wanted ?? (latest?.latest ? latest : quiet) ?? pane.chats[0])?.id ?? "";
}

function seenKey(pane, chat) {
  return `${pane} ${chat} ${here.me}`;
}

function unread(pane, chat) {
  const key = seenKey(pane.id, chat.id);
  if (!here.seen.has(key)) here.seen.set(key, chat.kind === "direct" && here.started ? 0 : chat.count);
  return Math.max(chat.count - here.seen.get(key), 0);
}

function drawSide(state) {
  const parts = state.panes.map((pane) => el("section", { class: "pane" },
    el("h2", {}, el("span", { class: pane.plugged ? "dot on" : "dot off" }), `${pane.title} `, el("small", {}, platformName(pane))),
    ["channel", "direct"].map((kind) => {
      const chats = pane.chats.filter((chat) => chat.kind === kind);
      return chats.length > 0 && [
        el("h3", {}, kind === "channel" ? "Channels" : "Direct messages"),
        el("ul", {}, chats.map((chat) => el("li", {}, chatButton(pane, chat)))),
      ];
    })));
  here.started = true;
  replaceKeepingFocus(at("panes"), parts);
}

function chatButton(pane, chat) {
  const open = pane.id === here.pane && chat.id === here.chat;
  const news = open ? 0 : unread(pane, chat);
  const sign = chat.kind === "direct" ? el("img", { class: "tiny", src: "/playground/static/oncard.svg", alt: "" }) : icon(chat.private ? "lock" : "hash");
  return el("button", {
    type: "button", class: news ? "chat-link news" : "chat-link", "aria-current": open ? "page" : null, data: { focus: `${pane.id} ${chat.id}` },
    on: { click: () => openChat(pane.id, chat) },
  }, sign, el("span", {}, chat.name), news > 0 && el("span", { class: "badge", role: "img", "aria-label": `${news} new` }, String(news)));
}

function openChat(pane, chat) {
  here.pane = pane;
  here.chat = chat.id;
  history.replaceState(null, "", `#${encodeURIComponent(chat.kind === "direct" ? chat.id : chat.name)}`);
  showSide(false);
  refresh();
}

function drawPeople(pane) {
  const drawn = JSON.stringify(pane.people.map((person) => [person.id, person.name, waiting(pane, person)]));
  if (at("people").dataset.drawn !== drawn) replaceKeepingFocus(at("people"), pane.people.map((person) => personButton(pane, person)));
  at("people").dataset.drawn = drawn;
  choosePerson();
}

function personButton(pane, person) {
  const news = waiting(pane, person);
  return el("button", { type: "button", role: "radio", class: "person", data: { focus: person.id, person: person.id }, on: { click: () => be(person.id) } },
    RENDERERS.get(pane.platform).avatar(person, "small"), el("span", {}, person.name),
    news > 0 && el("span", { class: "badge", role: "img", "aria-label": `${news} new direct ${news === 1 ? "message" : "messages"}` }, String(news)));
}

// How many direct messages a person has not read; those that were there before the page was opened do not count.
function waiting(pane, person) {
  const key = `${pane.id} to ${person.id}`;
  if (!here.seen.has(key)) here.seen.set(key, here.started ? 0 : person.direct);
  return person.direct - here.seen.get(key);
}

function choosePerson() {
  for (const button of at("people").children) {
    const mine = button.dataset.person === here.me;
    button.setAttribute("aria-checked", String(mine));
    button.tabIndex = mine ? 0 : -1;
  }
}

function be(person) {
  here.me = person;
  sessionStorage.setItem("me", person);
  choosePerson();
  refresh();
}

at("people").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const all = [...at("people").children];
  const next = all[(all.findIndex((one) => one.dataset.person === here.me) + step + all.length) % all.length];
  event.preventDefault();
  next.focus();
  be(next.dataset.person);
});

function drawHead(pane, chat) {
  const sign = chat.kind === "direct" ? [] : [icon(chat.private ? "lock" : "hash")];
  at("chat-name").replaceChildren(...sign, chat.name);
  const me = pane.people.find((person) => person.id === here.me)?.name ?? "you";
  at("chat-about").textContent = chat.kind === "direct" ? `between ${me} and the app` : `${chat.members} people${chat.archived ? ", archived" : ""}`;
  for (const part of at("composer").elements) part.disabled = chat.archived;
  at("write").placeholder = chat.kind === "direct" ? `Message ${chat.name}` : `Message #${chat.name}`;
  const banner = at("banner");
  banner.hidden = pane.plugged;
  if (!pane.plugged) banner.replaceChildren(icon("plug"), el("span", {}, `${platformName(pane)} is unplugged. Oncard cannot reach anybody here.`),
    el("button", { type: "button", class: "plain", on: { click: () => panel.control({ do: "put back", pane: pane.id }) } }, "Plug it in"));
}

function platformName(pane) {
  return pane.platform.slice(0, 1).toUpperCase() + pane.platform.slice(1);
}

function drawMessages(pane, conversation) {
  const module = RENDERERS.get(pane.platform);
  const context = { me: here.me, act };
  const list = at("messages");
  const place = `${pane.id} ${conversation.chat.id} ${here.me}`;
  const moved = here.drawn !== place;
  const atEnd = moved || list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  const items = module.render(conversation, context);
  const empty = { key: "quiet", version: conversation.chat.id, draw: () => quiet(conversation.chat) };
  const added = reconcile(list, items.length ? items : [empty], moved);
  here.drawn = place;
  if (atEnd) list.scrollTop = list.scrollHeight;
  at("newer").hidden = atEnd || !added;
  drawForm(module.form?.(conversation, context) ?? null);
}

// Make `list` show `items`, drawing only those that have changed; return whether any is new.
function reconcile(list, items, moved) {
  const wanted = new Set(moved ? [] : items.map((item) => item.key));
  for (const node of [...list.children]) if (!wanted.has(node.dataset.key)) node.remove();
  const old = new Map([...list.children].map((node) => [node.dataset.key, node]));
  let added = false;
  let next = list.firstElementChild;
  for (const item of items) {
    const before = old.get(item.key);
    let node = before;
    if (before?.dataset.version !== item.version) {
      node = item.draw();
      node.dataset.key = item.key;
      node.dataset.version = item.version;
      if (!moved) node.classList.add(before ? "changed" : "arrived");
      if (before) {
        if (next === before) next = node;
        replaceWithFocus(before, node);
      } else {
        added = true;
      }
    }
    if (node === next) next = next.nextElementSibling;
    else list.insertBefore(node, next);
  }
  return added;
}

// Replace a message; a reader who is on one of its buttons stays on the same one, or on the message.
function replaceWithFocus(before, after) {
  const focused = before.contains(document.activeElement) ? document.activeElement : null;
  const action = focused?.dataset.action;
  before.replaceWith(after);
  if (!focused) return;
  const same = [...after.querySelectorAll("[data-action]")].find((one) => one.dataset.action === action);
  (same ?? after).focus({ preventScroll: true });
}

function replaceKeepingFocus(parent, children) {
  const focus = parent.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  parent.replaceChildren(...children.flat(Infinity));
  if (focus) [...parent.querySelectorAll("[data-focus]")].find((one) => one.dataset.focus === focus)?.focus();
}

function quiet(chat) {
  const words = chat.kind === "direct"
    ? [el("h2", {}, "No pages for you"), el("p", {}, "When an incident needs this person, its card arrives here.")]
    : [el("h2", {}, "All quiet"), el("p", {}, "No alert has come to this channel. Fire one, and watch its card appear."),
      el("button", { type: "button", class: "plain first", on: { click: () => panel.control({ do: "fire", sample: here.state.samples[0].name }) } }, "Fire a critical alert")];
  return el("div", { class: "quiet" }, el("div", { class: "quiet-bell" }, icon("bell")), words);
}

function drawForm(dialog) {
  const open = document.querySelector("dialog[data-key]");
  if (open?.dataset.key === dialog?.dataset.key) return;
  open?.remove();
  if (dialog) {
    document.body.append(dialog);
    dialog.showModal();
  }
}

// What the person does in the chat; the element is busy until the app has answered.
async function act(action, element) {
  element?.classList.add("busy");
  element?.setAttribute("aria-busy", "true");
  try {
    const { trouble } = await post("/playground/act", { pane: here.pane, chat: here.chat, as: here.me, ...action });
    if (trouble) panel.toast(trouble, "bad");
  } catch (error) {
    panel.toast(error.message, "bad");
  } finally {
    element?.classList.remove("busy");
    element?.removeAttribute("aria-busy");
    refresh();
  }
}

at("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = at("write").value.trim();
  if (!text) return;
  at("write").value = "";
  act({ do: "write", text });
});

// Drawers of small screens

function showSide(open) {
  document.body.classList.toggle("side-open", open);
  at("open-side").setAttribute("aria-expanded", String(open));
  shade();
}

function showLab(open) {
  document.body.classList.toggle("lab-open", open);
  at("open-lab").setAttribute("aria-expanded", String(open));
  shade();
}

function shade() {
  at("shade").hidden = !document.body.matches(".side-open, .lab-open");
}

at("open-side").append(icon("menu"));
at("open-lab").append(icon("sliders"));
at("close-lab").append(icon("close"));
at("composer").querySelector("button").append(icon("send"));
at("open-side").addEventListener("click", () => showSide(true));
at("open-lab").addEventListener("click", () => showLab(true));
at("close-lab").addEventListener("click", () => showLab(false));
const closeDrawers = () => { showSide(false); showLab(false); };
at("shade").addEventListener("click", closeDrawers);
document.addEventListener("keydown", (event) => event.key === "Escape" && closeDrawers());
at("newer").addEventListener("click", () => at("messages").scrollTo({ top: at("messages").scrollHeight, behavior: "smooth" }));
at("messages").addEventListener("scroll", (event) => {
  const list = event.currentTarget;
  if (list.scrollHeight - list.scrollTop - list.clientHeight < 80) at("newer").hidden = true;
});

const panel = controls({ refresh, platformName });

function listen() {
  const stream = new EventSource("/playground/events");
  const live = at("live");
  stream.addEventListener("open", () => { live.textContent = "live"; live.dataset.on = "yes"; });
  stream.addEventListener("error", () => { live.textContent = "reconnecting"; live.dataset.on = "no"; });
  stream.addEventListener("changed", refresh);
  stream.addEventListener("clock", (event) => panel.clock(JSON.parse(event.data)));
}

listen();
refresh();
