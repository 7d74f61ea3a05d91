// Small helpers over the DOM. Nothing here or elsewhere sets innerHTML: what
// comes from the lattice is text, whatever it holds.

export const $ = (id) => document.getElementById(id);

// h makes an element: h("td", {class: "num"}, "3"). Attributes that are null or
// false are left out; on… are listeners.
export function h(tag, attrs, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attrs || {})) {
    if (value == null || value === false) continue;
    if (name.startsWith("on")) e.addEventListener(name.slice(2), value);
    else e.setAttribute(name, value === true ? "" : value);
  }
  e.append(...children.flat().filter((c) => c != null && c !== false));
  return e;
}

// table draws rows in place: a row whose content is the same stays the same
// element, so that nothing jumps and the focus stays where it is.
// columns: {label, class, cell(row)}; the first names the row.
export function table(box, o) {
  if (o.rows.length === 0) {
    if (box.dataset.empty !== "yes") {
      box.replaceChildren(o.empty());
      box.dataset.empty = "yes";
    }
    return;
  }
  let body = box.querySelector("tbody");
  if (!body || box.dataset.empty === "yes") {
    body = h("tbody", { role: "rowgroup" });
    box.replaceChildren(
      h("table", { class: "cards", role: "table", "aria-label": o.label },
        h("thead", { role: "rowgroup" }, h("tr", { role: "row" },
          o.columns.map((c) => h("th", { role: "columnheader", scope: "col", class: c.class }, c.hidden ? h("span", { class: "visually-hidden" }, c.label) : c.label)))),
        body));
    delete box.dataset.empty;
  }
  const old = new Map([...body.children].map((tr) => [tr.dataset.key, tr]));
  const focused = document.activeElement?.closest?.("tr") && body.contains(document.activeElement) ? document.activeElement : null;
  const focusKey = focused && [focused.closest("tr").dataset.key, focused.dataset.action];
  const rows = o.rows.map((row) => {
    const key = o.key(row), print = JSON.stringify(row);
    const have = old.get(key);
    if (have && have.dataset.print === print) return have;
    const tr = h("tr", { role: "row", "data-key": key, "data-print": print, class: o.rowClass?.(row) },
      o.columns.map((c, i) => h("td", { role: "cell", "data-label": c.label, class: [c.class, i === 0 ? "first" : ""].filter(Boolean).join(" ") || null }, wrap(c.cell(row)))));
    return tr;
  });
  // Only what changed is moved: a click on a row that is taken out and put back
  // between press and release would be lost.
  const keep = new Set(rows);
  for (const tr of [...body.children]) if (!keep.has(tr)) tr.remove();
  rows.forEach((tr, i) => { if (body.children[i] !== tr) body.insertBefore(tr, body.children[i] || null); });
  if (focusKey && !body.contains(document.activeElement)) {
    const tr = rows.find((r) => r.dataset.key === focusKey[0]);
    (tr?.querySelector(`[data-action="${focusKey[1]}"]`) || document.querySelector("section:not([hidden]) h1"))?.focus();
  }
}

const wrap = (cell) => (Array.isArray(cell) ? h("div", {}, cell) : h("div", {}, cell ?? "—"));

// key shows a public key so that it can be told from others, and copies it.
export function key(text) {
  if (!text) return "—";
  const short = text.length > 20 ? `${text.slice(0, 8)}…${text.slice(-5)}` : text;
  return h("button", { type: "button", class: "key", title: `${text} (copy)`, "aria-label": `Copy ${text}`, "data-action": "copy-" + text, onclick: () => copy(text) }, short);
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    said("Copied " + text);
  } catch {
    alarm("The browser does not allow copying: " + text);
  }
}

// said tells of success, and goes by itself; alarm stays until it is closed.
export function said(text) {
  const e = h("div", { class: "note ok toast" }, text);
  $("said").replaceChildren(e);
  setTimeout(() => e.remove(), 5000);
}

export function alarm(text) {
  const e = h("div", { class: "note bad toast" }, h("span", {}, text),
    h("button", { type: "button", class: "close", "aria-label": "Dismiss", onclick: () => e.remove() }, "✕"));
  $("alarms").append(e);
  while ($("alarms").children.length > 3) $("alarms").firstChild.remove();
}

export const note = (kind, title, text) => h("div", { class: "note " + kind }, title && h("strong", {}, title), text);

// dialog wires the common parts of one: closing, and a submit that works on
// something. work may throw; the text goes to the dialog's error line.
export function dialog(name, work) {
  const box = $(name + "-dialog"), go = $(name + "-go"), error = $(name + "-error");
  for (const b of box.querySelectorAll("[data-close]")) b.addEventListener("click", () => box.close());
  box.addEventListener("click", (e) => { if (e.target === box) box.close(); }); // on the backdrop
  box.querySelector("form").addEventListener("submit", async (e) => {
    e.preventDefault();
    if (go.disabled) return;
    go.disabled = true;
    error.replaceChildren();
    box.setAttribute("aria-busy", "true");
    try {
      await work();
      box.close();
    } catch (err) {
      error.replaceChildren(note("bad", "", err.message));
    } finally {
      go.disabled = false;
      box.removeAttribute("aria-busy");
    }
  });
  // The browser gives the focus back to what opened the dialog, unless its row was
  // drawn anew in the meantime: then to what took its place.
  let opener = null, row = null;
  box.addEventListener("close", () => {
    if (!opener || opener.isConnected) return;
    const tr = [...document.querySelectorAll("tr[data-key]")].find((r) => r.dataset.key === row);
    (tr?.querySelector(`[data-action="${opener.dataset.action}"]`) || document.querySelector("section:not([hidden]) h1"))?.focus();
  });
  return {
    open() {
      error.replaceChildren();
      opener = document.activeElement;
      row = opener.closest?.("tr")?.dataset.key;
      box.showModal();
    },
    box,
  };
}

// confirmed asks before something ends, and does it.
let pending = null;
let confirmBox = null;
export function confirm(title, text, verb, work) {
  confirmBox ??= dialog("confirm", () => pending());
  pending = work;
  $("confirm-title").textContent = title;
  $("confirm-text").textContent = text;
  $("confirm-go").textContent = verb;
  confirmBox.open();
}

export function micros(us) {
  if (us == null) return "";
  if (us < 1000) return `${us.toFixed(0)} µs`;
  if (us < 1e6) return `${(us / 1000).toFixed(us < 10000 ? 2 : 1)} ms`;
  return `${(us / 1e6).toFixed(2)} s`;
}

export function bytes(n) {
  if (n < 1024) return `${n} B`;
  if (n < 1 << 20) return `${(n / 1024).toFixed(1)} KiB`;
  return `${(n / (1 << 20)).toFixed(1)} MiB`;
}

export function clock(iso) {
  const d = new Date(iso), two = (n) => String(n).padStart(2, "0");
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}.${String(d.getMilliseconds()).padStart(3, "0")}`;
}
