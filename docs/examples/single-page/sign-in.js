// Authorization code with PKCE in a browser, without a library (RFC 7636, RFC 9207).
const issuer = "https://login.example.com";
const clientId = "team-a.notes";
const redirectUri = `${location.origin}/`; // exactly as in callbackURLs

const base64url = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
const sha256 = async (text) => new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));

async function json(address, options) {
  const answer = await fetch(address, options);
  const body = await answer.json();
  if (!answer.ok) throw new Error(`${body.error}: ${body.error_description}`);
  return body;
}

/** Leave for Ostiary. */
export async function signIn() {
  const pending = { state: random(), verifier: random() };
  sessionStorage.setItem("pending", JSON.stringify(pending));
  const parameters = new URLSearchParams({
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: "openid profile",
    state: pending.state,
    code_challenge: base64url(await sha256(pending.verifier)),
    code_challenge_method: "S256",
  });
  location.assign(`${issuer}/authorize?${parameters}`);
}

/** The person who has just come back, or null. Throws what Ostiary answered instead. */
export async function signedIn() {
  const answer = new URLSearchParams(location.search);
  const pending = JSON.parse(sessionStorage.getItem("pending") ?? "{}");
  sessionStorage.removeItem("pending");
  if (!answer.has("state")) return null;
  history.replaceState(null, "", location.pathname);
  if (answer.get("state") !== pending.state) throw new Error("the answer is not to our question");
  if (answer.get("iss") !== issuer) throw new Error("the answer is another issuer's");
  if (answer.has("error")) throw new Error(`${answer.get("error")}: ${answer.get("error_description")}`);
  const tokens = await json(`${issuer}/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      client_id: clientId,
      code: answer.get("code"),
      redirect_uri: redirectUri,
      code_verifier: pending.verifier,
    }),
  });
  return json(`${issuer}/userinfo`, { headers: { Authorization: `Bearer ${tokens.access_token}` } });
}
