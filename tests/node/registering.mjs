// openid-client as a client that nobody registered: it does so itself, then acts on its own behalf.
import * as client from "openid-client";
import { hear, say } from "./conversation.mjs";

const { issuer, initialAccessToken, redirectUri, scope } = await hear();
const metadata = {
  client_name: "Registered by itself",
  redirect_uris: [redirectUri],
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
  token_endpoint_auth_method: "client_secret_post", // what openid-client uses where it is not told
};
const config = await client.dynamicClientRegistration(new URL(issuer), metadata, undefined, {
  initialAccessToken,
  execute: [client.allowInsecureRequests],
});
const verifier = client.randomPKCECodeVerifier();
const checks = { pkceCodeVerifier: verifier, expectedState: client.randomState() };
say({
  visit: client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope,
    state: checks.expectedState,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  }),
});
const { callback } = await hear();
const tokens = await client.authorizationCodeGrant(config, new URL(callback), checks);
const userinfo = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
say({ clientId: config.clientMetadata().client_id, claims: tokens.claims(), userinfo });
process.exit(0);
