// DingTalk's Markdown, from the text on the wire to elements: headings, quotes, lists, bold, slanted, links, pictures, colours.
// A single line break is a space, as in its clients; an empty line, two spaces at the end or <br> break the line.

import { el, icon, safeLink } from "../dom.js";

const COLOURS = {
  red: "var(--bad)", green: "var(--good)", blue: "var(--info)", orange: "var(--warn)", yellow: "var(--warn)", grey: "var(--soft)", gray: "var(--soft)",
};

// `follow(url, element)` is called for a link that sends a text; without it such a link is dead, as on a card.
export function markdown(text, follow) {
  const parts = [];
  let list = null;
  for (const line of joined(text)) {
    const item = /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)$/.exec(line);
    if (!item) list = null;
    if (item) {
      const tag = item[1] ? "ol" : "ul";
      if (list?.localName !== tag) parts.push(list = el(tag, { class: "dt-list" }));
      list.append(el("li", {}, inline(item[2], follow)));
    } else if (/^\s*(?:-{3,}|\*{3,}|_{3,})\s*$/.test(line)) parts.push(el("hr", { class: "dt-divider" }));
    else if (/^#{1,6}\s/.test(line)) parts.push(el("p", { class: `dt-h dt-h${line.indexOf(" ")}` }, inline(line.replace(/^#+\s+/, ""), follow)));
    else if (/^>/.test(line)) parts.push(el("blockquote", {}, inline(line.replace(/^>\s?/, ""), follow)));
    else if (line.trim()) parts.push(el("p", {}, inline(line, follow)));
  }
  return parts;
}

// The lines as they are shown: those that only the source breaks are put together.
function joined(text) {
  const found = [];
  let open = false;
  for (const line of text.replace(/<br\s*\/?>/gi, "  \n").split("\n")) {
    const own = /^\s*([-*+]\s|\d+[.)]\s|#{1,6}\s|>|-{3,}\s*$)/.test(line);
    if (open && line.trim() && !own) found[found.length - 1] += ` ${line.trim()}`;
    else found.push(line);
    open = line.trim() !== "" && !/\s\s$/.test(line) && !/^\s*#{1,6}\s/.test(line);
  }
  return found;
}

const TOKENS = /\\([\\`*_{}[\]()#+\-.!>~|<])|(!?)\[([^\]]*)\]\(([^)\s]*)\)|\*\*(?!\s)(.+?)(?<!\s)\*\*|(?<![\p{L}\p{N}*])\*(?![\s*])([^*\n]+?)(?<!\s)\*(?![\p{L}\p{N}*])|<font\b([^>]*)>(.*?)<\/font>/gu;

function inline(text, follow) {
  const parts = [];
  let last = 0;
  for (const match of text.matchAll(TOKENS)) {
    if (match.index > last) parts.push(text.slice(last, match.index));
    parts.push(token(match, follow));
    last = match.index + match[0].length;
  }
  if (last < text.length) parts.push(text.slice(last));
  return parts;
}

function token([, escaped, picture, words, address, strong, slanted, attributes, coloured], follow) {
  if (escaped !== undefined) return escaped;
  if (address !== undefined) return picture ? image(words, address) : link(words, address, follow);
  if (strong !== undefined) return el("strong", {}, inline(strong, follow));
  if (slanted !== undefined) return el("em", {}, inline(slanted, follow));
  return el("span", { style: { color: colour(attributes) } }, inline(coloured, follow));
}

// DingTalk's tokens such as common_red1_color, or a plain #rrggbb.
function colour(attributes) {
  const name = /color(?:TokenV2)?\s*=\s*["']?([#\w]+)/i.exec(attributes)?.[1] ?? "";
  if (/^#[0-9a-f]{3,8}$/i.test(name)) return name;
  return COLOURS[/(?:common_)?(red|green|blue|orange|yellow|gr[ae]y)/i.exec(name)?.[1]?.toLowerCase()] ?? "inherit";
}

function link(words, address, follow) {
  const plain = words.replace(/\\(.)/g, "$1");
  if (/^dtmd:/i.test(address)) {
    if (!follow) return plain;
    return el("button", { type: "button", class: "dt-link", data: { action: address }, on: { click: (event) => follow(address, event.currentTarget) } }, plain);
  }
  const target = safeLink(address);
  return target ? el("a", { href: target, target: "_blank", rel: "noopener noreferrer" }, plain) : plain;
}

// Pictures are not fetched: nothing on this page comes from elsewhere.
export function image(words, address) {
  const target = safeLink(address);
  const inside = [icon("image"), el("span", {}, words || "picture")];
  return target ? el("a", { class: "picture small", href: target, target: "_blank", rel: "noopener noreferrer" }, inside) : el("span", { class: "picture small" }, inside);
}
