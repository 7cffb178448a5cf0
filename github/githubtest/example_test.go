package githubtest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/webhook"
)

// A push reaches a receiver as GitHub would send it.
func Example() {
	secret := "correct horse battery staple"
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = webhook.Verify(r.Header, body, []string{secret})
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		fmt.Println("received", r.Header.Get("X-GitHub-Event"))
		w.WriteHeader(http.StatusAccepted)
	}))
	defer receiver.Close()

	ctx := context.Background()
	server, err := githubtest.New(githubtest.Options{
		Now:        func() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) },
		WebhookURL: receiver.URL, WebhookSecret: secret, Events: []string{"push"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	acme, ada := server.Organization("acme"), server.User("ada")
	shop, err := server.CreateRepository(acme, "shop", githubtest.RepositoryOptions{Private: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	server.Install(ctx, acme, ada)
	commit, err := shop.Commit(githubtest.Change{Author: ada, Message: "Begin", Files: map[string]string{"README.md": "# Shop\n"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	sent, err := shop.Push(ctx, githubtest.Push{SHA: commit, By: ada})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(shop.FullName(), commit[:7], sent[0].Status)
	// Output:
	// received installation
	// received push
	// acme/shop f0d1d9b 202
}
