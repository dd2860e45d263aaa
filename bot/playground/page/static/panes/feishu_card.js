// Feishu's cards, JSON 2.0 and 1.0, from the wire to elements.
// https://open.feishu.cn/document/feishu-cards/card-json-v2-structure
//
// `context` has `names`, `use(part, values, choice, element)` for what a person does with the part of that number, and
// `parts`, which counts what can be used in the order in which the server does, and `picture(key)`, the address of one.

import { el, icon, safeLink } from "../dom.js";
import { markdown, unescape } from "./feishu_markdown.js";

const TEMPLATES = new Set(["blue", "wathet", "turquoise", "green", "yellow", "orange", "red", "carmine", "violet", "purple", "indigo", "grey"]);
const TONES = new Set([...TEMPLATES, "neutral", "lime"]);

export function card(content, context) {
  const scene = { ...context, parts: 0 };
  const elements = content.schema === "2.0" ? content.body?.elements : content.elements ?? Object.values(content.i18n_elements ?? {})[0];
  return el("div", { class: "fs-card" },
    content.header && header(content.header, scene),
    el("div", { class: "fs-body" }, (elements ?? []).map((item) => element(item, scene))));
}

export function text(value, scene) {
  if (!value) return null;
  const words = value.i18n_content?.en_us ?? value.content ?? "";
  return value.tag === "plain_text" ? lines(words) : markdown(words, scene.names);
}

function lines(words) {
  return words.split("\n").flatMap((line, index) => index === 0 ? [line] : [el("br"), line]);
}

function plain(value) {
  const words = value?.i18n_content?.en_us ?? value?.content ?? "";
  return value?.tag === "lark_md" ? unescape(words) : words;
}

function header(value, scene) {
  const template = TEMPLATES.has(value.template) ? value.template : "default";
  return el("div", { class: `fs-header ${template}` },
    el("h3", {}, text(value.title, scene)),
    (value.text_tag_list ?? []).map((tag) => el("span", { class: `fs-tag ${TONES.has(tag.color) ? tag.color : "neutral"}` }, text(tag.text, scene))),
    value.subtitle && el("p", {}, text(value.subtitle, scene)));
}

function element(item, scene) {
  return (ELEMENTS[item.tag] ?? unknown)(item, scene);
}

function elements(list, scene) {
  return (list ?? []).map((item) => element(item, scene));
}

function unknown(item) {
  return el("div", { class: "fs-unknown" }, `[${item.tag}]`);
}

function picture(item, scene) {
  if (!scene.picture) return el("span", { class: "picture" }, icon("image"), el("span", {}, text(item.alt, scene)));
  return el("img", { class: "photo", alt: plain(item.alt), title: plain(item.alt), src: scene.picture(item.img_key) });
}

const ELEMENTS = {
  plain_text: (item, scene) => el("div", { class: "fs-text" }, text(item, scene)),
  lark_md: (item, scene) => el("div", { class: "fs-text" }, text(item, scene)),
  markdown: (item, scene) => el("div", { class: `fs-text ${item.text_size === "notation" ? "small" : ""}` }, text({ ...item, tag: "lark_md" }, scene)),
  div: (item, scene) => el("div", { class: "fs-div" },
    el("div", { class: `fs-text ${item.text?.text_size === "notation" ? "small" : ""}` }, text(item.text, scene),
      item.fields && el("div", { class: "fs-fields" }, item.fields.map((field) => el("div", { class: field.is_short ? "" : "wide" }, text(field.text, scene))))),
    item.extra && element(item.extra, scene)),
  hr: () => el("hr", { class: "fs-line" }),
  img: picture,
  note: (item, scene) => el("div", { class: "fs-note" }, elements(item.elements, scene)),
  action: (item, scene) => el("div", { class: "fs-actions" }, elements(item.actions, scene)),
  column_set: (item, scene) => el("div", { class: `fs-columns ${item.flex_mode === "none" || item.flex_mode === undefined ? "" : "flow"}` }, (item.columns ?? []).map((column) => columnOf(column, scene))),
  collapsible_panel: (item, scene) => el("details", { class: "fs-panel", open: item.expanded === true },
    el("summary", {}, text(item.header?.title, scene)), elements(item.elements, scene)),
  interactive_container: (item, scene) => el("div", { class: "fs-container" }, elements(item.elements, scene)),
  form,
  button,
  input,
  select_static: (item, scene) => menu(item, scene, (item.options ?? []).map((option) => ({ value: option.value, words: plain(option.text) }))),
  overflow: (item, scene) => menu(item, scene, (item.options ?? []).map((option) => ({ value: option.value, words: plain(option.text) })), "More…"),
  select_person: (item, scene) => menu(item, scene, people(item, scene)),
  multi_select_static: (item, scene) => menu(item, scene, (item.options ?? []).map((option) => ({ value: option.value, words: plain(option.text) }))),
  multi_select_person: (item, scene) => menu(item, scene, people(item, scene)),
  date_picker: (item, scene) => picker(item, scene, "date"),
  picker_time: (item, scene) => picker(item, scene, "time"),
  picker_datetime: (item, scene) => picker(item, scene, "datetime-local"),
  checker: (item, scene) => {
    const field = used(el("input", { type: "checkbox", checked: item.checked === true }), item, scene);
    return el("label", { class: "fs-check" }, field, text(item.text, scene));
  },
  person: (item, scene) => el("span", { class: "fs-mention" }, `@${scene.names.user(item.user_id) ?? "?"}`),
  person_list: (item, scene) => el("div", { class: "fs-text" }, (item.persons ?? []).map((person) => el("span", { class: "fs-mention" }, `@${scene.names.user(person.id) ?? "?"} `))),
};

