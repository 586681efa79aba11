// Relying parties that this project did not write, each spoken to in lines of JSON by a test that plays its user.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
)

// asked is what the test says first.
type asked struct {
	Issuer, ClientID, ClientSecret, RedirectURI string
	Scope                                       []string
}

// told is what a client got, for the test to judge.
type told struct {
	Claims           map[string]any `json:"claims"`
	Userinfo         map[string]any `json:"userinfo"`
	Rotated          bool           `json:"rotated"`
	SameAfterRefresh bool           `json:"sameUserAfterRefresh"`
	AfterRevocation  string         `json:"afterRevocation,omitempty"`
}

var lines = bufio.NewScanner(os.Stdin)

func hear(value any) {
	if !lines.Scan() {
		log.Fatal("the test is gone")
	}
	must(json.Unmarshal(lines.Bytes(), value))
}

func say(value any) {
	must(json.NewEncoder(os.Stdout).Encode(value))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// loopback is a client to which names under .localhost lead to this machine, as they do in browsers.
func loopback() *http.Client {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err == nil && strings.HasSuffix(host, ".localhost") {
			address = net.JoinHostPort("127.0.0.1", port)
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	return &http.Client{Transport: &http.Transport{DialContext: dial}}
}

func main() {
	clients := map[string]func(asked) told{"zitadel": zitadel, "coreos": coreos}
	lines.Buffer(nil, 1<<20)
	var question asked
	hear(&question)
	say(clients[os.Args[1]](question))
}

// visited says where the user has to go, and hears where they came back.
func visited(visit string) string {
	say(map[string]string{"visit": visit})
	var answer struct{ Callback string }
	hear(&answer)
	return answer.Callback
}
