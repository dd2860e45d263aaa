// Somebody's mailbox: a list, and the mail that is open. A mail is a stranger's HTML: it stands in a frame without rights,
// under a policy of its own, and its links open beside the page.

import { mark } from "../column.js";
import { el, icon } from "../dom.js";
import { reconcile, redraw } from "../list.js";

export const NAME = "Mail";

const FRAME = "allow-popups allow-popups-to-escape-sandbox";

export function avatar() {
  return icon("mail");
}

export function column(first, name, _module, page) {
  const head = el("header", { class: "chat-head" });
  const banner = el("div", { class: "banner", role: "alert", hidden: true });
  const list = el("div", { class: "mails", role: "list", "aria-label": "Mails" });
  const open = el("div", { class: "mail" });
  const node = el("section", { class: "column device app-mailbox", "aria-label": name, data: { pane: first.id } }, head, banner, list, open);
  let chosen = { me: "", id: -1, newest: -1 };
  let last = null;

  function draw(scene) {
    const { pane, conversation, me, alone } = scene;
    last = scene;
    if (!conversation) return;
    const mails = conversation.messages;
    const newest = mails[0]?.id ?? -1;
    if (chosen.me !== me.id || chosen.newest !== newest) chosen = { me: me.id, id: newest, newest };
    redraw(head, [alone, me.name, conversation.address], () => {
      const title = [mark(pane, name), el("span", {}, `${me.name}'s mail`)];
      return [
        el("h2", {}, alone ? title : el("button", { type: "button", class: "enlarge", title: `Show ${name} alone`, "aria-label": name, data: { focus: "enlarge" }, on: { click: () => page.view(pane.id) } }, title, icon("enlarge"))),
        el("span", { class: "mail-address" }, conversation.address),
      ];
    });
    banner.hidden = pane.plugged;
    redraw(banner, pane.plugged, () => [icon("plug"), el("span", {}, "The mail server is down."),
      el("button", { type: "button", class: "plain", on: { click: () => page.control({ do: "put back", pane: pane.id }) } }, "Plug in")]);
    reconcile(list, mails.length ? mails.map((mail) => ({ key: String(mail.id), version: `${me.id} ${mail.id} ${mail.id === chosen.id}`, draw: () => row(mail) })) : [{ key: "none", version: me.id, draw: none }], false);
    drawMail(pane, mails.find((mail) => mail.id === chosen.id), me);
  }

  function none() {
    return el("p", { class: "no-mail", role: "listitem" }, "No mail yet.");
  }

  function row(mail) {
    const button = el("button", { type: "button", class: "mail-row", "aria-current": mail.id === chosen.id ? "true" : null, data: { action: `mail ${mail.id}` } },
      el("strong", {}, mail.subject), el("time", {}, new Date(mail.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false })));
    button.addEventListener("click", () => {
      chosen.id = mail.id;
      draw(last);
    });
    return el("div", { role: "listitem", tabindex: "-1" }, button);
  }

  // The frame is made anew only for another mail: a reader keeps their place.
  function drawMail(pane, mail, me) {
    open.hidden = !mail;
    redraw(open, [mail?.id, me.id], () => {
      if (!mail) return [];
      if (!mail.html) return [el("pre", { class: "mail-text", tabindex: "0" }, mail.text)];
      const asked = new URLSearchParams({ pane: pane.id, as: me.id, name: String(mail.id) });
      return [el("iframe", { title: `Mail: ${mail.subject}`, sandbox: FRAME, src: `/playground/document?${asked}` })];
    });
  }

  return { node, draw, hide: () => { node.hidden = true; } };
}
