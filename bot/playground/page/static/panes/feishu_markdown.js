// Feishu's markdown, from the text on the wire to elements.
// https://open.feishu.cn/document/feishu-cards/card-json-v2-components/content-components/rich-text

import { el, safeLink } from "../dom.js";

const NAMED = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };
const COLOURS = new Set(["neutral", "blue", "turquoise", "lime", "orange", "violet", "indigo", "wathet", "green", "yellow", "red", "purple", "carmine", "grey"]);

// Entities become characters last, so that they never turn into marks.
export function unescape(text) {
  return text
    .replace(/\\([!-/:-@[-`{-~])/g, "$1")
    .replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos|nbsp));/gi, (whole, decimal, hex, name) => {
      if (name) return NAMED[name.toLowerCase()];
      const code = decimal ? Number(decimal) : parseInt(hex, 16);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    });
}

// `names` finds the people that a text mentions.
export function markdown(text, names) {
  return split(text, /```[^\n`]*\n?([\s\S]*?)```/g, (match) => el("pre", { class: "fs-fence" }, unescape(match[1])), (part) => rows(part, names));
}

// Headings, quotes and lists are made of whole lines; other lines follow one another.
function rows(text, names) {
  const parts = [];
  let flowing = false;
  for (const line of text.split("\n")) {
    const heading = /^#{1,6} (.*)$/.exec(line);
    const quote = /^> ?(.*)$/.exec(line);
    const item = /^\s*(?:[-*]|\d+\.) (.*)$/.exec(line);
    if (/^\s*(?:---|\*\*\*)\s*$/.test(line)) parts.push(el("hr"));
    else if (heading) parts.push(el("strong", { class: "fs-heading" }, inline(heading[1], names)));
    else if (quote) parts.push(el("blockquote", {}, inline(quote[1], names)));
    else if (item) parts.push(el("div", { class: "fs-item" }, inline(item[1], names)));
    else {
      if (flowing) parts.push(el("br"));
      parts.push(...inline(line, names));
      flowing = true;
      continue;
    }
    flowing = false;
  }
  return parts;
}

// Calls `found` for each match of `pattern`, and `between` for the text around the matches.
function split(text, pattern, found, between) {
  const parts = [];
  let last = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > last) parts.push(between(text.slice(last, match.index)));
    parts.push(found(match));
    last = match.index + match[0].length;
  }
  if (last < text.length) parts.push(between(text.slice(last)));
  return parts.flat();
}

const TAGS = /<at\s+(?:id|ids|user_id|email)\s*=\s*["']?([^\s"'>]*)["']?\s*\/?>(?:[^<>]*<\/at>)?|<(font|text_tag)\s+color\s*=\s*["']?([\w-]+)["']?\s*>([\s\S]*?)<\/\2>|<local_datetime\s+millisecond='(\d{1,15})'\s+format_type='(\w+)'>(?:<\/local_datetime>)?|<br\s*\/?>/g;

function inline(text, names) {
  return split(text, /(?<!\\)`([^`\n]+)`/g, (match) => el("code", {}, unescape(match[1])), (part) => tags(part, names));
}

function tags(text, names) {
  return split(text, TAGS, (match) => tag(match, names), (part) => links(part, names));
}

function tag(match, names) {
  const [, people, kind, colour, inside, at, shape] = match;
  if (people !== undefined) return people.split(",").map((one) => mention(one, names));
  if (at !== undefined) return moment(new Date(Number(at)), shape);
  if (!kind) return el("br");
  const shade = COLOURS.has(colour) ? colour : "neutral";
  return el("span", { class: kind === "font" ? `fs-font ${shade}` : `fs-tag ${shade}` }, inline(inside, names));
}

// An instant in the reader's own zone.
function moment(at, shape) {
  const words = shape.includes("time") ? at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false }) : at.toLocaleDateString([], { day: "numeric", month: "short" });
  return el("time", { datetime: at.toISOString(), title: at.toString() }, words);
}

export function mention(who, names) {
  const loud = who === "all" || who === names.me;
  return el("span", { class: loud ? "fs-mention loud" : "fs-mention" }, `@${who === "all" ? "Everyone" : names.user(who) ?? who}`);
}

function links(text, names) {
  return split(text, /(?<!\\)(!?)\[([^\]\n]*)\]\(([^()\s]*)\)/g, (match) => link(match, names), (part) => styles(part, names));
}

// Pictures are not fetched: their words stand for them.
function link([, picture, words, address], names) {
  const target = picture ? null : safeLink(unescape(address));
  const inside = styles(words, names);
  return target === null ? inside : el("a", { href: target, target: "_blank", rel: "noopener noreferrer" }, inside);
}

const STYLES = [["\\*\\*", "strong"], ["~~", "del"], ["\\*", "em"], ["(?<!\\w)_", "em"]];

function styles(text, names, at = 0) {
  if (at === STYLES.length) return [unescape(text)];
  const [mark, name] = STYLES[at];
  const pattern = new RegExp(`(?<!\\\\)${mark}(?!\\s)([^\\n]+?)(?<![\\s\\\\])${mark}(?!\\w)`, "g");
  return split(text, pattern, (match) => el(name, {}, styles(match[1], names, at + 1)), (part) => styles(part, names, at + 1));
}
