// Calling an actor, the trace of a call, and the last calls.
import { $, bytes, clock, h, key, micros, note, table } from "./dom.js";
import { all, api, named, sentence, state } from "./api.js";

const other = "other";
let chosen = ""; // id of the call whose trace is shown
let calls = [];

// What the arguments of common operations look like.
const examples = {
  "HttpServer.HandleRequest": { method: "GET", path: "/", queryString: "", header: {}, body: "" },
  "MessageSubscriber.HandleMessage": { subject: "demo", replyTo: "", body: "hello" },
  "Testing.Start": { patterns: [".*"], options: {} },
};
const operationOf = { "wasmcloud:httpserver": "HttpServer.HandleRequest", "wasmcloud:messaging": "MessageSubscriber.HandleMessage", "wasmcloud:testing": "Testing.Start" };

export function setUpCalls() {
  $("operations").replaceChildren(...Object.keys(examples).map((o) => h("option", { value: o })));
  $("call-target").addEventListener("change", drawTarget);
  $("call-form").addEventListener("submit", (e) => { e.preventDefault(); call(); });
  $("call-form").addEventListener("keydown", (e) => {
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) { e.preventDefault(); call(); }
  });
  $("call-example").addEventListener("click", () => {
    const guess = state.lattice.claims.find((c) => c.sub === target())?.caps?.split(",").map((c) => operationOf[c]).find(Boolean);
    $("call-operation").value ||= guess || "HttpServer.HandleRequest";
    $("call-payload").value = JSON.stringify(examples[$("call-operation").value] ?? {}, null, 2);
  });
  $("call-result").replaceChildren(h("p", { class: "muted" }, "The reply, how long it took and what the actor did on the way will be here."));
}

const target = () => ($("call-target").value === other ? $("call-other").value.trim() : $("call-target").value);

function drawTarget() {
  $("call-other-field").hidden = $("call-target").value !== other;
}

export function drawTargets() {
  const seen = new Map(all("actors").map((a) => [a.id, a.name || named(a.id) || a.id]));
  const print = JSON.stringify([...seen]);
  const select = $("call-target");
  if (select.dataset.print === print) return;
  const before = select.value;
  select.dataset.print = print;
  select.replaceChildren(...[...seen].map(([id, name]) => h("option", { value: id }, `${name} (${id.slice(0, 8)}…)`)), h("option", { value: other }, "Another key or alias…"));
  if (before && [...select.options].some((o) => o.value === before) && (before !== other || $("call-other").value)) select.value = before;
  drawTarget();
}

export function callActor(id) {
  location.hash = "#calls";
  $("call-target").value = id;
  drawTarget();
  // After the view has taken the focus to its heading.
  setTimeout(() => $("call-operation").focus(), 0);
}

function wrong(field, text) {
  for (const f of ["call-other", "call-operation", "call-payload"]) $(f).removeAttribute("aria-invalid");
  $("call-error").replaceChildren(...(text ? [note("bad", "", text)] : []));
  if (field) {
    $(field).setAttribute("aria-invalid", "true");
    $(field).focus();
  }
}

async function call() {
  const send = $("call-send");
  if (send.disabled) return;
  wrong();
  const body = { target: target(), operation: $("call-operation").value.trim() };
  if (!body.target) return wrong("call-other", "Give the key of an actor or its call alias; a running actor can be chosen above.");
  if (!body.operation) return wrong("call-operation", "Give the operation, such as HttpServer.HandleRequest.");
  if ($("call-payload").value.trim()) {
    try {
      body.payload = JSON.parse($("call-payload").value);
    } catch (err) {
      return wrong("call-payload", `The payload is no JSON: ${err.message}`);
    }
  }
  send.disabled = true;
  send.textContent = "Calling…";
  try {
    const r = await api("POST", "/api/calls", body);
    chosen = r.id;
    $("call-result").replaceChildren(...result(r));
    loadCalls();
  } catch (err) {
    wrong("", err.message);
  } finally {
    send.disabled = false;
    send.textContent = "Call";
  }
}

function result(r) {
  const nodes = [h("div", { class: "verdict" },
    r.ok ? h("span", { class: "tag ok" }, "answered") : h("span", { class: "tag bad" }, r.timed_out ? "timed out" : "failed"),
    h("strong", {}, micros(r.took_us)), r.ok ? h("span", { class: "muted" }, bytes(r.reply_bytes)) : null)];
  if (!r.ok) nodes.push(note("bad", "", sentence(r.error)));
  if (r.reply !== undefined) nodes.push(h("pre", { class: "wrap", id: "call-reply", tabindex: "0", "aria-label": "Reply" }, JSON.stringify(r.reply, null, 2)));
  else if (r.reply_text) nodes.push(h("pre", { class: "wrap", id: "call-reply", tabindex: "0", "aria-label": "Reply" }, r.reply_text));
  else if (r.ok) nodes.push(h("p", { class: "muted" }, "It answered with no bytes, as operations without a result do."));
  if (r.trace) nodes.push(trace(r.trace));
  return nodes;
}

