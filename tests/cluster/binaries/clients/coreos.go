package main

import (
	"context"
	"log"
	"net/url"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// coreos signs in as most Go services do: golang.org/x/oauth2 with go-oidc, as Kubernetes, Argo CD and Grafana use them.
func coreos(asked asked) told {
	ctx := oidc.ClientContext(context.Background(), loopback())
	provider, err := oidc.NewProvider(ctx, asked.Issuer)
	must(err)
	config := oauth2.Config{
		ClientID:     asked.ClientID,
		ClientSecret: asked.ClientSecret,
		Endpoint:     provider.Endpoint(),
		RedirectURL:  asked.RedirectURI,
		Scopes:       asked.Scope,
	}
	verifier := oauth2.GenerateVerifier()
	const state, nonce = "a state", "a nonce"
	callback, err := url.Parse(visited(config.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier))))
	must(err)
	if callback.Query().Get("state") != state || callback.Query().Get("iss") != asked.Issuer {
		log.Fatal("not the answer to this request")
	}
	token, err := config.Exchange(ctx, callback.Query().Get("code"), oauth2.VerifierOption(verifier))
	must(err)
	idToken, err := provider.Verifier(&oidc.Config{ClientID: asked.ClientID}).Verify(ctx, token.Extra("id_token").(string))
	must(err)
	if idToken.Nonce != nonce {
		log.Fatal("not the nonce of this request")
	}
	must(idToken.VerifyAccessToken(token.AccessToken))
	var result told
	must(idToken.Claims(&result.Claims))
	userinfo, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	must(err)
	must(userinfo.Claims(&result.Userinfo))
	fresh, err := config.TokenSource(ctx, &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
	must(err)
	result.Rotated = fresh.RefreshToken != token.RefreshToken
	again, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(fresh))
	must(err)
	result.SameAfterRefresh = again.Subject == idToken.Subject
	return result
}
