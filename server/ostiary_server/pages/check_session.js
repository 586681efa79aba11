// The OP's frame of OpenID Connect Session Management 1.0, section 3.2: tells a client whether its session has changed.
const name = document.documentElement.dataset.cookie;

function state() {
  const prefix = name + "=";
  const found = document.cookie.split("; ").find((cookie) => cookie.startsWith(prefix));
  return found === undefined ? "" : found.slice(prefix.length);
}

async function changed(clientId, origin, sessionState) {
  const salt = sessionState.split(".")[1];
  if (salt === undefined) return "error";
  const content = new TextEncoder().encode(`${clientId} ${origin} ${state()} ${salt}`);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  const expected = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${expected}.${salt}` === sessionState ? "unchanged" : "changed";
}

window.addEventListener("message", async (event) => {
  if (event.source === window || event.source === null || typeof event.data !== "string") return;
  const parts = event.data.split(" ");
  const answer = parts.length === 2 ? await changed(parts[0], event.origin, parts[1]) : "error";
  event.source.postMessage(answer, event.origin);
});
