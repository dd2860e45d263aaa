// What is new: how much of each chat has been on the screen. What was there before the page was opened is not new.

const seen = new Map();
let started = false;

export function start() {
  started = true;
}

function since(key, first, count) {
  if (!seen.has(key)) seen.set(key, first);
  return Math.max(count - seen.get(key), 0);
}

// How many messages of a chat a person has not seen; a channel that they never had open is not counted from its beginning.
export function inChat(pane, chat, me) {
  return since(`${pane.id} ${chat.id} ${me}`, chat.kind === "direct" && started ? 0 : chat.count, chat.count);
}

// How many direct messages a person has not read, in all apps.
export function forPerson(panes, handle) {
  let sum = 0;
  for (const pane of panes) {
    const person = pane.people.find((one) => one.handle === handle);
    if (person) sum += since(`${pane.id} to ${handle}`, started ? 0 : person.direct, person.direct);
  }
  return sum;
}

export function read(pane, chat, me) {
  seen.set(`${pane.id} ${chat.id} ${me}`, chat.count);
  if (chat.kind === "direct") seen.set(`${pane.id} to ${me}`, chat.count);
}
