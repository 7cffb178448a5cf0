package githubtest_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/github/webhook/webhooktest"
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

	text, err := webhooktest.Schemas()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schemas.json", document); err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, d := range sent {
		name := strings.ReplaceAll(d.Event+"-"+d.Action, "_", "-")
		seen = append(seen, name)
		schema, err := compiler.Compile("schemas.json#/$defs/webhook-" + name)
		if err != nil {
			t.Fatal(err)
		}
		payload, err := jsonschema.UnmarshalJSON(bytes.NewReader(d.Payload))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(payload); err != nil {
			t.Errorf("%s: %v", name, err)
		}
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
