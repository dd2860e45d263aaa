// Somebody's phone: what lights up on its lock screen, its texts, and its calls, which ring, speak as text and take keys.
//
// It stands beside the chats, so it makes a column of its own kind; `draw` and `hide` are as there.

import { mark } from "../column.js";
import { el, icon, safeLink } from "../dom.js";
import { reconcile, redraw } from "../list.js";

export const NAME = "Phone";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const ENDS = {
  busy: "Missed call: you were busy",
  declined: "You declined a call",
  no_answer: "Missed call",
  cancelled: "Missed call: the caller gave up",
};
const HABITS = { "by hand": "it rings", busy: "busy", off: "off", voicemail: "voicemail answers" };

export function avatar() {
  return icon("handset");
}

function time(at) {
  return new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
}

// Addresses in a text can be tapped; everything else stays text.
function tappable(words) {
  return words.split(/(https?:\/\/\S+)/).map((part) => {
    const link = /^https?:/.test(part) ? safeLink(part) : null;
    return link ? el("a", { href: link, target: "_blank", rel: "noopener" }, link.replace(/^https?:\/\//, "").slice(0, 26), "…") : part;
  });
}

export function column(first, name, _module, page) {
  const head = el("header", { class: "chat-head" });
  const banner = el("div", { class: "banner", role: "alert", hidden: true });
  const bar = el("div", { class: "phone-bar" });
  const lock = el("div", { class: "phone-lock" });
  const pushes = el("div", { class: "phone-pushes", role: "log", "aria-label": "Lock screen", tabindex: "0" });
  const thread = el("div", { class: "phone-thread", role: "log", "aria-label": "Texts and calls", tabindex: "0" });
  const write = el("input", { name: "sms", autocomplete: "off", placeholder: "Write back, such as 1", "aria-label": "SMS to Oncard" });
  const composer = el("form", { class: "composer" }, write, el("button", { type: "submit", class: "icon", "aria-label": "Send the SMS" }, icon("send")));
  const call = el("section", { class: "phone-call", "aria-label": "Call", hidden: true });
  const node = el("section", { class: "column device app-phones", "aria-label": name, data: { pane: first.id } },
    head, banner, el("div", { class: "phone" }, bar, lock, pushes, thread, composer, call));
  let here = { pane: first, me: null };

  function act(action, element) {
    return page.act({ pane: here.pane.id, as: here.me.id, ...action }, element);
  }

  function button(words, action, look = "", picture = null) {
    const made = el("button", { type: "button", class: look, data: { focus: words } }, picture, words);
    made.addEventListener("click", () => act(action, made));
    return made;
  }

  function draw({ pane, conversation, me, now, alone }) {
    here = { pane, me };
    if (!conversation) return;
    drawHead(pane, conversation, me, alone);
    banner.hidden = conversation.away.length === 0;
    redraw(banner, conversation.away, () => [icon("plug"), el("span", {}, `${conversation.away.join(" and ")} ${conversation.away.length > 1 ? "are" : "is"} down.`),
      el("button", { type: "button", class: "plain", on: { click: () => page.control({ do: "put back", pane: pane.id }) } }, "Plug in")]);
    const idle = !conversation.messages.length && !conversation.pushes.length && !conversation.calls.length;
    lock.hidden = !idle;
    tick(now);
    pushes.hidden = conversation.pushes.length === 0;
    reconcile(pushes, conversation.pushes.map((push) => ({ key: push.id, version: JSON.stringify(push), draw: () => drawPush(push) })), false);
    drawThread(conversation, me);
    drawCall(conversation.calls.findLast((one) => one.state !== "over" && !one.machine));
  }

  // Its clock goes on though nothing else changes.
  function tick(now) {
    if (!here.me) return;
    redraw(bar, [time(now)], () => [el("span", {}, time(now)), el("span", { "aria-hidden": "true" }, "5G ▮▮▮")]);
    redraw(lock, [time(now), here.me.name], () => [el("strong", {}, time(now)), el("span", {}, `${here.me.name}'s phone is quiet`)]);
  }

  function drawHead(pane, conversation, me, alone) {
    redraw(head, [alone, me.name, conversation.number, conversation.habit], () => {
      const habit = el("select", { class: "phone-habit", "aria-label": `When ${me.name} is called`, data: { focus: "habit" } },
        conversation.habits.map((one) => el("option", { value: one, selected: one === conversation.habit }, HABITS[one] ?? one)));
      habit.addEventListener("change", () => act({ do: "habit", habit: habit.value }, habit));
      const title = [mark(pane, name), el("span", {}, `${me.name}'s phone`)];
      return [
        el("h2", {}, alone ? title : el("button", { type: "button", class: "enlarge", title: `Show ${name} alone`, "aria-label": name, data: { focus: "enlarge" }, on: { click: () => page.view(pane.id) } }, title, icon("enlarge"))),
        habit,
      ];
    });
  }

  function drawPush(push) {
    const title = safeLink(push.url) ? el("a", { href: push.url, target: "_blank", rel: "noopener" }, push.title) : push.title;
    const away = el("button", { type: "button", class: "icon", "aria-label": `Dismiss: ${push.title}` }, icon("close"));
    away.addEventListener("click", () => act({ do: "dismiss", push: push.id }, away));
    return el("article", { class: push.alarming ? "push alarming" : "push", "aria-label": `Push: ${push.title}`, tabindex: "-1" },
      el("p", { class: "push-head" }, icon("bell"), el("span", {}, push.app), el("time", {}, time(push.at)), away),
      el("p", { class: "push-title" }, title),
      el("p", { class: "push-words" }, push.words),
      push.actions.length > 0 && el("div", { class: "push-actions" }, push.actions.map((one) => (one.url
        ? el("a", { href: safeLink(one.url), target: "_blank", rel: "noopener", class: "push-action", data: { action: one.label } }, one.label)
        : tap(push, one)))));
  }

  function tap(push, one) {
    const made = el("button", { type: "button", class: "push-action", data: { action: one.label } }, one.label);
    made.addEventListener("click", () => act({ do: "tap", push: push.id, label: one.label }, made));
    return made;
  }

  function drawThread(conversation, me) {
    const texts = conversation.messages.map((one) => ({ at: one.at, key: `text ${one.id}`, version: JSON.stringify([one, me.id]), draw: () => text(one) }));
    const over = conversation.calls.filter((one) => one.state === "over" || one.machine);
    const calls = over.map((one) => ({ at: one.at, key: `call ${one.id}`, version: JSON.stringify([one, me.id]), draw: () => past(one) }));
    const added = reconcile(thread, [...texts, ...calls].sort((a, b) => a.at.localeCompare(b.at)), false);
    if (added) thread.scrollTop = thread.scrollHeight;
  }

  function text(one) {
    return el("article", { class: one.incoming ? "sms theirs" : "sms mine", "aria-label": one.incoming ? "SMS from Oncard" : "SMS to Oncard", tabindex: "-1" },
      el("p", {}, tappable(one.words)), el("time", {}, time(one.at)));
  }

  function past(one) {
    const words = one.machine ? "Voicemail took a call" : ENDS[one.ended] ?? `Call${one.pressed ? `, you pressed ${one.pressed}` : ""}`;
    return el("article", { class: one.heard.length ? "past-call" : "past-call missed", "aria-label": words, tabindex: "-1" },
      el("p", {}, icon("phone"), el("span", {}, words), el("time", {}, time(one.at))),
      one.heard.length > 0 && el("details", {}, el("summary", {}, "What it said"), one.heard.map((line) => el("p", {}, line))));
  }

  function drawCall(one) {
    call.hidden = !one;
    call.classList.toggle("rings", one?.state === "ringing");
    redraw(call, [one?.id, one?.state, one?.heard, one?.pressed, here.me.id], () => (one ? [
      el("p", { class: "caller" }, el("img", { src: "/playground/static/oncard.svg", alt: "", width: "52", height: "52" }), el("strong", {}, "Oncard"), el("span", {}, one.state === "ringing" ? `${one.caller} is calling` : one.caller)),
      ...(one.state === "ringing" ? ringing() : talking(one)),
    ] : []));
    const spoken = call.querySelector(".spoken");
    if (spoken) spoken.scrollTop = spoken.scrollHeight;
  }

  function ringing() {
    return [
      el("p", { class: "call-hint" }, "Or let it ring."),
      el("div", { class: "call-does" }, button("Decline", { do: "decline" }, "decline", icon("close")), button("Accept", { do: "pick up" }, "accept", icon("phone"))),
      button("Send to voicemail", { do: "voicemail" }, "to-voicemail"),
    ];
  }

  function talking(one) {
    return [
      el("div", { class: "spoken", role: "log", "aria-label": "What is said", tabindex: "0" }, one.heard.map((line) => el("p", {}, line))),
      el("p", { class: "pressed", role: "status", "aria-label": "Keys pressed" }, one.pressed),
      el("div", { class: "keypad", role: "group", "aria-label": "Keypad" }, KEYS.map((key) => button(key, { do: "press", keys: key }, "key"))),
      button("Hang up", { do: "hang up" }, "decline", icon("phone")),
    ];
  }

  composer.addEventListener("submit", (event) => {
    event.preventDefault();
    const words = write.value.trim();
    if (!words) return;
    write.value = "";
    act({ do: "write", text: words });
  });

  return { node, draw, tick, hide: () => { node.hidden = true; } };
}
