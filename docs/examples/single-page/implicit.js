// The implicit grant. New applications: see sign-in.js instead.
const issuer = "https://login.example.com";
const clientId = "team-a.old-notes";
const redirectUri = `${location.origin}/`; // exactly as in callbackURLs

/** Leave for Ostiary. */
export async function signIn() {
  const [state, nonce] = [crypto.randomUUID(), crypto.randomUUID()];
  sessionStorage.setItem("pending", JSON.stringify({ state, nonce }));
  const parameters = new URLSearchParams({
    response_type: "id_token token", // `token` alone has nothing that binds it to this sign-in
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: "openid profile",
    state,
    nonce,
  });
  location.assign(`${issuer}/authorize?${parameters}`);
}

/** The person who has just come back, or null. Throws what Ostiary answered instead. */
export async function signedIn() {
  const answer = new URLSearchParams(location.hash.slice(1));
  const pending = JSON.parse(sessionStorage.getItem("pending") ?? "{}");
  sessionStorage.removeItem("pending");
  history.replaceState(null, "", location.pathname); // first of all: the token leaves the address bar
  if (!answer.has("state")) return null;
  if (answer.get("state") !== pending.state) throw new Error("the answer is not to our question");
  if (answer.get("iss") !== issuer) throw new Error("the answer is another issuer's");
  if (answer.has("error")) throw new Error(`${answer.get("error")}: ${answer.get("error_description")}`);
  const payload = answer.get("id_token").split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  if (JSON.parse(atob(payload)).nonce !== pending.nonce) throw new Error("the ID token is for another sign-in");
  const person = await fetch(`${issuer}/userinfo`, {
    headers: { Authorization: `Bearer ${answer.get("access_token")}` },
  });
  if (!person.ok) throw new Error(`userinfo answers ${person.status}`);
  return person.json();
}
