package main

import (
	"context"
	"encoding/json"
	"log"
	"net/url"

	"github.com/zitadel/oidc/v3/pkg/client/rp"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"golang.org/x/oauth2"
)

// zitadel signs in with zitadel/oidc, which is certified as a relying party.
func zitadel(asked asked) told {
	ctx := context.Background()
	const state, nonce = "a state", "a nonce"
	expected := nonce // a refreshed ID token has none
	party, err := rp.NewRelyingPartyOIDC(
		ctx, asked.Issuer, asked.ClientID, asked.ClientSecret, asked.RedirectURI, asked.Scope,
		rp.WithHTTPClient(loopback()),
		rp.WithAuthStyle(oauth2.AuthStyleInParams), // what its refresh and revocation use whatever is said here
		rp.WithVerifierOpts(rp.WithNonce(func(context.Context) string { return expected })),
	)
	must(err)
	verifier := oauth2.GenerateVerifier()
	withNonce := func() []oauth2.AuthCodeOption {
		return []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("nonce", nonce)}
	}
	challenge := rp.WithCodeChallenge(oauth2.S256ChallengeFromVerifier(verifier))
	callback, err := url.Parse(visited(rp.AuthURL(state, party, challenge, withNonce)))
	must(err)
	if callback.Query().Get("state") != state {
		log.Fatal("not the answer to this request")
	}
	code := callback.Query().Get("code")
	tokens, err := rp.CodeExchange[*oidc.IDTokenClaims](ctx, code, party, rp.WithCodeVerifier(verifier))
	must(err)
	subject := tokens.IDTokenClaims.Subject
	userinfo, err := rp.Userinfo[*oidc.UserInfo](ctx, tokens.AccessToken, tokens.TokenType, subject, party)
	must(err)
	expected = ""
	fresh, err := rp.RefreshTokens[*oidc.IDTokenClaims](ctx, party, tokens.RefreshToken, "", "")
	must(err)
	again, err := rp.Userinfo[*oidc.UserInfo](ctx, fresh.AccessToken, fresh.TokenType, subject, party)
	must(err)
	result := told{
		Rotated:          fresh.RefreshToken != tokens.RefreshToken,
		SameAfterRefresh: again.Subject == subject && fresh.IDTokenClaims.Subject == subject,
	}
	for source, target := range map[any]*map[string]any{tokens.IDTokenClaims: &result.Claims, userinfo: &result.Userinfo} {
		written, err := json.Marshal(source)
		must(err)
		must(json.Unmarshal(written, target))
	}
	must(rp.RevokeToken(ctx, party, fresh.RefreshToken, "refresh_token"))
	if _, err = rp.RefreshTokens[*oidc.IDTokenClaims](ctx, party, fresh.RefreshToken, "", ""); err != nil {
		result.AfterRevocation = err.Error()
	}
	return result
}
