// The dialog that starts actors and providers, from a file or a reference.
import { $, bytes, dialog, h, key, note, said } from "./dom.js";
import { api, refresh, sentence, state, unpack } from "./api.js";

const titles = {
  unsigned: "This file is not signed",
  tampered: "This file was changed after it was signed",
  expired: "The signature has expired",
  not_yet_valid: "The signature is not valid yet",
  issuer: "The signer is not trusted here",
  kind: "A host cannot run this",
  broken: "This file cannot be read",
  too_large: "This file is too large",
};

let box = null, upload = null, sending = null;

const from = () => document.querySelector('input[name="from"]:checked').value;
const kind = () => (from() === "file" ? upload?.kind || "actor" : document.querySelector('input[name="kind"]:checked').value);

export function setUpStart() {
  box = dialog("start", start);
  // The event comes later than the closing: by then it may be open again.
  box.box.addEventListener("close", () => { if (!box.box.open) sending?.abort(); });
  for (const r of document.querySelectorAll('input[name="from"], input[name="kind"]')) r.addEventListener("change", draw);
  $("file").addEventListener("change", () => { if ($("file").files[0]) send($("file").files[0]); });
  $("ref").addEventListener("input", draw);
  const drop = $("drop");
  drop.addEventListener("dragover", (e) => { e.preventDefault(); drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (e) => {
    e.preventDefault();
    drop.classList.remove("over");
    if (e.dataTransfer.files[0]) send(e.dataTransfer.files[0]);
  });
}

export function openStart(what) {
  upload = null;
  $("file").value = "";
  $("upload-result").replaceChildren();
  $("upload-progress").hidden = true;
  $("count").value = 1;
  $("link-name").value = "default";
  $("config").value = "";
  $("kind-" + (what === "provider" ? "provider" : "actor")).checked = true;
  const hosts = state.lattice.hosts;
  $("start-host").replaceChildren(...hosts.map((x) => h("option", { value: x.id }, (x.friendly_name || x.id) + (x.self ? " (this one)" : ""))));
  draw();
  box.open();
  $(from() === "file" ? "file" : "ref").focus();
}

function draw() {
  const file = from() === "file", provider = kind() === "provider";
  $("source-file").hidden = !file;
  $("source-ref").hidden = file;
  const chosen = !file || upload; // what there is to ask depends on what it is
  $("count-field").hidden = provider || !chosen;
  $("link-name-field").hidden = !provider;
  $("config-field").hidden = !provider;
  $("start-host-field").hidden = state.lattice.hosts.length < 2 || file; // an upload is on one machine
  $("start-go").disabled = file ? !upload : !$("ref").value.trim();
}

// send uploads a file; XMLHttpRequest, because fetch tells no progress.
function send(file) {
  sending?.abort();
  upload = null;
  draw();
  $("start-error").replaceChildren();
  const max = Number(document.body.dataset.maxUpload);
  if (file.size > max) {
    $("upload-result").replaceChildren(note("bad", titles.too_large, `It has ${bytes(file.size)}; a host loads at most ${bytes(max)}.`));
    return;
  }
  const bar = $("upload-progress"), request = new XMLHttpRequest();
  sending = request;
  bar.hidden = false;
  bar.value = 0;
  $("upload-result").replaceChildren(h("p", { class: "muted" }, `Sending ${file.name}, ${bytes(file.size)}…`));
  request.upload.onprogress = (e) => { if (e.lengthComputable) bar.value = e.loaded / e.total; };
  const finish = (node) => {
    if (sending !== request) return;
    sending = null;
    bar.hidden = true;
    $("upload-result").replaceChildren(node);
    draw();
  };
  request.onload = async () => {
    try {
      const answer = await unpack(new Response(request.responseText, { status: request.status }));
      if (sending !== request) return;
      upload = answer;
      finish(facts(answer));
    } catch (err) {
      finish(note("bad", titles[err.reason], err.message));
    }
  };
  request.onerror = () => finish(note("bad", "The upload broke off", "The host does not answer. Is it still running?"));
  request.open("POST", "/api/uploads?" + new URLSearchParams({ name: file.name }));
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.send(file);
}

// facts is what a person decides by, of a verified file.
function facts(u) {
  const row = (name, value) => (value == null || value === "" || value.length === 0 ? [] : [h("dt", {}, name), h("dd", {}, value)]);
  const tags = (list) => list.length ? h("div", { class: "pairs" }, list.map((t) => h("span", { class: "tag" }, t))) : "";
  const runs = state.lattice.hosts.flatMap((x) => (x.self ? x.actors : [])).find((a) => a.id === u.subject);
  return h("div", { class: "stack" },
    h("div", { class: "note ok" }, h("strong", {}, `Verified: ${u.name || "unnamed"}, ${u.kind === "provider" ? "a provider" : "an actor"}`), `${u.file}, ${bytes(u.size)}`),
    h("dl", { class: "facts" },
      row("Key", key(u.subject)), row("Signed by", h("span", {}, key(u.issuer), u.development_key ? h("span", { class: "tag warn" }, "development key: everybody has it") : null)),
      row("Version", u.version ? `${u.version}, revision ${u.revision}` : ""), row("May use", tags(u.caps.map((c) => c.replace(/^wasmcloud:(builtin:)?/, "")))), row("Contract", u.contract_id),
      row("Vendor", u.vendor), row("Runs on", tags(u.targets)), row("Call alias", u.call_alias), row("Expires", u.expires ? new Date(u.expires).toLocaleString() : "never")),
    runs ? note("warn", "", `${u.name} runs already: starting replaces its code, and calls under way end in the old one.`) : null);
}

async function start() {
  const body = from() === "file" ? { upload: upload.id } : { ref: $("ref").value.trim() };
  if (from() !== "file") body.host_id = $("start-host").value;
  let answer;
  if (kind() === "provider") {
    answer = await api("POST", "/api/providers", { ...body, link_name: $("link-name").value.trim(), configuration: $("config").value });
  } else {
    const count = $("count").valueAsNumber;
    if (!Number.isInteger(count) || count < 1) throw new Error("Give a number of instances, 1 or more.");
    answer = await api("POST", "/api/actors", { ...body, count });
  }
  await refresh();
  said(sentence(`${kind() === "provider" ? "provider" : "actor"} ${upload?.name || body.ref || ""} ${answer.replaced ? "replaced" : "started"}`));
  location.hash = kind() === "provider" ? "#providers" : "#actors";
}
