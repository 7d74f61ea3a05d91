// The tables: actors, providers, links, claims, hosts.
import { $, confirm, dialog, h, key, said, table } from "./dom.js";
import { all, api, claimsOf, named, refresh, state } from "./api.js";
import { openStart } from "./start.js";
import { openLink } from "./links.js";
import { callActor } from "./calls.js";

const box = (name) => document.querySelector(`[data-table="${name}"]`);
const button = (action, text, what, onclick, kind = "") =>
  h("button", { type: "button", class: "quiet " + kind, "data-action": action, "aria-label": `${text.replace("…", "")} ${what}`, onclick }, text);
const tags = (list) => h("div", { class: "pairs" }, list.map((t) => h("span", { class: "tag" }, t)));
const titled = (name, k) => [h("div", { class: "name" }, name || "unnamed"), key(k)];
const contracts = (list) => h("div", { class: "pairs" }, list.map((t) => h("span", { class: "tag", title: t }, t.replace(/^wasmcloud:(builtin:)?/, ""))));
const where = (row) => row.hostName;
const q = (o) => "?" + new URLSearchParams(o);

// refName shortens the path of an upload to what its user knows.
function refName(ref) {
  const upload = /^file:\/\/.*\/devhost-uploads-[^/]+\/([0-9a-f]{16})\/([^/]+)$/.exec(ref || "");
  if (upload) return [upload[2], " ", h("span", { class: "tag", title: ref }, "uploaded")];
  return h("span", { class: "mono" }, ref || "—");
}

const instances = (a) => a.instances.reduce((n, i) => n + Math.max(1, i.max_concurrent || 0), 0);

export function drawLists() {
  actors();
  providers();
  links();
  claims();
  hosts();
}

function actors() {
  const rows = all("actors").map((a) => {
    const c = claimsOf(a.id);
    return { ...a, claims: { version: c.version, rev: c.rev, caps: c.caps, alias: c.call_alias, name: c.name } };
  });
  table(box("actors"), {
    label: "Actors", rows, key: (a) => a.host + a.id,
    empty: () => h("div", { class: "empty" },
      h("p", { class: "name" }, "No actor runs"),
      h("p", {}, "Start one from the signed .wasm that your build made, or from a registry. With ", h("code", {}, "make start"), " in the actor's folder the same happens from the command line."),
      h("button", { type: "button", class: "primary", onclick: () => openStart() }, "Start an actor…")),
    columns: [
      { label: "Actor", cell: (a) => titled(a.name || a.claims.name, a.id) },
      { label: "Reference", cell: (a) => [h("div", {}, refName(a.image_ref)), a.claims.version ? h("div", { class: "muted small nowrap" }, `version ${a.claims.version}, revision ${a.claims.rev}`) : null] },
      { label: "May use", cell: (a) => a.claims.caps ? contracts(a.claims.caps.split(",")) : h("span", { class: "muted" }, "nothing") },
      { label: "Host", cell: where },
      { label: "Instances", class: "num", cell: (a) => String(instances(a)) },
      {
        label: "Actions", hidden: true, class: "actions", cell: (a) => {
          const name = a.name || a.id;
          return h("div", { class: "row" },
            button("call", "Call", name, () => callActor(a.id)),
            button("scale", "Scale…", name, () => openScale(a)),
            button("update", "Update…", name, () => openUpdate(a)),
            button("stop", "Stop…", name, () => confirm(`Stop ${name}?`, `All its instances on ${a.hostName} end; calls under way may finish.`, "Stop",
              done(`Stopped ${name}`, () => api("DELETE", `/api/actors/${a.id}${q({ host_id: a.host })}`))), "danger"));
        },
      },
    ],
  });
}

// done wraps a command: the lists are read anew and the success is said.
const done = (text, work) => async () => {
  const answer = await work();
  await refresh();
  said(text);
  return answer;
};

let scaled = null, updated = null;
const scaleBox = dialog("scale", () => {
  const count = $("scale-count").valueAsNumber;
  if (!Number.isInteger(count) || count < 0) throw new Error("Give a number of instances, 0 or more.");
  return done(`Scaled ${scaled.name} to ${count}`, () => api("POST", `/api/actors/${scaled.id}/scale`, { host_id: scaled.host, ref: scaled.image_ref || "", count }))();
});
const updateBox = dialog("update", () => {
  const ref = $("update-ref").value.trim();
  return done(`Updated ${updated.name}`, () => api("POST", `/api/actors/${updated.id}/update`, { host_id: updated.host, ref }))();
});

function openScale(a) {
  scaled = a;
  $("scale-title").textContent = "Scale " + (a.name || a.id);
  $("scale-count").value = instances(a);
  scaleBox.open();
  $("scale-count").select();
}

function openUpdate(a) {
  updated = a;
  $("update-title").textContent = "Update " + (a.name || a.id);
  $("update-ref").value = a.image_ref || "";
  updateBox.open();
  $("update-ref").select();
}

