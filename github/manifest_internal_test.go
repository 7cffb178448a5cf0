package github

import (
	"net/url"
	"strings"
	"testing"
)

// FuzzNewApp reads what GitHub, or whoever answers in its place, says of a new App: whatever that is, it's an App that can work, or an
// error; and secrets are in neither's text.
func FuzzNewApp(f *testing.F) {
	f.Add([]byte(`{"id":1,"slug":"rekey","name":"rekey","html_url":"https://github.com/apps/rekey","owner":{"login":"acme","id":2},"client_id":"Iv1",` +
		`"client_secret":"one-secret","webhook_secret":"other-secret","pem":"third-secret","permissions":{"checks":"write"},"events":["push"]}`))
	f.Add([]byte(`{"id":-1}`))
	f.Add([]byte(`[]`))
	web := &url.URL{Scheme: "https", Host: "github.com"}
	f.Fuzz(func(t *testing.T, text []byte) {
		app, err := newApp(text, web)
		if err != nil {
			if app.ID != 0 || app.PrivateKey != "" {
				t.Errorf("an error, and an App: %v", app)
			}
			return
		}
		if app.ID <= 0 || app.PrivateKey == "" || app.WebhookSecret == "" || app.Slug == "" {
			t.Errorf("no error, and an App that can't work: %v", app)
		}
		for _, secret := range []string{app.PrivateKey, app.WebhookSecret, app.ClientSecret} {
			if len(secret) > 8 && !strings.Contains(app.Slug, secret) && strings.Contains(app.String(), secret) {
				t.Errorf("a secret is in its text: %v", app)
			}
		}
	})
}
