// The lines of what happens, live. New ones are drawn once a frame; the view
// follows them only while it is at their end.
import { $, clock, h, key } from "./dom.js";
import { named, on, state } from "./api.js";

let fresh = [], paused = false, frame = 0, shown = false;

const severe = (m) => m.kind === "gap" || ["error", "critical", "warn"].includes(m.level);

function wanted(m) {
  const form = $("log-filters");
  if (m.kind !== "gap" && !form.elements[m.kind].checked) return false;
  if (form.elements.problems.checked && !severe(m)) return false;
  const text = $("log-text").value.trim().toLowerCase();
  // Heartbeats come all the time; who looks for them finds them.
  if (m.name === "host_heartbeat" && !(text && m.name.includes(text))) return false;
  return !text || [m.text, m.name, m.subject, m.call, m.host, m.level, named(m.subject)].some((s) => s?.toLowerCase().includes(text));
}

// The path of an upload says nothing but that it is one.
const short = (text) => text.replace(/file:\/\/\S*\/devhost-uploads-[^/\s]+\/[0-9a-f]{16}\/(\S+)/g, "$1 (uploaded)");

export function line(m, brief) {
  if (m.kind === "gap") return h("div", { class: "line gap" }, m.text);
  const level = ["error", "critical"].includes(m.level) ? "error" : m.level === "warn" ? "warn" : "";
  const source = m.kind === "event" ? m.name.replaceAll("_", " ") : m.kind === "host" ? `host · ${m.level}` : `log · ${m.level}`;
  const name = named(m.subject);
  return h("div", { class: "line " + level, "data-kind": m.kind },
    h("time", { datetime: m.time }, clock(m.time)),
    h("span", { class: "kind", title: source }, source),
    h("span", { class: "text", title: brief ? m.text : null },
      m.subject && m.kind !== "event" ? [h("span", { class: "src" }, name || m.subject.slice(0, 8) + "…", ": ")] : null,
      short(m.text) || (m.subject ? name || m.subject : ""),
      m.call && !brief ? [" ", h("span", { class: "src small" }, "call ", key(m.call))] : null));
}

export function setUpActivity() {
  on("message", (m) => {
    fresh.push(m);
    frame ||= requestAnimationFrame(flush);
    drawBrief();
  });
  for (const e of ["input", "change"]) $("log-filters").addEventListener(e, redraw);
  $("log-filters").addEventListener("submit", (e) => e.preventDefault());
  $("log-pause").addEventListener("click", () => {
    paused = !paused;
    $("log-pause").setAttribute("aria-pressed", paused);
    $("log-pause").textContent = paused ? "Go on" : "Pause";
    if (!paused) redraw();
    count();
  });
  drawEmpty();
}

export function showActivity() {
  shown = true;
  redraw();
}

function redraw() {
  fresh = [];
  if (!shown) return;
  $("log").replaceChildren(...state.messages.filter(wanted).map((m) => line(m)));
  drawEmpty();
  $("log").scrollTop = $("log").scrollHeight;
  count();
}

function flush() {
  frame = 0;
  if (paused || !shown) {
    count();
    return;
  }
  const log = $("log"), atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 24;
  const lines = fresh.filter(wanted).map((m) => line(m));
  fresh = [];
  if (lines.length) {
    log.querySelector(".empty")?.remove();
    log.append(...lines);
    while (log.children.length > 1000) log.firstChild.remove();
    if (atEnd) log.scrollTop = log.scrollHeight;
  }
  count();
}

function drawEmpty() {
  if ($("log").children.length) return;
  const none = state.messages.length === 0;
  $("log").append(h("div", { class: "empty" },
    h("p", { class: "name" }, none ? "Nothing has happened yet" : "No line matches"),
    h("p", {}, none ? "Start, link or call something, here or with the lattice tool." : "Change the filters above to see more.")));
}

function count() {
  const text = paused && fresh.length ? `${fresh.length} new lines wait` : `${state.messages.length} lines kept`;
  if ($("log-count").textContent !== text) $("log-count").textContent = text;
}

let brief = 0;
function drawBrief() {
  brief ||= requestAnimationFrame(() => {
    brief = 0;
    const last = state.messages.filter((m) => m.kind === "event" && m.name !== "host_heartbeat").slice(-8).reverse();
    $("overview-events").replaceChildren(...last.map((m) => line(m, true)));
  });
}