const kinds = {
  call: "call", actor: "actor", link: "link", provider: "provider", builtin: "built-in", hostcall: "call of", remote: "remote actor",
};

// An error travels up; it is told where it arose.
const own = (t, s) => s.error && !t.spans.some((c) => c.parent === s.id && c.error && s.error.includes(c.error));

// trace draws the spans of a call one below the other, as long as they took.
export function trace(t) {
  const total = Math.max(...t.spans.map((s) => s.start_us + s.took_us), 1);
  const depth = {};
  const rows = t.spans.map((s) => {
    depth[s.id] = s.parent ? (depth[s.parent] ?? 0) + 1 : 0;
    const fill = h("div", { class: "fill" });
    fill.style.left = `${(100 * s.start_us) / total}%`;
    fill.style.width = `${(100 * (s.running ? total - s.start_us : s.took_us)) / total}%`;
    const what = h("div", { class: "what" },
      h("span", { class: "tag" }, kinds[s.kind] || s.kind), " ",
      h("strong", {}, s.kind === "link" ? `${s.contract_id} / ${s.link_name}` : s.name || named(s.target) || s.target.slice(0, 8) + "…"), " ",
      h("span", { class: "muted mono" }, s.operation),
      h("span", { class: "muted small nowrap" }, ` ${bytes(s.bytes_in)} in, ${bytes(s.bytes_out)} out`));
    what.style.paddingLeft = `${Math.min(depth[s.id], 6) * 16}px`;
    return h("li", { class: "span" + (s.error ? " bad" : ""), "data-kind": s.kind }, what, h("span", { class: "took" }, s.running ? "running" : micros(s.took_us)),
      h("div", { class: "track", "aria-hidden": "true" }, fill), own(t, s) ? h("div", { class: "why" }, s.error) : null);
  });
  return h("section", { "aria-label": "Trace" }, h("h2", {}, "What happened"),
    h("ol", { class: "spans", id: "trace" }, rows),
    t.spans_dropped ? h("p", { class: "muted small" }, `${t.spans_dropped} more steps were not kept.`) : null,
    h("p", { class: "muted small" }, "Call ", key(t.id)));
}

export async function loadCalls() {
  try {
    calls = await api("GET", "/api/calls");
  } catch {
    return; // said by the status line
  }
  drawCalls($("call-history"), calls);
  drawCalls($("overview-calls"), calls.slice(0, 8), true);
}

function drawCalls(box, rows, brief) {
  const columns = [
    { label: "Operation", cell: (c) => [h("button", { type: "button", class: "linklike mono", "data-action": "trace", onclick: () => open(c.id) }, c.operation)] },
    { label: "Actor", cell: (c) => c.name || named(c.target) || key(c.target) },
    { label: "Outcome", cell: (c) => c.running ? h("span", { class: "tag" }, "running") : c.error ? h("span", { class: "tag bad", title: c.error }, "failed") : h("span", { class: "tag ok" }, "answered") },
    { label: "Took", class: "num", cell: (c) => (c.running ? "" : micros(c.took_us)) },
  ];
  if (!brief) columns.splice(3, 0, { label: "At", cell: (c) => h("span", { class: "mono" }, clock(c.began)) });
  table(box, {
    label: "Last calls", rows: rows.map((c) => ({ ...c, chosen: !brief && c.id === chosen })), key: (c) => c.id, columns, rowClass: (c) => (c.chosen ? "chosen" : null),
    empty: () => h("div", { class: "empty" }, h("p", {}, "No call was made on this host yet. Calls of providers, of other actors and of ", h("code", {}, "lattice call"), " appear here too.")),
  });
}

async function open(id) {
  try {
    const t = await api("GET", "/api/calls/" + encodeURIComponent(id));
    chosen = id;
    location.hash = "#calls";
    $("call-result").replaceChildren(
      h("div", { class: "verdict" }, h("span", { class: "mono" }, t.operation), t.error ? h("span", { class: "tag bad" }, "failed") : h("span", { class: "tag ok" }, "answered"), h("strong", {}, micros(t.took_us))),
      ...(t.error ? [note("bad", "", sentence(t.error))] : []), trace(t));
    drawCalls($("call-history"), calls);
    $("call-result").closest(".panel").scrollIntoView({ block: "nearest" });
  } catch (err) {
    $("call-result").replaceChildren(note("bad", "", err.message));
  }
}
