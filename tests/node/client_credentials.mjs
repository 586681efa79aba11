// openid-client as a service without users, which knows RFC 8414 metadata only.
import * as client from "openid-client";
import { hear, say } from "./conversation.mjs";

const { issuer, clientId, clientSecret, scope } = await hear();
const discover = (secret) =>
  client.discovery(new URL(issuer), clientId, secret, client.ClientSecretBasic(secret), {
    algorithm: "oauth2",
    execute: [client.allowInsecureRequests],
  });

const config = await discover(clientSecret);
const tokens = await client.clientCredentialsGrant(config, { scope });
const introspected = await client.tokenIntrospection(config, tokens.access_token);
const refused = await client.clientCredentialsGrant(await discover("guessed"), { scope }).catch((error) => error);

say({
  tokenType: tokens.token_type,
  scope: tokens.scope,
  introspected,
  withAGuessedSecret: refused.error ?? refused.cause?.[0]?.parameters?.error ?? refused.message,
});
process.exit(0);
