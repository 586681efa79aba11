// oauth4webapi as an application on its user's device: no secret, a code with PKCE, each check by hand.
import * as oauth from "oauth4webapi";
import { hear, say } from "./conversation.mjs";

const { issuer: origin, clientId, redirectUri, scope } = await hear();
const insecure = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(origin);
const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
const client = { client_id: clientId };

const verifier = oauth.generateRandomCodeVerifier();
const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
const visit = new URL(server.authorization_endpoint);
visit.search = new URLSearchParams({
  client_id: clientId,
  redirect_uri: redirectUri,
  response_type: "code",
  scope,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  state,
  nonce,
});
say({ visit });
const { callback } = await hear();

const parameters = oauth.validateAuthResponse(server, client, new URL(callback), state);
const exchange = (codeVerifier) =>
  oauth.authorizationCodeGrantRequest(server, client, oauth.None(), parameters, redirectUri, codeVerifier, insecure);
const guessed = await (await exchange(oauth.generateRandomCodeVerifier())).json();
const response = await exchange(verifier);
const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
  expectedNonce: nonce,
  requireIdToken: true,
});
await oauth.validateApplicationLevelSignature(server, response, insecure);

say({
  claims: oauth.getValidatedIdTokenClaims(tokens),
  tokenType: tokens.token_type,
  hasRefreshToken: tokens.refresh_token !== undefined,
  withAGuessedVerifier: guessed.error,
});
process.exit(0);
