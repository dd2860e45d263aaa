// Block Kit, from the blocks on the wire to elements.
// https://docs.slack.dev/reference/block-kit

import { el, icon, safeLink } from "../dom.js";
import { mrkdwn, plain } from "./mrkdwn.js";

// `context` has `names`, `choose(action, choice, element)` for interactive elements, and `locked` if they do nothing.
export function blocks(list, context) {
  return (list ?? []).map((block) => (BLOCKS[block.type] ?? unknown)(block, context));
}

export function textObject(object, context) {
  if (!object) return null;
  return object.type === "mrkdwn" ? mrkdwn(object.text, context.names) : plain(object.text, object.emoji !== false);
}

const BLOCKS = {
  header: (block, context) => el("h3", { class: "b-header" }, textObject(block.text, context)),
  divider: () => el("hr", { class: "b-divider" }),
  section: (block, context) => el("div", { class: "b-section" },
    el("div", { class: "b-body" },
      block.text && el("div", { class: "b-text" }, textObject(block.text, context)),
      block.fields && el("div", { class: "b-fields" }, block.fields.map((field) => el("div", {}, textObject(field, context))))),
    block.accessory && el("div", { class: "b-accessory" }, element(block.accessory, context))),
  context: (block, context) => el("div", { class: "b-context" }, block.elements.map((item) =>
    item.type === "image" ? picture(item.alt_text, item.image_url, true) : el("span", {}, textObject(item, context)))),
  actions: (block, context) => el("div", { class: "b-actions" }, block.elements.map((item) => element(item, context))),
  image: (block, context) => el("figure", { class: "b-image" },
    block.title && el("figcaption", {}, textObject(block.title, context)), picture(block.alt_text, block.image_url)),
  markdown: (block) => el("div", { class: "b-text" }, plain(block.text)),
  rich_text: (block) => el("div", { class: "b-text" }, plain(richText(block))),
  input: (block, context) => input(block, context),
};

function unknown(block) {
  return el("div", { class: "b-unknown" }, `[${block.type}]`);
}

function richText(node) {
  return (node.text ?? "") + (node.elements ?? []).map(richText).join("");
}

// Pictures are not fetched: nothing on this page comes from elsewhere.
function picture(words, address, small = false) {
  const link = safeLink(address ?? "");
  const inside = [icon("image"), el("span", {}, words)];
  const look = small ? "picture small" : "picture";
  return link ? el("a", { class: look, href: link, target: "_blank", rel: "noopener noreferrer" }, inside) : el("span", { class: look }, inside);
}

function element(item, context) {
  return (ELEMENTS[item.type] ?? unknown)(item, context);
}

const ELEMENTS = {
  button(item, context) {
    const words = textObject(item.text, context);
    const act = () => confirmed(item.confirm, context).then((yes) => yes && context.choose(item.action_id, "", button));
    const look = `bk-button ${item.style ?? ""}`;
    const address = safeLink(item.url ?? "");
    const button = address
      ? el("a", { class: look, href: address, target: "_blank", rel: "noopener noreferrer", data: { action: item.action_id }, on: { click: act } }, words)
      : el("button", { type: "button", class: look, "aria-label": item.accessibility_label, disabled: context.locked, data: { action: item.action_id }, on: { click: act } }, words);
    return button;
  },
  image: (item) => picture(item.alt_text, item.image_url),
  static_select: (item, context) => menu(item, context, options(item)),
  overflow: (item, context) => menu(item, context, item.options.map(option), "More…"),
  radio_buttons: (item, context) => menu(item, context, item.options.map(option), "Choose…"),
  users_select: (item, context) => menu(item, context, context.names.people.map((person) => ({ value: person.id, words: person.name }))),
  conversations_select: (item, context) => menu(item, context, context.names.channels.map((channel) => ({ value: channel.id, words: `#${channel.name}` }))),
};

function option(item) {
  return { value: item.value, words: item.text.text };
}

function options(item) {
  return item.options?.map(option) ?? item.option_groups.flatMap((group) => group.options.map(option));
}

function menu(item, context, choices, fallback = "Choose…") {
  const words = item.placeholder?.text ?? fallback;
  const select = el("select", { class: "bk-select", "aria-label": context.form ? null : words, disabled: context.locked, data: { action: item.action_id } },
    el("option", { value: "" }, words), choices.map((choice) => el("option", { value: choice.value }, choice.words)));
  select.addEventListener("change", () => {
    if (select.value === "" || context.form) return;
    confirmed(item.confirm, context).then((yes) => {
      if (yes) context.choose(item.action_id, select.value, select);
      select.value = "";
    });
  });
  return select;
}

// Ask as Slack does before an action that says so; resolves to whether the person said yes.
function confirmed(question, context) {
  if (!question) return Promise.resolve(true);
  return new Promise((resolve) => {
    const dialog = el("dialog", { class: "dialog", "aria-labelledby": "confirm-title" },
      el("h2", { id: "confirm-title" }, textObject(question.title, context)),
      el("div", { class: "dialog-body" }, textObject(question.text, context)),
      el("div", { class: "dialog-foot" },
        el("button", { type: "button", class: "bk-button", on: { click: () => dialog.close("no") } }, textObject(question.deny, context)),
        el("button", { type: "button", class: `bk-button ${question.style ?? "primary"}`, on: { click: () => dialog.close("yes") } }, textObject(question.confirm, context))));
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes");
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

// An input of a form: its element carries where its value belongs.
function input(block, context) {
  const item = block.element;
  const name = `${block.block_id} ${item.action_id}`;
  let field;
  if (item.type === "plain_text_input") {
    field = el(item.multiline ? "textarea" : "input", { name, placeholder: item.placeholder?.text, maxlength: item.max_length });
    field.value = item.initial_value ?? "";
  } else if (ELEMENTS[item.type]) {
    field = ELEMENTS[item.type](item, { ...context, form: true });
    field.setAttribute("name", name);
    field.value = (item.initial_option?.value ?? item.initial_user ?? item.initial_conversation) || "";
  } else {
    const types = { datepicker: "date", timepicker: "time", datetimepicker: "datetime-local", number_input: "number", email_text_input: "email", url_text_input: "url" };
    field = el("input", { name, type: types[item.type] ?? "text" });
    field.value = item.initial_value ?? item.initial_date ?? item.initial_time ?? "";
  }
  Object.assign(field.dataset, { block: block.block_id, action: item.action_id, kind: item.type });
  if (!block.optional) field.setAttribute("required", "");
  return el("label", { class: "field" }, el("span", {}, textObject(block.label, context), block.optional && el("small", {}, " (optional)")), field,
    block.hint && el("small", {}, textObject(block.hint, context)));
}
