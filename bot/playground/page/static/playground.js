// The page over all panes: which apps are shown, who one is, and which chat of each is open.
//
// The server only says that something has changed; the page then asks for what it shows. So a lost connection loses
// nothing: on the next one everything is asked for again.

import * as address from "./address.js";
import { around, drawers, everybody } from "./around.js";
import { column } from "./column.js";
import { controls } from "./controls.js";
import { get, post } from "./dom.js";
import { tour } from "./tour.js";
import * as unread from "./unread.js";

const at = (id) => document.getElementById(id);
const RENDERERS = new Map();
const COLUMNS = new Map();
const NUMBERS = { 2: "both", 3: "all three", 4: "all four" };

// `chats` are those that were chosen, by name; `open` what each app shows now, by id; `turn` counts what the visitor did.
const here = { ...address.read(), open: new Map(), state: null, turn: 0 };

async function learn(platform) {
  if (RENDERERS.has(platform)) return;
  const module = await import(`./panes/${platform}.js`);
  await Promise.all([...document.querySelectorAll("link[rel=stylesheet]")].filter((link) => !link.sheet).map(loaded));
  RENDERERS.set(platform, module);
}

// Nothing is drawn before its style is there: what is measured would be wrong.
function loaded(link) {
  return new Promise((resolve) => {
    link.addEventListener("load", resolve);
    link.addEventListener("error", resolve);
  });
}

function name(pane) {
  return RENDERERS.get(pane.platform).NAME ?? pane.platform.slice(0, 1).toUpperCase() + pane.platform.slice(1);
}

// What was drawn for one person can do nothing for another: it is out of reach until it is drawn anew.
let drawnFor = "";

function keep() {
  for (const place of [at("columns"), at("devices")]) place.inert = here.me !== drawnFor;
}

// Asking again, once at a time, and once more if something changed meanwhile.
let asking = false;
let askAgain = false;

async function refresh() {
  keep();
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
  const { turn } = here;
  const state = await get("/playground/state", { as: here.me });
  await Promise.all(state.panes.map((pane) => learn(pane.platform)));
  const people = everybody(state.panes);
  if (turn !== here.turn || people.length === 0) {
    askAgain = turn !== here.turn;
    return;
  }
  here.state = state;
  if (!people.some((person) => person.handle === here.me)) here.me = people[0].handle;
  const scenes = shown(state).map((pane) => scene(pane, people.find((person) => person.handle === here.me)));
  here.open = new Map(scenes.map(({ pane, chat }) => [pane.id, chat?.id]));
  for (const { pane, chat } of scenes) if (chat) unread.read(pane, chat, here.me);
  drawAround(state, people, scenes);
  await Promise.all(scenes.map(async (each) => {
    const { pane, chat, me } = each;
    if (chat) each.conversation = await get("/playground/chat", { pane: pane.id, chat: chat.id, as: me.id });
  }));
  if (turn !== here.turn) {
    askAgain = true;
    return;
  }
  drawColumns(state, scenes);
  drawnFor = here.me;
  keep();
  unread.start();
}

// A phone or a mailbox, which stands beside the chats.
function isDevice(pane) {
  return Boolean(RENDERERS.get(pane.platform).column);
}

// The panes that are on the screen: the one that was enlarged, or all.
function shown(state) {
  const one = state.panes.find((pane) => pane.id === here.view);
  return one ? [one] : state.panes;
}

function alone() {
  return shown(here.state).length === 1;
}

// What a pane shows to the person one is; who has no account there sees nothing.
function scene(pane, me) {
  const person = pane.people.find((one) => one.handle === me.handle);
  return { pane, me: person ?? me, chat: person ? chosen(pane) : null, conversation: null };
}

// The chat that was chosen; else the one that is open, unless it is empty; else where something was said last.
function chosen(pane) {
  const wanted = here.chats.get(pane.id) ?? here.everywhere;
  const direct = pane.chats.find((chat) => chat.kind === "direct");
  const found = wanted === address.DIRECT ? direct : pane.chats.find((chat) => chat.name === wanted || chat.id === wanted);
  const open = pane.chats.find((chat) => chat.id === here.open.get(pane.id) && chat.kind === "channel");
  const latest = pane.chats.filter((chat) => chat.kind === "channel" && chat.latest).sort((a, b) => (b.latest > a.latest ? 1 : -1))[0];
  const first = pane.chats.find((chat) => chat.name !== "general");
  return found ?? (open?.count ? open : latest ?? open ?? first) ?? pane.chats[0] ?? null;
}

