package ledger_test

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
	"github.com/rekey-app/rekey/respond/queue"
)

// TestPathsOfAnyName opens databases whose paths hold what means something in URLs, and finds them where they were named.
func TestPathsOfAnyName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a b#c", "a?b=c&mode=memory", "50%", "a%2f+b", ":memory:"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for form, urlOf := range map[string]func(path string) string{
				"path": func(path string) string { return path },
				"URL":  func(path string) string { return (&url.URL{Scheme: "sqlite", Path: path}).String() },
			} {
				dir := filepath.Join(t.TempDir(), name)
				if err := os.MkdirAll(dir, 0o700); err != nil {
					t.Fatal(err)
				}
				file := "of " + filepath.Base(name) + ".db"
				path := filepath.Join(dir, file)
				s, err := queue.OpenStore(t.Context(), ledger.Options{URL: urlOf(path)})
				if err != nil {
					t.Fatal(err)
				}
				know(t, s, repository())
				if _, err := s.Backup(t.Context(), path+"-copy"); err != nil {
					t.Errorf("%s: %v", form, err)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
				names := namesIn(t, dir)
				if want := []string{file, file + "-copy", file + ".lock"}; !slices.Equal(names, want) {
					t.Errorf("%s: in the directory are %q, want %q", form, names, want)
				}
				for _, path := range []string{path, path + "-copy"} {
					view(t, ledgertest.Open(t, ledger.Options{URL: urlOf(path)}), func(ctx context.Context, tx *ledger.Tx) error {
						_, err := tx.Repository(ctx, 9)
						return err
					})
				}
			}
		})
	}
}

func namesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestURLsThatWouldBeCutOff refuses addresses of which SQLite would take a part, with what to write instead.
func TestURLsThatWouldBeCutOff(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for path, advice := range map[string]string{
		"/a#b.db": "%23", "/a?b.db": "%3F", "/a.db?mode=ro": "%3F", "/a.db?": "%3F", "/a.db#": "%23", "/50%.db": "%25", "/50%zz.db": "%25",
	} {
		_, err := queue.OpenStore(t.Context(), ledger.Options{URL: "sqlite://" + dir + path})
		if err == nil || !strings.Contains(err.Error(), advice) {
			t.Errorf("%s: %v, want advice to write %s", path, err, advice)
		}
	}
	if names := namesIn(t, dir); len(names) > 0 {
		t.Errorf("there are %q", names)
	}
}
