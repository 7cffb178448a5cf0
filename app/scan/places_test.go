package scan

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/detect/pack"
)

// TestAFileOfAHistoryIsOnePlace, however often its lines moved: what is still there comes first, with the commit that
// brought it.
func TestAFileOfAHistoryIsOnePlace(t *testing.T) {
	t.Parallel()
	secret := detect.NewSecret(detecttest.Key(1, detect.Test))
	hit := func(file string, line int, commit string, day int, refs ...string) Hit {
		return Hit{
			Finding: detect.Finding{Kind: detect.SecretKey, Secret: secret, Encoding: "plain", Place: detect.Place{Line: line, Column: 1}},
			File:    file, Commit: commit, Refs: refs,
			Author: pack.Person{Name: "Ann", When: time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC)},
		}
	}
	r := Result{History: true, Commits: 9, Files: 8, Hits: []Hit{
		hit("gone", 1, "aaaa", 1),
		hit("kept", 1, "bbbb", 5, "refs/heads/main", "refs/tags/v1"),
		hit("kept", 1, "cccc", 4),
		hit("kept", 2, "dddd", 3, "refs/tags/v0"),
		hit("kept", 9, "dddd", 3, "refs/tags/v0"),
	}, Problems: []Problem{{Path: "0123", Reason: "damaged", Part: true}}}
	var b strings.Builder
	if err := WriteText(&b, r, Style{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"  kept:2:1\n    dddd by Ann on 3 Jan 2026 and 2 other commits, still in main and 2 other refs\n" +
			"  gone:1:1\n    aaaa by Ann on 1 Jan 2026, deleted since\n",
		"1 Clerk credential in 2 places; read 8 blobs of 9 commits",
		"1 object not read, or only in part",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	// Two lines of a file that is no history are two places.
	for i := range r.Hits {
		r.Hits[i].Commit = ""
	}
	if n := len(placesOf(r.Hits)); n != 4 {
		t.Errorf("%d places, want 4", n)
	}
}

// TestAnyPlaceMayShipToBrowsers, not only the one that says most; columns are those of editors.
func TestAnyPlaceMayShipToBrowsers(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	key := detecttest.Key(1, detect.Live)
	write(t, filepath.Join(root, "a"), "NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY="+detecttest.PublishableKey(detect.Live, "clerk.shop1.example")+"\nCLERK_SECRET_KEY="+key+"\n")
	write(t, filepath.Join(root, "b"), "/* größer */ VITE_CLERK_SECRET_KEY="+key+"\n")
	var b strings.Builder
	if err := WriteText(&b, runIn(t, Options{Paths: []string{root}}), Style{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"VITE_CLERK_SECRET_KEY is shipped to browsers", "/b:1:36\n", "probably clerk.shop1.example"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}
