// The panel on the right: the clock, sample alerts, the plug, the command line; and the theme, and short notices.

import { el, icon, post } from "./dom.js";

const at = (id) => document.getElementById(id);
const THEMES = ["auto", "light", "dark"];

export function controls({ refresh, platformName }) {
  let drawnSamples = "";

  function toast(words, look = "") {
    const note = el("div", { class: `toast ${look}` }, words);
    at("toasts").append(note);
    setTimeout(() => note.remove(), 5000);
  }

  async function control(body, button) {
    button?.setAttribute("disabled", "");
    try {
      const answer = await post("/playground/control", body);
      if (answer.said) toast(answer.said);
      if (answer.clock) clock(answer.clock);
    } catch (error) {
      toast(error.message, "bad");
    } finally {
      button?.removeAttribute("disabled");
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
    const wanted = JSON.stringify(state.samples);
    if (wanted !== drawnSamples) at("samples").replaceChildren(...state.samples.map(sample));
    drawnSamples = wanted;
    const plugs = JSON.stringify(state.panes.map((pane) => [pane.id, pane.plugged]));
    if (at("plugs").dataset.drawn !== plugs) at("plugs").replaceChildren(...state.panes.map(plug));
    at("plugs").dataset.drawn = plugs;
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
    const name = platformName(pane);
    const button = el("button", { type: "button", class: pane.plugged ? "unplug" : "plug-in" }, icon("plug"), pane.plugged ? `Pull ${name}'s plug` : `Plug ${name} in again`);
    button.addEventListener("click", () => control({ do: pane.plugged ? "pull" : "put back", pane: pane.id }, button));
    return el("div", { class: "plug" }, button,
      !pane.plugged && el("p", { class: "hint" }, "Nobody gets through until you do."));
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
