// The implicit grant by hand: state against forged answers, nonce against replayed ID tokens, and the token is
// wiped from the address before anything else happens. New applications: use the authorization code with PKCE.
"use strict";

const app = document.getElementById("app");
const { issuer, clientId, callback } = app.dataset;

function random() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function signIn() {
  const state = random();
  const nonce = random();
  sessionStorage.setItem("pending", JSON.stringify({ state, nonce }));
  const query = new URLSearchParams({
    response_type: "id_token token",
    client_id: clientId,
    redirect_uri: callback,
    scope: "openid profile",
    state,
    nonce,
  });
  location.assign(`${issuer}/authorize?${query}`);
}

function takeAnswer() {
  const answer = new URLSearchParams(location.hash.slice(1));
  const pending = JSON.parse(sessionStorage.getItem("pending") || "{}");
  sessionStorage.removeItem("pending");
  history.replaceState(null, "", location.pathname);
  if (![...answer.keys()].length) return null;
  if (!pending.state || answer.get("state") !== pending.state) throw new Error("the answer is not to our question");
  if ((answer.get("iss") ?? issuer) !== issuer) throw new Error("the answer came from another issuer");
  if (answer.get("error")) throw new Error(`${answer.get("error")}: ${answer.get("error_description") ?? ""}`);
  const body = answer.get("id_token").split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
  const claims = JSON.parse(atob(body));
  if (claims.nonce !== pending.nonce) throw new Error("the ID token is not for this sign-in");
  return answer.get("access_token");
}

async function show(token) {
  const answer = await fetch(`${issuer}/userinfo`, { headers: { Authorization: `Bearer ${token}` } });
  if (!answer.ok) throw new Error(`/userinfo answered ${answer.status}`);
  const claims = await answer.json();
  document.getElementById("name").textContent = claims.name ?? claims.sub;
  for (const [name, value] of Object.entries(claims)) {
    const row = document.createElement("div");
    const term = document.createElement("dt");
    const text = document.createElement("dd");
    term.textContent = name;
    text.textContent = typeof value === "string" ? value : JSON.stringify(value);
    text.dataset.claim = name;
    row.append(term, text);
    document.getElementById("claims").append(row);
  }
  document.getElementById("signed-out").hidden = true;
  document.getElementById("signed-in").hidden = false;
}

document.getElementById("sign-in").addEventListener("click", signIn);
document.getElementById("forget").addEventListener("click", () => location.replace(location.pathname));

(async () => {
  try {
    const token = takeAnswer();
    if (token) await show(token);
  } catch (error) {
    const box = document.getElementById("error");
    box.textContent = error.message;
    box.hidden = false;
  }
})();
