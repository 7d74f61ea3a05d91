// The dialog that defines a link, or changes one.
import { $, dialog, h, said } from "./dom.js";
import { all, api, named, refresh, state } from "./api.js";

let box = null;

export function setUpLink() {
  box = dialog("link", async () => {
    const link = {
      actor_id: $("link-actor").value.trim(),
      provider_id: $("link-provider").value.trim(),
      contract_id: $("link-contract").value.trim(),
      link_name: $("link-link").value.trim() || "default",
      values: parseValues($("link-values").value),
    };
    await api("PUT", "/api/links", link);
    await refresh();
    said("The link is defined");
  });
  $("new-link").addEventListener("click", () => openLink());
  // A provider that is known says which contract and link name are its.
  $("link-provider").addEventListener("change", () => {
    const p = all("providers").find((p) => p.id === $("link-provider").value.trim());
    if (!p) return;
    $("link-contract").value ||= p.contract_id;
    $("link-link").value = p.link_name;
  });
}

// parseValues reads name=value lines; empty lines are nothing.
export function parseValues(text) {
  const values = {};
  for (const line of text.split("\n")) {
    if (!line.trim()) continue;
    const at = line.indexOf("=");
    if (at < 1) throw new Error(`“${line.trim()}” is no value: write name=value, one a line.`);
    values[line.slice(0, at).trim()] = line.slice(at + 1).trim();
  }
  return values;
}

export function openLink(link) {
  const known = (kind) => state.lattice.claims.filter((c) => c.sub?.startsWith(kind)).map((c) => h("option", { value: c.sub }, c.name || ""));
  $("known-actors").replaceChildren(...known("M"));
  $("known-providers").replaceChildren(...known("V"));
  const contracts = new Set(state.lattice.claims.flatMap((c) => [...(c.caps || "").split(","), c.contract_id]).filter((c) => c && !c.startsWith("wasmcloud:builtin:")));
  $("known-contracts").replaceChildren(...[...contracts].sort().map((c) => h("option", { value: c })));
  const actors = all("actors");
  $("link-title").textContent = link?.actor_id ? "Change the link" : "Define a link";
  $("link-go").textContent = link?.actor_id ? "Change" : "Define";
  $("link-actor").value = link?.actor_id || (actors.length === 1 ? actors[0].id : "");
  $("link-provider").value = link?.provider_id || "";
  $("link-contract").value = link?.contract_id || "";
  $("link-link").value = link?.link_name || "default";
  $("link-values").value = Object.entries(link?.values || {}).map(([k, v]) => `${k}=${v}`).join("\n");
  // Actor, contract and link name are what a link is known by: another one of
  // them would be another link.
  for (const id of ["link-actor", "link-contract", "link-link"]) $(id).readOnly = Boolean(link?.actor_id);
  box.open();
  $(link?.actor_id ? "link-values" : $("link-actor").value ? "link-provider" : "link-actor").focus();
  $("link-actor").title = named($("link-actor").value);
}
