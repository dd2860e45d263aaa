// The story that plays by itself: its captions, what they point at, and the buttons that begin and end it.

import { el, icon } from "./dom.js";
import { redraw } from "./list.js";

const at = (id) => document.getElementById(id);

export function tour({ page, turnTo }) {
  let scene = "";
  let lit = [];
  let fresh = false;
  let asked = new URLSearchParams(location.search).has("tour");

  function draw({ tour: now }) {
    for (const id of ["watch", "intro-watch"]) at(id).hidden = !now.available || now.running;
    if (asked && now.available) {
      asked = false;
      if (!now.running) start();
    }
    at("tour").hidden = now.number === 0;
    redraw(at("tour"), [now.number, now.caption, now.running], () => [
      el("div", { class: "tour-words", role: "status" }, el("h2", {}, now.heading), el("p", {}, now.caption)),
      el("ol", { class: "tour-scenes", "aria-label": `Scene ${now.number} of ${now.of}` },
        Array.from({ length: now.of }, (_, place) => el("li", { class: place < now.number ? "past" : "" }))),
      now.running
        ? el("button", { type: "button", class: "plain", data: { focus: "stop" }, on: { click: () => page.control({ do: "stop the tour" }) } }, "Stop")
        : [el("button", { type: "button", class: "plain watch", data: { focus: "again" }, on: { click: start } }, icon("play"), "Again"),
          el("button", { type: "button", class: "plain", data: { focus: "stop" }, on: { click: () => page.control({ do: "stop the tour" }) } }, "Close")],
    ]);
    lit = now.lit;
    const key = now.running ? String(now.number) : "";
    if (key && key !== scene) {
      fresh = true;
      turnTo(now);
    }
    scene = key;
  }

  // Points at panes and at parts of the panel.
  function light(columns) {
    document.body.classList.toggle("touring", lit.length > 0);
    for (const [id, { node, showCard }] of columns) {
      node.classList.toggle("lit", lit.includes(id));
      if (lit.includes(id)) showCard?.();
    }
    for (const part of document.querySelectorAll("[data-lit]")) part.classList.toggle("lit", lit.includes(part.dataset.lit));
    if (!fresh) return;
    fresh = false;
    document.querySelector(".lab .lit")?.scrollIntoView({ block: "nearest" });
    columns.get(lit.find((id) => columns.has(id)))?.node.scrollIntoView({ block: "nearest", inline: "center" });
  }

  function start() {
    page.control({ do: "tour" });
  }

  for (const id of ["watch", "intro-watch"]) {
    at(id).prepend(icon("play"));
    at(id).addEventListener("click", start);
  }
  return { draw, light };
}
