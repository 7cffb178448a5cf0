package githubtest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/webhook"
)

// TestAlertPayloadsFollowGitHubsSchemas: GitHub gives no example of these events, but schemas.
func TestAlertPayloadsFollowGitHubsSchemas(t *testing.T) {
	t.Parallel()
	b := present(setup(t, githubtest.Options{Events: []string{"secret_scanning_alert", "secret_scanning_alert_location"}}))
	ctx := t.Context()
	number, sent := b.repo.RaiseAlert(ctx, githubtest.AlertOptions{
		Secret: "x", BypassedBy: b.ada, BypassComment: "for tests", Resolution: "used_in_tests", At: []githubtest.AlertLocation{
			{Kind: "commit", Path: "a/.env", Blob: strings.Repeat("b", 40), Commit: strings.Repeat("c", 40), Line: 3},
			{Kind: "issue_comment", URL: "https://github.example/acme/shop/issues/1#issuecomment-2"},
			{Kind: "wiki_commit", URL: "https://github.example/acme/shop/wiki/Home/1"},
		},
	})
	add := func(d githubtest.Delivery, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		sent = append(sent, d)
	}
	add(b.repo.ReopenAlert(ctx, number, b.ada))
	add(b.repo.PublishAlert(ctx, number))
	add(b.repo.ResolveAlert(ctx, number, "revoked", "rotated", b.ada))

	seen := followSchemas(t, sent)
	for i, d := range sent {
		name := seen[i]
		event, err := webhook.Decode(d.Event, d.Payload)
		alert, is := event.(*webhook.SecretScanningAlert)
		if err != nil || !is || alert.Number != number || alert.Type != "clerk_secret_key" || alert.Name != "Clerk secret key" ||
			alert.Location != strings.HasSuffix(d.Event, "_location") || alert.Repository.ID != b.repo.ID() {
			t.Errorf("%s is read as %+v, %v", name, event, err)
		}
	}
	want := []string{
		"secret-scanning-alert-created", "secret-scanning-alert-location-created", "secret-scanning-alert-location-created",
		"secret-scanning-alert-location-created", "secret-scanning-alert-reopened", "secret-scanning-alert-publicly-leaked", "secret-scanning-alert-resolved",
	}
	if !slices.Equal(seen, want) {
		t.Errorf("%v", seen)
	}
}
