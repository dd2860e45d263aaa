// Slack's mrkdwn, from the text on the wire to elements.
// https://docs.slack.dev/messaging/formatting-message-text

import { el, safeLink } from "../dom.js";
import { EMOJI } from "./emoji.js";

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };

export function unescape(text) {
  return text.replace(/&(amp|lt|gt);/g, (entity) => ENTITIES[entity]);
}

function withEmoji(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] ?? whole);
}

// A plain_text object; `emoji: false` leaves shortcodes as they are written.
export function plain(text, emoji = true) {
  return lines(emoji ? withEmoji(text) : text);
}

// `names` finds the people and channels that a text mentions.
export function mrkdwn(text, names) {
  return split(text, /```([\s\S]+?)```/g, (match) => el("pre", { class: "fence" }, unescape(match[1].replace(/^\n/, ""))), (part) => quotes(part, names));
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

function quotes(text, names) {
  return split(text, /(?:^|(?<=\n))(?:&gt; ?[^\n]*(?:\n|$))+/g, (match) => {
    const inside = match[0].replace(/\n$/, "").replace(/(^|\n)&gt; ?/g, "$1");
    return el("blockquote", {}, inline(inside, names));
  }, (part) => inline(part, names));
}

function inline(text, names) {
  return split(text, /`([^`\n]+)`/g, (match) => el("code", {}, unescape(match[1])), (part) => links(part, names));
}

function links(text, names) {
  // A link inside of bold text must not end it, so it is replaced by a mark while the styles are found.
  const found = [];
  const marked = text.replace(/<([^<>\n]+)>/g, (_, inside) => `\u0000${found.push(inside) - 1}\u0000`);
  const fill = (part) => split(part, /\u0000(\d+)\u0000/g, (match) => link(found[Number(match[1])], names), (rest) => lines(withEmoji(unescape(rest))));
  return styles(marked, fill);
}

const STYLES = [["*", "strong"], ["_", "em"], ["~", "del"]];

// A style starts after a space or punctuation and ends before one, on one line, as Slack's own clients have it.
function styles(text, fill, at = 0) {
  if (at === STYLES.length) return fill(text);
  const [mark, tag] = STYLES[at];
  const sign = mark === "*" ? "\\*" : mark;
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}${sign}])${sign}(?!\\s)([^${sign}\\n]+?)(?<!\\s)${sign}(?![\\p{L}\\p{N}${sign}])`, "gu");
  return split(text, pattern, (match) => el(tag, {}, styles(match[1], fill, at + 1)), (part) => styles(part, fill, at + 1));
}

function link(inside, names) {
  const bar = inside.indexOf("|");
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? "" : inside.slice(bar + 1);
  if (target.startsWith("@")) return mention(`@${names.user(target.slice(1)) ?? (unescape(label) || target.slice(1))}`, names.me === target.slice(1));
  if (target.startsWith("#")) return mention(`#${names.channel(target.slice(1)) ?? (unescape(label) || target.slice(1))}`);
  if (target.startsWith("!date^")) return date(target, label);
  if (target.startsWith("!")) return mention(`@${unescape(label.replace(/^@/, "")) || target.slice(1).split("^")[0]}`, true);
  const address = safeLink(unescape(target));
  const words = withEmoji(unescape(label || target.replace(/^mailto:/, "")));
  return address === null ? words : el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, words);
}

function mention(words, loud = false) {
  return el("span", { class: loud ? "mention loud" : "mention" }, words);
}

const DATES = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  time: { hour: "2-digit", minute: "2-digit", hour12: false },
  time_secs: { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false },
};

function date(target, fallback) {
  const [, seconds, form = ""] = target.split("^");
  const at = new Date(Number(seconds) * 1000);
  if (Number.isNaN(at.getTime())) return unescape(fallback);
  const words = form.replace(/\{(\w+?)(?:_pretty)?\}/g, (whole, name) => DATES[name] ? at.toLocaleString(undefined, DATES[name]) : whole);
  return el("time", { datetime: at.toISOString(), title: at.toISOString() }, words);
}

function lines(text) {
  return text.split("\n").flatMap((line, index) => index === 0 ? [line] : [el("br"), line]).filter((part) => part !== "");
}
