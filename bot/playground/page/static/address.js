// What the address keeps behind its `#`, so that a link or a reload shows the same: `#view=slack&as=ana&slack=random`.
//
// `view` is the app that is shown alone, without it all are shown side by side; `as` is who one is. Any other name is an
// app, and its value the name of the chat that is open there, or `@`: the direct conversation. A lone name opens that
// chat in every app.

export const DIRECT = "@";

export function read() {
  const found = { view: "", me: "", everywhere: "", chats: new Map() };
  for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
    if (name === "view") found.view = value;
    else if (name === "as") found.me = value;
    else if (value) found.chats.set(name, value);
    else found.everywhere = name;
  }
  return found;
}

// Another view is a step that the browser's Back undoes; another chat or person is not.
export function write({ view, me, everywhere, chats }, step) {
  const parts = [["view", view], ["as", me], ...chats].filter(([, value]) => value);
  const words = parts.map(([name, value]) => `${encodeURIComponent(name)}=${value === DIRECT ? value : encodeURIComponent(value)}`);
  if (everywhere) words.push(encodeURIComponent(everywhere));
  const hash = `#${words.join("&")}`;
  if (step) history.pushState(null, "", hash);
  else history.replaceState(null, "", hash);
}
