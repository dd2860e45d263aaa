// Showing what has changed and leaving the rest alone, so that a reader keeps their place and their focus.

// Make `list` show `items`, drawing only those that have changed; return whether any is new.
export function reconcile(list, items, moved) {
  const wanted = new Set(moved ? [] : items.map((item) => item.key));
  for (const node of [...list.children]) if (!wanted.has(node.dataset.key)) node.remove();
  const old = new Map([...list.children].map((node) => [node.dataset.key, node]));
  let added = false;
  let next = list.firstElementChild;
  for (const item of items) {
    const before = old.get(item.key);
    let node = before;
    if (before?.dataset.version !== item.version) {
      node = item.draw();
      node.dataset.key = item.key;
      node.dataset.version = item.version;
      if (!moved) node.classList.add(before ? "changed" : "arrived");
      if (before) {
        if (next === before) next = node;
        replaceWithFocus(before, node);
      } else {
        added = true;
      }
    }
    if (node === next) next = next.nextElementSibling;
    else list.insertBefore(node, next);
  }
  return added;
}

// Replace a message; a reader who is on one of its buttons stays on the same one, or on the message.
function replaceWithFocus(before, after) {
  const focused = before.contains(document.activeElement) ? document.activeElement : null;
  const action = focused?.dataset.action;
  before.replaceWith(after);
  if (!focused) return;
  const same = [...after.querySelectorAll("[data-action]")].find((one) => one.dataset.action === action);
  (same ?? after).focus({ preventScroll: true });
}

// Draw `parent` anew if what it is drawn from has changed; the focus stays on the part with the same `data-focus`.
export function redraw(parent, from, draw) {
  const drawn = JSON.stringify(from);
  if (parent.dataset.drawn === drawn) return;
  parent.dataset.drawn = drawn;
  const focus = parent.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  parent.replaceChildren(...[draw()].flat(Infinity).filter(Boolean));
  if (focus) [...parent.querySelectorAll("[data-focus]")].find((one) => one.dataset.focus === focus)?.focus();
}
