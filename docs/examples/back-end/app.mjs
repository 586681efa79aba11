// Orders in Node: openid-client 6 and a session in memory, configured by the mounted Secret alone.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import * as client from "openid-client";

const secret = (key) => readFileSync(`${process.env.OAUTH_SECRET ?? "/etc/oauth"}/${key}`, "utf8");
const callback = new URL(process.env.CALLBACK_URL); // exactly as in callbackURLs
const issuer = new URL(secret("issuer"));
const ostiary = await client.discovery(issuer, secret("client-id"), secret("client-secret"), client.ClientSecretBasic(), {
  execute: issuer.protocol === "http:" ? [client.allowInsecureRequests] : [], // http: on a laptop alone
});

const sessions = new Map(); // of this process; use a store of yours when there are several
const secure = callback.protocol === "https:" ? "; Secure" : "";

async function signIn(session) {
  session.pkceCodeVerifier = client.randomPKCECodeVerifier();
  session.expectedState = client.randomState();
  session.expectedNonce = client.randomNonce();
  return client.buildAuthorizationUrl(ostiary, {
    redirect_uri: callback.href,
    scope: "openid profile email",
    code_challenge: await client.calculatePKCECodeChallenge(session.pkceCodeVerifier),
    code_challenge_method: "S256",
    state: session.expectedState,
    nonce: session.expectedNonce,
  });
}

async function answer(request, response) {
  const url = new URL(request.url, callback.origin);
  const known = /\bsession=([\w-]+)/.exec(request.headers.cookie ?? "")?.[1];
  const session = sessions.get(known) ?? {};
  if (url.pathname === "/callback") {
    // Compares state, nonce and iss, sends the verifier, and checks the ID token.
    const tokens = await client.authorizationCodeGrant(ostiary, url, session);
    const id = randomUUID(); // another one than before: nobody can have planted it
    sessions.delete(known);
    sessions.set(id, { person: tokens.claims() });
    response.setHeader("Set-Cookie", `session=${id}; HttpOnly; SameSite=Lax; Path=/${secure}`);
    return response.writeHead(303, { Location: "/" }).end();
  }
  if (session.person) return response.end(JSON.stringify({ name: session.person.name, email: session.person.email }));
  const id = randomUUID();
  sessions.set(id, session);
  response.setHeader("Set-Cookie", `session=${id}; HttpOnly; SameSite=Lax; Path=/${secure}`);
  response.writeHead(303, { Location: (await signIn(session)).href }).end();
}

createServer((request, response) =>
  answer(request, response).catch((error) => response.writeHead(403).end(`Not signed in: ${error.error ?? error.code}.`)),
).listen(process.env.PORT ?? 8000);
