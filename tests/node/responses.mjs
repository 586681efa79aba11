// openid-client with the responses of OpenID Connect that are not a plain code: hybrid, implicit, signed, and signed
// requests; then userinfo as a JWT, and the way to sign out.
import * as client from "openid-client";
import { hear, say } from "./conversation.mjs";

const { issuer, clientId, clientSecret, redirectUri, scope, how, privateJwk, signedUserinfo } = await hear();
const metadata = { client_secret: clientSecret, ...(signedUserinfo && { userinfo_signed_response_alg: "ES256" }) };
const config = await client.discovery(new URL(issuer), clientId, metadata, client.ClientSecretBasic(clientSecret), {
  execute: [client.allowInsecureRequests],
});
client.enableNonRepudiationChecks(config);
if (how === "code id_token") client.useCodeIdTokenResponseType(config);
if (how === "id_token") client.useIdTokenResponseType(config);
if (how === "jarm") client.useJwtResponseMode(config);

const verifier = client.randomPKCECodeVerifier();
const checks = { pkceCodeVerifier: verifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() };
const parameters = {
  redirect_uri: redirectUri,
  scope,
  state: checks.expectedState,
  nonce: checks.expectedNonce,
  ...(how !== "id_token" && {
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  }),
};
let visit;
if (how === "jar") {
  const key = await crypto.subtle.importKey("jwk", privateJwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
  visit = await client.buildAuthorizationUrlWithJAR(config, parameters, { key, kid: privateJwk.kid });
} else {
  visit = client.buildAuthorizationUrl(config, parameters);
}
say({ visit });
const { callback } = await hear();

if (how === "id_token") {
  const claims = await client.implicitAuthentication(config, new URL(callback), checks.expectedNonce, {
    expectedState: checks.expectedState,
  });
  say({ claims });
} else {
  const tokens = await client.authorizationCodeGrant(config, new URL(callback), checks);
  const claims = tokens.claims();
  const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
  const signOut = client.buildEndSessionUrl(config, { id_token_hint: tokens.id_token });
  say({ claims, userinfo, signOut });
}
process.exit(0);
