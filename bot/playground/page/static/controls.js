// The panel on the right: the clock, sample alerts, the plug, the command line; and the theme, and short notices.

import { mark } from "./column.js";
import { el, icon, post } from "./dom.js";
import { redraw } from "./list.js";

const at = (id) => document.getElementById(id);
const THEMES = ["auto", "light", "dark"];
const FAULT_ICONS = { "rate limit": "gauge", "kick the bot": "leave", "out of calls": "empty", "Twilio is down": "phone", "ntfy is down": "bell" };

function faultIcon(fault) {
  return icon(FAULT_ICONS[fault] ?? "trouble");
}

function capitalized(words) {
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
}

export function controls({ refresh, name }) {
  function toast(words, look = "") {
    const note = el("div", { class: `toast ${look}` }, words);
    at("toasts").append(note);
    setTimeout(() => note.remove(), 5000);
  }

  async function control(body, button) {
    if (button?.classList.contains("busy")) return;
    button?.classList.add("busy"); // Not disabled, which would take the focus away.
    try {
      const answer = await post("/playground/control", body);
      if (answer.said) toast(answer.said);
      if (answer.clock) clock(answer.clock);
    } catch (error) {
      toast(error.message, "bad");
    } finally {
      button?.classList.remove("busy");
      refresh();
    }
  }

  function clock(time) {
    const now = new Date(time.now);
    at("clock").textContent = now.toLocaleTimeString([], { hour12: false });
    at("clock").dateTime = time.now;
    at("clock-note").textContent = time.fast ? "time is running" : now.toLocaleDateString([], { weekday: "short", day: "numeric", month: "short" });
    at("clock").classList.toggle("fast", time.fast);
    at("run").hidden = !time.runnable;
    at("run").nextElementSibling.hidden = !time.runnable;
  }

  function draw(state) {
    clock(state.clock);
    at("curl").textContent = state.curl;
    redraw(at("samples"), state.samples, () => state.samples.map(sample));
    redraw(at("plugs"), state.panes.map((pane) => [pane.id, pane.plugged, pane.switches]), () =>
      state.panes.length > 1 ? [el("ul", { class: "trouble-rows" }, state.panes.map(plugRow)), legend(state.panes)] : state.panes.map(plug));
  }

  function sample(item) {
    const words = item.note || item.title;
    const fire = el("button", { type: "button", class: "fire", "aria-label": `Fire: ${words}` }, "Fire");
    const recover = el("button", { type: "button", class: "ghost", "aria-label": `Recover: ${words}` }, "Recover");
    fire.addEventListener("click", () => control({ do: "fire", sample: item.name }, fire));
    recover.addEventListener("click", () => control({ do: "recover", sample: item.name }, recover));
    return el("li", { class: `sample ${item.severity.toLowerCase()}`, data: { sample: item.name } },
      el("p", {}, el("span", { class: "severity" }, item.severity), el("span", { class: "sample-title" }, words)),
      el("div", { class: "sample-does" }, fire, recover));
  }

  function plug(pane) {
    return el("div", { class: "plug" }, plugButton(pane, plugWords(pane)),
      !pane.plugged && el("p", { class: "hint" }, "Nobody gets through until you do."),
      Object.keys(pane.switches).length > 0 && el("div", { class: "switches" }, Object.entries(pane.switches).map(([fault, on]) => faultSwitch(pane, fault, on, capitalized(fault)))));
  }

  // With several apps each has a row of pictures; their words are read aloud, and shown where the pointer rests.
  function plugRow(pane) {
    return el("li", { class: pane.plugged ? "trouble-row" : "trouble-row off" }, mark(pane, name(pane)), el("span", { class: "trouble-name" }, name(pane)),
      Object.entries(pane.switches).map(([fault, on]) => faultSwitch(pane, fault, on, faultIcon(fault))), plugButton(pane, ""));
  }

  function legend(panes) {
    const faults = new Set(panes.flatMap((pane) => Object.keys(pane.switches)));
    return el("p", { class: "hint legend" }, [...faults].map((fault) => el("span", {}, faultIcon(fault), fault)), el("span", {}, icon("plug"), "pull the plug"));
  }

  function plugWords(pane) {
    return pane.plugged ? `Pull ${name(pane)}'s plug` : `Plug ${name(pane)} in again`;
  }

  function plugButton(pane, shown) {
    const button = el("button", { type: "button", class: pane.plugged ? "unplug" : "plug-in", title: plugWords(pane), "aria-label": plugWords(pane), data: { focus: `plug ${pane.id}` } }, icon("plug"), shown);
    button.addEventListener("click", () => control({ do: pane.plugged ? "pull" : "put back", pane: pane.id }, button));
    return button;
  }

  // Trouble that lasts until the same button ends it.
  function faultSwitch(pane, fault, on, shown) {
    const words = `${capitalized(fault)} (${name(pane)})`;
    const button = el("button", { type: "button", class: "switch", "aria-pressed": String(on), title: words, "aria-label": words, data: { focus: `${fault} ${pane.id}` } }, shown);
    button.addEventListener("click", () => control({ do: "switch", pane: pane.id, name: fault }, button));
    return button;
  }

  for (const button of at("run").querySelectorAll("button")) {
    button.addEventListener("click", () => control({ do: "run", seconds: Number(button.dataset.seconds) }, button));
  }

  at("copy").addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(at("curl").textContent);
      toast("Copied");
    } catch {
      getSelection().selectAllChildren(at("curl")); // A page that is not on localhost may not write there.
      toast("Selected: copy it with your keyboard");
    }
  });

  function theme(name) {
    if (name === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    localStorage.setItem("theme", name);
    at("theme").textContent = `Theme: ${name}`;
  }

  theme(THEMES.includes(localStorage.getItem("theme")) ? localStorage.getItem("theme") : "auto");
  at("theme").addEventListener("click", () => theme(THEMES[(THEMES.indexOf(localStorage.getItem("theme")) + 1) % THEMES.length]));

  return { draw, clock, control, toast };
}
