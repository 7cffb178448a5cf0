package respond

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/policy"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with testdata/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", file, diff)
	}
}

// The facts of most tests: one repository, one moment.
var (
	shop       = Repository{ID: 7, Owner: "acme", Name: "shop", URL: "https://github.com/acme/shop", Private: true}
	monday     = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	head       = strings.Repeat("a1b2c3d4", 5)
	introduced = strings.Repeat("0f1e2d3c", 5)
)

// secret returns a credential of the kind, made at run time.
func secret(kind detect.Kind, env detect.Environment, seed int64) detect.Secret {
	switch kind {
	case detect.LegacyAPIKey:
		return detect.NewSecret(detecttest.LegacyKey(seed, env))
	case detect.WebhookSecret:
		return detect.NewSecret(detecttest.WebhookSecret(seed))
	case detect.MachineSecretKey:
		return detect.NewSecret(detecttest.MachineSecretKey(seed))
	case detect.PlatformAPIKey:
		return detect.NewSecret(detecttest.PlatformAPIKey(seed))
	case detect.APIKey:
		return detect.NewSecret(detecttest.APIKey(seed))
	case detect.OAuthClientSecret:
		return detect.NewSecret(detecttest.OAuthClientSecret(seed))
	case detect.EncryptionKey:
		return detect.NewSecret(detecttest.EncryptionKey(seed))
	case detect.ClaimURL:
		return detect.NewSecret(detecttest.ClaimURL(seed))
	}
	return detect.NewSecret(detecttest.Key(seed, env))
}

// leak returns an open leak of high confidence.
func leak(kind detect.Kind, env detect.Environment, seed int64) ledger.Leak {
	s := secret(kind, env, seed)
	l := ledger.Leak{
		ID: seed, Repository: shop.ID, Fingerprint: s.Fingerprint(), Redacted: s.Redacted(),
		Kind: string(kind), Environment: string(env), Severity: string(detect.MediumSeverity), Confidence: string(detect.HighConfidence),
		Reasons: []string{"the variable's name says Clerk", "a publishable key stands nearby"},
		State:   ledger.Open, Introduced: monday.Add(-time.Hour), Detected: monday, Pusher: "ada",
	}
	if env == detect.Live {
		l.Severity, l.Instance = string(detect.CriticalSeverity), "clerk.acme.example"
	} else if env == detect.Test {
		l.Instance = "happy-otter-12.clerk.accounts.dev"
	}
	return l
}

func sighting(id int64, path string, line int) ledger.Sighting {
	return ledger.Sighting{
		ID: id, Source: "blob", Blob: strings.Repeat("b", 40), Path: path, Commit: introduced, Encoding: "plain",
		Line: line, Column: 18, EndLine: line, EndColumn: 68,
		AuthorName: "Ada Lovelace", AuthorEmail: "ada@acme.example", Authored: monday.Add(-time.Hour), Ref: "refs/heads/main",
	}
}

func at(l ledger.Leak, s ledger.Sighting, atHead bool) ledger.HeadSighting {
	s.Leak = l.ID
	return ledger.HeadSighting{Leak: l, Sighting: s, AtHead: atHead}
}

func pushScan() ledger.Scan {
	return ledger.Scan{
		Repository: shop.ID, Head: head, Base: strings.Repeat("9", 40), Ref: "refs/heads/main", Event: "push", Pusher: "ada",
		Commits: 3, Blobs: 7, Bytes: 12_345, PackBytes: 4_567, Duration: 41 * time.Millisecond, Finished: monday,
	}
}

func facts(sightings ...ledger.HeadSighting) CheckFacts {
	return CheckFacts{Repository: shop, Head: head, Scans: []ledger.Scan{pushScan()}, Sightings: sightings, Policy: policy.Default()}
}

// showCheck writes a check run as a text for golden files.
func showCheck(f CheckFacts) string {
	run, _ := Check(f)
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s: %s\n\n%s\n", run.Name, run.Conclusion, run.Title, run.Summary)
	for _, a := range run.Annotations {
		fmt.Fprintf(&b, "\nannotation: %s %s:%d:%d-%d:%d\n%s\n%s\n", a.Level, a.Path, a.StartLine, a.StartColumn, a.EndLine, a.EndColumn, a.Title, a.Message)
	}
	for _, a := range run.Actions {
		fmt.Fprintf(&b, "\nbutton: [%s] %s (%s)", a.Label, a.Description, a.Identifier)
	}
	return b.String() + "\n"
}
