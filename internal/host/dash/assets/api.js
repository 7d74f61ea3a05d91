// The JSON API, and the one state of the page: what the lattice runs, and the
// last lines of what happened.

export const state = {
  lattice: { hosts: [], links: [], claims: [], problems: [] },
  loaded: false,
  messages: [], // oldest first
  health: {}, // of providers, by "key/link": true or false
};

const listeners = { lattice: [], message: [], status: [] };
export const on = (what, f) => listeners[what].push(f);
const tell = (what, value) => { for (const f of listeners[what]) f(value); };

const maxMessages = 1000;

// api asks the host. An error has the host's own words, which say what to do.
export async function api(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    tell("status", "gone");
    throw new Error("The host does not answer. If it was stopped, start it again (devhost up) and open its new address.");
  }
  return unpack(response);
}

export async function unpack(response) {
  let answer = null;
  try {
    answer = await response.json();
  } catch {
    throw new Error(`The host answered ${response.status} with something that is no JSON.`);
  }
  if (response.status === 401) tell("status", "signed-out");
  if (!response.ok) {
    const err = new Error(sentence(answer.error || `The host answered ${response.status}.`));
    err.reason = answer.reason;
    throw err;
  }
  return answer;
}

export const sentence = (s) => s.charAt(0).toUpperCase() + s.slice(1) + (/[.!?]$/.test(s) ? "" : ".");

let loading = null, again = false;
// refresh reads the lattice anew; asked while it does, it does so once more.
export function refresh() {
  if (loading) {
    again = true;
    return loading;
  }
  loading = (async () => {
    try {
      do {
        again = false;
        state.lattice = await api("GET", "/api/lattice");
        state.loaded = true;
        tell("lattice", state.lattice);
      } while (again);
    } catch {
      // said by the status line; the next event or tick asks again
    } finally {
      loading = null;
    }
  })();
  return loading;
}

let timer = 0;
function refreshSoon() {
  clearTimeout(timer);
  timer = setTimeout(refresh, 120);
}

// Events that change what the lists show.
const changes = /^(host_started|host_stopped|actors?_(started|stopped|updated|scaled)|provider_(started|stopped)|linkdef_(set|deleted)|refmap_set|labels_changed)$/;

export function listen() {
  const source = new EventSource("/api/events");
  let live = false;
  source.addEventListener("live", () => {
    live = true;
    tell("status", "live");
    refresh();
  });
  source.addEventListener("gap", (e) => put({ kind: "gap", text: `${e.data} lines were missed`, time: new Date().toISOString() }));
  source.onmessage = (e) => {
    const m = JSON.parse(e.data);
    put(m);
    if (m.kind !== "event") return;
    if (m.name === "health_check_passed" || m.name === "health_check_failed") {
      state.health[`${m.data?.public_key}/${m.data?.link_name}`] = m.name === "health_check_passed";
      refreshSoon();
    }
    if (live && changes.test(m.name)) refreshSoon();
  };
  source.onerror = () => {
    live = false;
    tell("status", "reconnecting");
    // An EventSource does not say why it failed; asking does (401, or nobody).
    if (source.readyState === EventSource.CLOSED) {
      api("GET", "/api/host").then(() => setTimeout(listen, 2000), () => {});
    }
  };
  addEventListener("pagehide", () => source.close());
}

function put(m) {
  state.messages.push(m);
  if (state.messages.length > maxMessages) state.messages.splice(0, state.messages.length - maxMessages);
  tell("message", m);
}

// named gives the name by which the claims know a key.
export function named(key) {
  const c = state.lattice.claims.find((c) => c.sub === key);
  return c?.name || "";
}

export const claimsOf = (key) => state.lattice.claims.find((c) => c.sub === key) || {};

export function all(what) {
  return state.lattice.hosts.flatMap((host) => (host[what] || []).map((x) => ({ ...x, host: host.id, hostName: host.friendly_name || host.id, self: host.self })));
}