function columnOf(column, scene) {
  const wide = column.width === "weighted" || column.width === "fill";
  return el("div", { class: wide ? "fs-column wide" : "fs-column", style: wide ? { "--weight": String(Number(column.weight) || 1) } : {} }, elements(column.elements, scene));
}

function people(item, scene) {
  const only = new Set((item.options ?? []).map((option) => option.value));
  return scene.names.people.filter((person) => !only.size || only.has(person.id)).map((person) => ({ value: person.id, words: person.name }));
}

// What can be used gets its number; inside of a form its value is sent with the form, elsewhere at once.
function used(field, item, scene) {
  const part = scene.parts;
  scene.parts += 1;
  field.dataset.action = `${part} ${item.name ?? ""}`;
  if (item.disabled === true) field.setAttribute("disabled", "");
  if (scene.form) {
    Object.assign(field.dataset, { field: item.name ?? "", kind: item.tag });
    if (item.required === true) field.setAttribute("required", "");
    return field;
  }
  field.addEventListener("change", () => {
    if (field.value !== "") confirmed(item.confirm, scene).then((yes) => yes && scene.use(part, {}, valueOf(field, item.tag), field));
  });
  return field;
}

function labelled(field, item, scene) {
  if (!item.label) {
    field.setAttribute("aria-label", plain(item.placeholder) || item.name || "value");
    return field;
  }
  return el("label", { class: "fs-field" }, el("span", {}, text(item.label, scene), item.required === true && el("b", {}, " *")), field);
}

function menu(item, scene, choices, fallback = "Choose…") {
  const many = item.tag.startsWith("multi");
  const select = el("select", { class: "fs-input", multiple: many },
    !many && el("option", { value: "" }, plain(item.placeholder) || fallback),
    choices.map((choice) => el("option", { value: choice.value, selected: choice.value === item.initial_option || item.selected_values?.includes(choice.value) }, choice.words)));
  return labelled(used(select, item, scene), item, scene);
}

function input(item, scene) {
  const long = item.input_type === "multiline_text";
  const field = el(long ? "textarea" : "input", { class: "fs-input", type: long ? null : "text", maxlength: item.max_length, placeholder: plain(item.placeholder), rows: long ? item.rows ?? 3 : null });
  field.value = item.default_value ?? "";
  return labelled(used(field, item, scene), item, scene);
}

function picker(item, scene, type) {
  const field = el("input", { class: "fs-input", type });
  field.value = item.initial_date ?? item.initial_time ?? item.initial_datetime ?? "";
  return labelled(used(field, item, scene), item, scene);
}

function form(item, scene) {
  const shape = el("form", { class: "fs-form" });
  const inside = { ...scene, form: shape };
  shape.append(...elements(item.elements, inside));
  scene.parts = inside.parts;
  shape.addEventListener("submit", (event) => {
    event.preventDefault();
    const by = event.submitter ?? shape.querySelector("[type=submit]");
    by?.dispatchEvent(new CustomEvent("use"));
  });
  return shape;
}

function valuesOf(shape) {
  const values = {};
  for (const field of shape.querySelectorAll("[data-field]")) {
    const value = valueOf(field, field.dataset.kind);
    if (value !== "" || field.dataset.kind === "input") values[field.dataset.field] = value;
  }
  return values;
}

function valueOf(field, kind) {
  if (kind === "checker") return field.checked;
  if (field.multiple) return [...field.selectedOptions].map((option) => option.value);
  return field.value;
}

const LOOKS = new Set(["primary", "danger", "text", "primary_text", "danger_text", "primary_filled", "danger_filled"]);

function button(item, scene) {
  const part = scene.parts;
  scene.parts += 1;
  const words = text(item.text, scene);
  const look = `fs-button ${LOOKS.has(item.type) ? item.type : "default"}`;
  const opens = (item.behaviors ?? []).find((behaviour) => behaviour.type === "open_url")?.default_url ?? item.url;
  const tells = (item.behaviors ?? []).some((behaviour) => behaviour.type === "callback") || item.value !== undefined;
  const address = tells ? null : safeLink(opens ?? "");
  const data = { action: `${part} ${item.name ?? ""}` };
  if (address) return el("a", { class: look, href: address, target: "_blank", rel: "noopener noreferrer", data }, words);
  const submits = item.form_action_type === "submit" && scene.form;
  const node = el("button", { type: submits ? "submit" : item.form_action_type === "reset" ? "reset" : "button", class: look, disabled: item.disabled === true, data }, words);
  const use = () => confirmed(item.confirm, scene).then((yes) => yes && scene.use(part, submits ? valuesOf(scene.form) : {}, null, node));
  if (submits) node.addEventListener("use", use);
  else if (item.form_action_type !== "reset") node.addEventListener("click", use);
  return node;
}

// Ask before a part that says so is used; resolves to whether the person said yes.
function confirmed(question, scene) {
  if (!question) return Promise.resolve(true);
  return new Promise((resolve) => {
    const dialog = el("dialog", { class: "dialog", "aria-labelledby": "confirm-title" },
      el("h2", { id: "confirm-title" }, text(question.title, scene)),
      el("div", { class: "dialog-body" }, el("div", {}, text(question.text, scene))),
      el("div", { class: "dialog-foot" },
        el("button", { type: "button", class: "fs-button default", on: { click: () => dialog.close("no") } }, "Cancel"),
        el("button", { type: "button", class: "fs-button primary_filled", on: { click: () => dialog.close("yes") } }, "Confirm")));
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes");
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