function providers() {
  const rows = all("providers").map((p) => ({ ...p, healthy: state.health[`${p.id}/${p.link_name}`], version: claimsOf(p.id).version }));
  table(box("providers"), {
    label: "Providers", rows, key: (p) => p.host + p.id + p.link_name,
    empty: () => h("div", { class: "empty" },
      h("p", { class: "name" }, "No provider runs"),
      h("p", {}, "Start one from the .par.gz that your build made, or from a registry. Then link an actor to it."),
      h("button", { type: "button", class: "primary", onclick: () => openStart("provider") }, "Start a provider…")),
    columns: [
      { label: "Provider", cell: (p) => titled(p.name || named(p.id), p.id) },
      { label: "Contract", cell: (p) => [h("div", { class: "mono" }, p.contract_id), h("div", { class: "muted small" }, `link name ${p.link_name}`)] },
      { label: "Reference", cell: (p) => [h("div", {}, refName(p.image_ref)), p.version ? h("div", { class: "muted small" }, `version ${p.version}, revision ${p.revision}`) : null] },
      { label: "Host", cell: where },
      { label: "Health", cell: (p) => p.healthy === undefined ? h("span", { class: "tag" }, "started") : p.healthy ? h("span", { class: "tag ok" }, "healthy") : h("span", { class: "tag bad" }, "no answer") },
      {
        label: "Actions", hidden: true, class: "actions", cell: (p) => {
          const name = p.name || named(p.id) || p.id;
          return h("div", { class: "row" },
            button("link", "Link…", name, () => openLink({ provider_id: p.id, contract_id: p.contract_id, link_name: p.link_name })),
            button("stop", "Stop…", name, () => confirm(`Stop ${name}?`, `Its process on ${p.hostName} ends. Links to it stay.`, "Stop",
              done(`Stopped ${name}`, () => api("DELETE", `/api/providers/${p.id}${q({ host_id: p.host, contract_id: p.contract_id, link_name: p.link_name })}`))), "danger"));
        },
      },
    ],
  });
}

// Values may be passwords; who wants to see one edits the link.
const secret = /pass|secret|token|seed|credential|auth|api.?key/i;
const shown = ([name, value]) => `${name}=${secret.test(name) ? "••••" : value}`;

function links() {
  const rows = state.lattice.links.map((l) => ({ ...l, actor: named(l.actor_id), provider: named(l.provider_id) }));
  table(box("links"), {
    label: "Links", rows, key: (l) => [l.actor_id, l.contract_id, l.link_name].join(),
    empty: () => h("div", { class: "empty" },
      h("p", { class: "name" }, "No links"),
      h("p", {}, "An actor reaches a provider only by a link. Define one for each contract that the actor was signed for, except logging and numbergen, which every host has."),
      h("button", { type: "button", class: "primary", onclick: () => openLink() }, "Define a link…")),
    columns: [
      { label: "Actor", cell: (l) => titled(l.actor || "not started yet", l.actor_id) },
      { label: "Contract", cell: (l) => [h("div", { class: "mono" }, l.contract_id), h("div", { class: "muted small" }, `link name ${l.link_name}`)] },
      { label: "Provider", cell: (l) => titled(l.provider || "not started yet", l.provider_id) },
      { label: "Values", cell: (l) => Object.keys(l.values || {}).length ? tags(Object.entries(l.values).map(shown)) : h("span", { class: "muted" }, "none") },
      {
        label: "Actions", hidden: true, class: "actions", cell: (l) => {
          const name = `${l.actor || l.actor_id} to ${l.contract_id}`;
          return h("div", { class: "row" },
            button("edit", "Edit…", `link of ${name}`, () => openLink(l)),
            button("delete", "Delete…", `link of ${name}`, () => confirm("Delete this link?", `${name}, link name ${l.link_name}: the actor's next call of it fails.`, "Delete",
              done("Deleted the link", () => api("DELETE", "/api/links" + q({ actor_id: l.actor_id, contract_id: l.contract_id, link_name: l.link_name })))), "danger"));
        },
      },
    ],
  });
}

function claims() {
  table(box("claims"), {
    label: "Claims", rows: state.lattice.claims, key: (c) => c.sub,
    empty: () => h("div", { class: "empty" },
      h("p", { class: "name" }, "No claims yet"),
      h("p", {}, "They appear with the first actor or provider that is started, and stay when it is stopped.")),
    columns: [
      { label: "Name", cell: (c) => titled(c.name, c.sub) },
      { label: "Kind", cell: (c) => c.sub?.startsWith("V") ? "provider" : "actor" },
      { label: "Contracts", cell: (c) => { const list = (c.contract_id || c.caps || "").split(",").filter(Boolean); return list.length ? contracts(list) : h("span", { class: "muted" }, "none"); } },
      { label: "Version", cell: (c) => [c.version || "—", h("div", { class: "muted small" }, `revision ${c.rev || 0}`)] },
      { label: "Call alias", cell: (c) => c.call_alias || "—" },
      { label: "Issuer", cell: (c) => key(c.iss) },
    ],
  });
}

function hosts() {
  const rows = state.lattice.hosts.map((x) => ({
    id: x.id, name: x.friendly_name, self: x.self, labels: x.labels || {}, version: x.version, up: x.uptime_human,
    actors: x.actors.length, providers: x.providers.length,
  }));
  table(box("hosts"), {
    label: "Hosts", rows, key: (x) => x.id, empty: () => h("div", { class: "empty" }, h("p", {}, "No host answers.")),
    columns: [
      { label: "Host", cell: (x) => [h("div", { class: "name" }, x.name || "unnamed", x.self ? h("span", { class: "tag info" }, "this one") : null), key(x.id)] },
      { label: "Labels", cell: (x) => tags(Object.entries(x.labels).sort().map(([k, v]) => `${k}=${v}`)) },
      { label: "Runs", cell: (x) => `${x.actors} ${x.actors === 1 ? "actor" : "actors"}, ${x.providers} ${x.providers === 1 ? "provider" : "providers"}` },
      { label: "Version", cell: (x) => x.version || "—" },
      { label: "Up", cell: (x) => x.up || "—" },
    ],
  });
}
