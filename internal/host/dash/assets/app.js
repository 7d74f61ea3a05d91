// The page's entry: which view is shown, and whether the host is there.
import { $, h } from "./dom.js";
import { api, listen, on, refresh, state } from "./api.js";
import { drawLists } from "./lists.js";
import { drawOverview } from "./overview.js";
import { setUpStart, openStart } from "./start.js";
import { setUpLink } from "./links.js";
import { setUpCalls, drawTargets, loadCalls } from "./calls.js";
import { setUpActivity, showActivity } from "./activity.js";

const views = ["overview", "actors", "providers", "links", "claims", "hosts", "calls", "activity"];
const title = document.title;

function current() {
  const name = location.hash.slice(1).split("?")[0];
  return views.includes(name) ? name : "overview";
}

// show draws the view that the address names, and leads the focus there if a
// person went there.
function show(moved) {
  const name = current();
  for (const v of views) $("view-" + v).hidden = v !== name;
  for (const a of document.querySelectorAll("nav.side a")) {
    if (a.getAttribute("href") === "#" + name) {
      a.setAttribute("aria-current", "page");
      if (moved) a.scrollIntoView({ block: "nearest", inline: "nearest" });
    } else a.removeAttribute("aria-current");
  }
  const heading = $("view-" + name).querySelector("h1");
  document.title = `${heading.textContent} · ${title}`;
  if (moved) {
    scrollTo(0, 0);
    heading.focus({ preventScroll: true });
  }
  if (name === "activity") showActivity();
  poll();
}

const words = {
  live: ["ok", "Live"],
  reconnecting: ["", "Reconnecting"],
  gone: ["bad", "Host is gone"],
  "signed-out": ["bad", "Signed out"],
};
let signedOut = false;

on("status", (s) => {
  if (signedOut && s !== "live") return;
  signedOut = s === "signed-out";
  const [kind, text] = words[s];
  $("status").className = "status " + kind;
  if ($("status").textContent !== text) $("status").textContent = text;
  $("problems").replaceChildren(...(signedOut
    ? [h("div", { class: "note bad" }, h("strong", {}, "You are signed out"), "The host was started anew. See its address with ", h("code", {}, "devhost dashboard"), " and open it.")]
    : []));
});

on("lattice", (l) => {
  const count = (what) => l.hosts.reduce((n, x) => n + x[what].length, 0);
  const counts = { actors: count("actors"), providers: count("providers"), links: l.links.length, claims: l.claims.length, hosts: l.hosts.length };
  for (const [what, n] of Object.entries(counts)) document.querySelector(`[data-count="${what}"]`).textContent = n;
  if (!signedOut) $("problems").replaceChildren(...l.problems.map((p) => h("div", { class: "note warn" }, "Not all of the lattice could be asked: " + p)));
  drawLists();
  drawOverview(counts);
  drawTargets();
});

// Calls make no events, so where they are shown they are asked for.
let polling = 0;
function poll() {
  clearTimeout(polling);
  if (document.hidden || signedOut) return;
  if (["calls", "overview"].includes(current())) loadCalls();
  polling = setTimeout(poll, 2000);
}

addEventListener("hashchange", () => {
  if (location.hash !== "#main") show(true);
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) {
    refresh();
    poll();
  }
});
$("start").addEventListener("click", () => openStart());

setUpStart();
setUpLink();
setUpCalls();
setUpActivity();
show(false);
listen();
refresh();
setInterval(() => { if (!document.hidden && !signedOut) refresh(); }, 15000); // up times, hosts that went without a word

// For tests: whether the first state is drawn.
on("lattice", () => { document.body.dataset.ready = state.loaded; });
export { api };
