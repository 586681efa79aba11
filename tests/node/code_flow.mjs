// openid-client as a back end: discovery, a code with PKCE, ID token and userinfo, refresh, introspection, revocation.
import * as client from "openid-client";
import { hear, say } from "./conversation.mjs";

const { issuer, clientId, clientSecret, redirectUri, scope } = await hear();
const config = await client.discovery(new URL(issuer), clientId, clientSecret, client.ClientSecretBasic(clientSecret), {
  execute: [client.allowInsecureRequests],
});
client.enableNonRepudiationChecks(config); // verify signatures although the tokens come from the token endpoint

const verifier = client.randomPKCECodeVerifier();
const checks = { pkceCodeVerifier: verifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() };
say({
  visit: client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state: checks.expectedState,
    nonce: checks.expectedNonce,
  }),
});
const { callback } = await hear();

const tokens = await client.authorizationCodeGrant(config, new URL(callback), checks);
const claims = tokens.claims();
const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
const again = await client.fetchUserInfo(config, refreshed.access_token, claims.sub);
const before = await client.tokenIntrospection(config, refreshed.access_token);
await client.tokenRevocation(config, refreshed.refresh_token);
const replay = await client.refreshTokenGrant(config, refreshed.refresh_token).catch((error) => error);

say({
  claims,
  userinfo,
  scope: tokens.scope,
  rotated: refreshed.refresh_token !== tokens.refresh_token,
  sameUserAfterRefresh: again.sub === userinfo.sub,
  introspected: before,
  afterRevocation: replay.error,
});
process.exit(0);
