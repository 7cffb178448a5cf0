package guide_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/guide"
)

// inMemory are a repository's files.
type inMemory map[string]string

func (m inMemory) List() (paths []string) {
	for path := range m {
		paths = append(paths, path)
	}
	return paths
}

func (m inMemory) Read(path string) ([]byte, bool) {
	text, there := m[path]
	return []byte(text), there
}

// TestSecrets: which secrets workflows name, and what the step says of each.
func TestSecrets(t *testing.T) {
	t.Parallel()
	files := inMemory{
		"package.json": `{"dependencies": {"@clerk/nextjs": "6"}}`,
		".github/workflows/a.yml": "jobs:\n  a:\n    environment: production\n    steps:\n      - env:\n          CLERK_SECRET_KEY: ${{ secrets.LIVE_KEY }}\n" +
			"  b:\n    steps:\n      - env:\n          CLERK_SECRET_KEY: ${{ secrets.CLERK_SECRET_KEY }}\n      - env:\n          CLERK_SECRET_KEY: ${{ secrets.TEST_KEY }}\n",
	}
	found := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	l := guide.Leak{Kind: detect.SecretKey, Environment: detect.Live, Redacted: "sk_live_…a1b2", Variable: "CLERK_SECRET_KEY", Found: found}
	want := []guide.Secret{{Name: "LIVE_KEY", Environment: "production"}, {Name: "CLERK_SECRET_KEY"}}
	if diff := cmp.Diff(want, guide.Secrets(context.Background(), l, files)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if got := guide.Secrets(context.Background(), l, nil); got != nil {
		t.Errorf("without files: %v", got)
	}
	for variable, of := range map[string]map[detect.Environment][]guide.Secret{
		"CLERK_SECRET_KEY": {detect.Live: want, detect.Test: {{Name: "CLERK_SECRET_KEY"}, {Name: "TEST_KEY"}}},
		"ANOTHER":          {detect.Live: nil},
	} {
		for env, want := range of {
			if diff := cmp.Diff(want, guide.SecretsOf(context.Background(), variable, env, files)); diff != "" {
				t.Errorf("%s, %s: -want +got\n%s", variable, env, diff)
			}
		}
	}
	step := func(l guide.Leak) string {
		t.Helper()
		for _, s := range guide.For(context.Background(), l, files).Steps {
			if strings.Contains(s.Title, "GitHub Actions") {
				return s.Text
			}
		}
		t.Fatal("no step")
		return ""
	}
	before := step(l)
	l.Updated = map[guide.Secret]time.Time{want[0]: found.Add(time.Hour), want[1]: found.Add(-90 * 24 * time.Hour)}
	added, same := strings.CutPrefix(step(l), before)
	if want := "\n\n- [x] Secret `LIVE_KEY` of the environment `production`: updated on 23 Nov 2026" +
		"\n- [ ] Secret `CLERK_SECRET_KEY`: last updated on 25 Aug 2026, not since the leak was found"; !same || added != want {
		t.Errorf("%q, want %q", added, want)
	}
}
