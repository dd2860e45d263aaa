// Building elements. Text only ever enters through text nodes, never as markup.

export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") element.className = value;
    else if (name === "on") for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
    else if (name === "style") for (const [key, part] of Object.entries(value)) element.style.setProperty(key, part);
    else if (name === "data") Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const SHAPES = {
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6L6 18",
  sliders: "M5 8h8M17 8h2M5 16h2M11 16h8M15 5.5v5M9 13.5v5",
  send: "M5 12l14-7-5 14-3-6-6-1z",
  lock: "M7 11V8a5 5 0 0110 0v3M6 11h12v8H6z",
  hash: "M9.5 4L7.5 20M16.5 4l-2 16M5 9.5h15M4 14.5h15",
  eye: "M3 12s3.5-6 9-6 9 6 9 6-3.5 6-9 6-9-6-9-6zM12 14.5a2.5 2.5 0 100-5 2.5 2.5 0 000 5z",
  image: "M4 6h16v12H4zM4 15l4-4 4 4 3-3 5 5M15.5 9.5h.01",
  plug: "M9 3v5M15 3v5M6 8h12v3a6 6 0 01-12 0zM12 17v4",
  columns: "M4 5h16v14H4zM12 5v14",
  enlarge: "M14 5h5v5M19 5l-6 6M10 19H5v-5M5 19l6-6",
  person: "M12 12a4 4 0 100-8 4 4 0 000 8zM5 20c.8-3.6 3.4-5 7-5s6.2 1.4 7 5",
  gauge: "M4.5 18a9 9 0 1115 0M12 15l4-6",
  leave: "M13 4H5v16h8M10 12h10M16.5 8l4 4-4 4",
  empty: "M4 8h14v8H4zM20.5 11v2M7 11v2",
  trouble: "M12 4L3 20h18zM12 10v4M12 17h.01",
  phone: "M6 4h4l2 5-2.5 1.5a11 11 0 005 5L16 13l5 2v4a1.5 1.5 0 01-1.5 1.5A16 16 0 014.5 5.5 1.5 1.5 0 016 4z",
  handset: "M7 3h10v18H7zM11 18h2",
  mail: "M4 6h16v12H4zM4 7l8 6 8-6",
  play: "M8 5l11 7-11 7z",
  bell: "M6 16V11a6 6 0 0112 0v5l2 2H4zM10 21h4",
};

// A line drawing, hidden from screen readers: the words are beside it.
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "glyph");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

// Addresses that a link may have; anything else is shown as text.
export function safeLink(address) {
  return /^(https?:|mailto:|tel:)/i.test(address) ? address : null;
}

export async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(said.error?.message ?? said.error ?? `HTTP ${answer.status}`);
  return said;
}

export async function get(path, query) {
  const answer = await fetch(`${path}?${new URLSearchParams(query)}`);
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return answer.json();
}
