// The first view: how much of what runs, and what to do first.
import { $, h } from "./dom.js";
import { openStart } from "./start.js";

const names = { actors: ["actor", "actors"], providers: ["provider", "providers"], links: ["link", "links"], hosts: ["host", "hosts"] };

export function drawOverview(counts) {
  const tiles = $("tiles");
  for (const [what, [one, many]] of Object.entries(names)) {
    let tile = tiles.querySelector(`[href="#${what}"]`);
    if (!tile) {
      tile = h("a", { class: "panel tile", href: "#" + what }, h("b", {}), h("span", {}));
      tiles.append(tile);
    }
    tile.firstChild.textContent = counts[what];
    tile.lastChild.textContent = counts[what] === 1 ? one : many;
  }
  const first = $("first-steps");
  const idle = counts.actors === 0 && counts.providers === 0;
  if (first.hidden === !idle) return;
  first.hidden = !idle;
  if (idle && !first.firstChild) {
    first.append(h("div", { class: "empty" },
      h("p", { class: "name" }, "Nothing runs here yet"),
      h("p", {}, "Build and sign an actor (make, in its folder), then start the file here. Or push it to a registry and start it by its reference:"),
      h("pre", {}, "lattice start localhost:5000/echo:0.1.0"),
      h("button", { type: "button", class: "primary", onclick: () => openStart() }, "Start an actor…")));
  }
}