function drawAround(state, people, scenes) {
  const single = alone();
  document.body.dataset.view = single ? "alone" : "beside";
  document.title = single ? `${name(scenes[0].pane)} · Oncard playground` : "Oncard playground";
  at("page-name").hidden = single;
  frame.drawViews(state.panes, single ? scenes[0].pane.id : "");
  frame.drawPeople(state.panes, people, here.me);
  frame.drawSide(state.panes, here.me, here.open);
  panel.draw(state);
  story.draw(state);
}

function drawColumns(state, scenes) {
  for (const pane of state.panes) {
    const { column: own = column, ...module } = RENDERERS.get(pane.platform);
    if (!COLUMNS.has(pane.id)) COLUMNS.set(pane.id, own(pane, name(pane), module, page));
  }
  stand(at("columns"), state.panes.filter((pane) => !isDevice(pane)), scenes);
  stand(at("devices"), state.panes.filter(isDevice), scenes);
  for (const [id, each] of COLUMNS) if (!scenes.some(({ pane }) => pane.id === id)) each.hide();
  for (const each of scenes) {
    COLUMNS.get(each.pane.id).node.hidden = false;
    COLUMNS.get(each.pane.id).draw({ ...each, alone: alone(), now: state.clock.now });
  }
  const chats = scenes.filter(({ pane }) => !isDevice(pane));
  document.body.dataset.devices = chats.length && chats.length < scenes.length ? "beside" : "";
  const quiet = chats.length > 0 && chats.every(({ conversation }) => !conversation?.messages.length);
  at("intro").hidden = alone() || !quiet || state.tour.number > 0;
  at("intro-words").textContent = `One alert becomes one live card in ${NUMBERS[chats.length] ?? "all"} apps. A click in any of them changes all.`;
  story.light(COLUMNS);
}

// Panes stand where they belong; a place without any that is shown is not there.
function stand(place, panes, scenes) {
  const nodes = panes.map((pane) => COLUMNS.get(pane.id).node);
  if (nodes.some((node) => !node.isConnected)) place.replaceChildren(...nodes);
  const count = scenes.filter(({ pane }) => panes.includes(pane)).length;
  place.dataset.count = String(count);
  place.hidden = count === 0;
}

// What the visitor does

function moved(step = false) {
  here.turn += 1;
  address.write(here, step);
  small.close();
  refresh();
}

function view(id) {
  const before = here.view;
  here.view = id;
  moved(before !== id);
}

function open(pane, chat) {
  here.chats.set(pane.id, chat.kind === "direct" ? address.DIRECT : chat.name);
  if (alone() && here.state.panes.length > 1) here.view = pane.id;
  moved();
}

function be(handle) {
  here.me = handle;
  frame.choosePerson(handle);
  moved();
}

// What the person does in a chat; the element is busy until the app has answered.
async function act(action, element) {
  element?.classList.add("busy");
  element?.setAttribute("aria-busy", "true");
  try {
    const { trouble } = await post("/playground/act", action);
    if (trouble) panel.toast(trouble, "bad");
  } catch (error) {
    panel.toast(error.message, "bad");
  } finally {
    element?.classList.remove("busy");
    element?.removeAttribute("aria-busy");
    refresh();
  }
}

const page = { act, alone, be, open, view, control: (body) => panel.control(body), fire: () => panel.control({ do: "fire", sample: here.state.samples[0].name }) };
const panel = controls({ refresh, name });
const frame = around({ name, module: (pane) => RENDERERS.get(pane.platform), page });
const small = drawers();
const story = tour({
  page,
  // The story shows all apps, and goes from scene to scene with whom it tells of; between them the visitor is free.
  turnTo({ person, opens }) {
    here.view = "";
    if (person) here.me = person;
    for (const [pane, chat] of Object.entries(opens)) here.chats.set(pane, chat);
    moved();
  },
});

at("intro-fire").addEventListener("click", page.fire);
at("skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.querySelector(".column:not([hidden]) .messages")?.focus();
});
window.addEventListener("popstate", () => {
  Object.assign(here, address.read(), { turn: here.turn + 1 });
  refresh();
});

function listen() {
  const stream = new EventSource("/playground/events");
  const live = at("live");
  stream.addEventListener("open", () => { live.textContent = "live"; live.dataset.on = "yes"; });
  stream.addEventListener("error", () => { live.textContent = "reconnecting"; live.dataset.on = "no"; });
  stream.addEventListener("changed", refresh);
  stream.addEventListener("clock", (event) => {
    const time = JSON.parse(event.data);
    panel.clock(time);
    for (const each of COLUMNS.values()) each.tick?.(time.now);
  });
}

listen();
refresh();
