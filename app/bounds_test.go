package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// TestBounds: what a bound leaves out is never called clean, and nothing that counts is left out behind what does not.
func TestBounds(t *testing.T) {
	together(t, map[string]func(*testing.T){
		"Decoys":      testDecoysHideNoKey,
		"Places":      testManyPlacesOfOneKey,
		"Flood":       testMoreKeysThanARecordTakes,
		"OverALimit":  testOverALimit,
		"Gap":         testGap,
		"GapIsRead":   testGapIsRead,
		"Backfill":    testBackfillWithManyPlaces,
		"AllowedPath": testDecoysWhereAPathIsAllowed,
		"LargeObject": testKeyInALargeObject,
	})
}

// flood is n lines of different test keys.
func flood(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(env(detecttest.Key(int64(1_000_000+i), detect.Test)))
	}
	return b.String()
}

// decoys are n lines of one test key, each allowed.
func decoys(key string, n int) string {
	return strings.Repeat("CLERK_SECRET_KEY="+key+" # rekey:allow\n", n)
}

// zstdBomb is a file of a few KB out of which so many bytes come, with a window of 128 MiB: blocks of one byte that is repeated.
func zstdBomb(size int) string {
	const most = 128 << 10
	frame := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, (27 - 10) << 3}
	for ; size > 0; size -= most {
		n := min(size, most)
		header := n<<3 | 1<<1
		if n == size {
			header |= 1 // the last
		}
		frame = append(frame, byte(header), byte(header>>8), byte(header>>16), 0)
	}
	return string(frame)
}

// zstdOf compresses, with as wide a window as there is.
func zstdOf(t testing.TB, text []byte) string {
	t.Helper()
	w, err := zstd.NewWriter(nil, zstd.WithWindowSize(128<<20))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return string(w.EncodeAll(text, nil))
}

// unread returns what the ledger knows of refs that could not be judged, and the recorded tip of main.
func (w *world) unread() (refs []ledger.Unread, tip string) {
	w.t.Helper()
	w.view(func(ctx context.Context, tx *ledger.Tx) (err error) {
		if refs, err = tx.Unread(ctx, w.shop.ID()); err != nil {
			return err
		}
		tips, err := tx.Tips(ctx, w.shop.ID(), 100)
		for _, t := range tips {
			if t.Ref == "refs/heads/main" {
				tip = t.SHA
			}
		}
		return err
	})
	return refs, tip
}

func testDecoysHideNoKey(t *testing.T) {
	for i, n := range []int{2000, 100_001} {
		w := newShop(t)
		decoy, _ := w.secret(int64(700+2*i), detect.Test)
		live, _ := w.secret(int64(701+2*i), detect.Live)
		sha := w.pushed(map[string]string{"a/decoys.env": decoys(decoy, n), "config/prod.env": env(live)})
		w.settle()
		w.conclusion(sha, "failure")
		run := w.shop.CheckRuns(sha)[0]
		// Some thousands of the decoy's places were not looked at, and a comment need not allow them all.
		holds(t, "the check", run.Title+run.Summary, "production secret key leaked; not everything was checked", "config/prod.env", "a/decoys.env")
		if n := len(run.Annotations); n > budget.ScanPlaces+1 {
			t.Errorf("%d annotations", n)
		}
		w.filed(1)
		main := func(u ledger.Unread) bool { return u.Ref == "refs/heads/main" && u.SHA == sha }
		if refs, tip := w.unread(); tip == sha || !slices.ContainsFunc(refs, main) {
			t.Errorf("the tip is %q, unread %+v", tip, refs)
		}
	}
}

// testManyPlacesOfOneKey: however many there are, each is a place of a key that fails the check: nothing is left to judge.
func testManyPlacesOfOneKey(t *testing.T) {
	w := newShop(t)
	live, _ := w.secret(705, detect.Live)
	sha := w.pushed(map[string]string{"a.env": strings.Repeat(env(live), 2000)})
	w.settle()
	w.conclusion(sha, "failure")
	run := w.shop.CheckRuns(sha)[0]
	holds(t, "the check", run.Title+run.Summary, "1 Clerk production secret key leaked", "more places")
	if strings.Contains(run.Title, "more than") {
		t.Errorf("the title is %s", run.Title)
	}
	if n := len(run.Annotations); n > budget.ScanPlaces {
		t.Errorf("%d annotations", n)
	}
	if refs, tip := w.unread(); tip != sha || len(refs) != 0 {
		t.Errorf("the tip is %q, unread %+v", tip, refs)
	}
}

// testMoreKeysThanARecordTakes: the production key is recorded, the rest fails the check, and each push reads on.
func testMoreKeysThanARecordTakes(t *testing.T) {
	w := newShop(t)
	before := w.policy("issues: {off: true}")
	live, _ := w.secret(710, detect.Live)
	// Not at head, or two thousand lines would be marked.
	sha := w.commit(w.shop, githubtest.Change{Files: map[string]string{"a/flood.env": flood(budget.ScanSightings + 100)}})
	sha = w.commit(w.shop, githubtest.Change{Parents: []string{sha}, Remove: []string{"a/flood.env"}, Files: map[string]string{"z/prod.env": env(live)}})
	w.push(w.shop, "refs/heads/main", sha)
	w.settle()
	run := w.shop.CheckRuns(sha)[0]
	w.conclusion(sha, "failure")
	holds(t, "the check", run.Title+run.Summary, "for production", "not everything was checked", "101 more credentials, 0 of them for production")
	w.logged(slog.LevelWarn, "repository", "acme/shop", "ref", "refs/heads/main", "head", sha, "left", "")
	refs, tip := w.unread()
	if tip != before || len(refs) != 1 || refs[0].SHA != sha || refs[0].Attempts != 1 {
		t.Fatalf("the tip is %q, unread %+v", tip, refs)
	}
	// The next push brings what was left, though it adds nothing itself.
	next := w.pushed(map[string]string{"README.md": "# Shop\n\nMore.\n"})
	w.settle()
	w.conclusion(next, "failure")
	w.view(func(ctx context.Context, tx *ledger.Tx) error {
		known, err := tx.Fingerprints(ctx, w.shop.ID())
		if len(known) != budget.ScanSightings+101 {
			t.Errorf("%d credentials are recorded after two pushes", len(known))
		}
		return err
	})
}

// testOverALimit: an archive that unpacks to too much fails each check that brings it, three times; then it is kept in mind.
func testOverALimit(t *testing.T) {
	w := newShop(t)
	first := w.pushed(map[string]string{"README.md": "# Shop\n"})
	w.settle()
	bomb := w.pushed(map[string]string{"data/bomb.zst": zstdBomb(20 << 20)})
	w.settle()
	w.conclusion(bomb, "failure")
	run := w.shop.CheckRuns(bomb)[0]
	holds(t, "the check", run.Title+run.Summary, "Not everything was checked", "data/bomb.zst", "over the limit", "unread: neutral")
	if _, tip := w.unread(); tip != first {
		t.Errorf("the tip is %q", tip)
	}
	err := w.server.Store().Update(w.ctx, func(ctx context.Context, tx *ledger.Tx) error {
		return tx.Enqueue(ctx, job.Sweep{Repository: w.shop.ID()}, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.settle()
	if refs, _ := w.unread(); len(refs) != 1 || refs[0].Attempts != 1 {
		t.Errorf("a sweep a moment later read it again: %+v", refs)
	}
	sha := w.policy("unread: neutral")
	w.conclusion(sha, "neutral")
	sha = w.pushed(map[string]string{"README.md": "# Shop\n\nMore.\n"})
	w.settle()
	w.conclusion(sha, "neutral")
	if refs, tip := w.unread(); tip != sha || len(refs) != 0 {
		t.Errorf("after three attempts the tip is %q, unread %+v", tip, refs)
	}
}

// testGap: what three readings could not judge is named by each later check of the branch, until somebody had it read and
// nothing was left, or a maintainer accepted it.
func testGap(t *testing.T) {
	w := newShop(t)
	w.shop.SetRole(w.sam, "write")
	first := w.pushed(map[string]string{"README.md": "# Shop\n"})
	w.settle()
	w.pushed(map[string]string{"data/bomb.zst": zstdBomb(20 << 20)})
	w.settle()
	var last string
	for i := range budget.UnreadAttempts - 1 {
		last = w.pushed(map[string]string{"README.md": fmt.Sprintf("# Shop\n\n%d.\n", i)})
		w.settle()
		w.conclusion(last, "failure")
	}
	if refs, tip := w.unread(); tip != last || len(refs) != 0 {
		t.Fatalf("after three attempts the tip is %q, unread %+v", tip, refs)
	}
	want := []string{first[:7], last[:7], "data/bomb.zst", "over the limit", "Accept unread"}
	sha := w.pushed(map[string]string{"README.md": "# Shop\n\nMore.\n"})
	w.settle()
	w.conclusion(sha, "neutral")
	run := w.shop.CheckRuns(sha)[0]
	holds(t, "the check", run.Title+run.Summary, want...)
	holds(t, "its title", run.Title, "Commits "+first[:7]+".."+last[:7]+" were not read: data/bomb.zst")
	if labels := buttons(run); !slices.Equal(labels, []string{"rescan", "accept-unread"}) {
		t.Errorf("the buttons are %v", labels)
	}
	// Reading it again leaves the same, on the newest check and on that of an earlier attempt.
	w.took(w.shop.PressButton(w.ctx, run.ID, "rescan", w.sam))
	w.took(w.shop.PressButton(w.ctx, w.shop.CheckRuns(last)[0].ID, "rescan", w.sam))
	w.settle()
	w.conclusion(sha, "neutral")
	w.conclusion(last, "failure")
	holds(t, "the check", w.shop.CheckRuns(sha)[0].Summary, want...)
	// Another branch has no part in it; who may only write does not end it.
	other := w.commit(w.shop, githubtest.Change{Parents: []string{first}, Files: map[string]string{"a.txt": "a\n"}})
	w.push(w.shop, "refs/heads/other", other)
	w.took(w.shop.PressButton(w.ctx, run.ID, "accept-unread", w.sam))
	w.settle()
	w.conclusion(other, "success")
	w.conclusion(sha, "neutral")
	w.took(w.shop.PressButton(w.ctx, run.ID, "accept-unread", w.ada))
	w.settle()
	w.conclusion(sha, "success")
	w.conclusion(last, "success")
	holds(t, "the check of the last attempt", w.shop.CheckRuns(last)[0].Summary, "accepted by `ada`", "data/bomb.zst")
	sha = w.pushed(map[string]string{"README.md": "# Shop\n\nStill more.\n"})
	w.settle()
	w.conclusion(sha, "success")
}

// testGapIsRead: a gap that can be read after all is read by "Check again", and what it hid is found.
func testGapIsRead(t *testing.T) {
	w := newShop(t)
	first := w.pushed(map[string]string{"README.md": "# Shop\n"})
	w.settle()
	live, _ := w.secret(724, detect.Live)
	leak := w.commit(w.shop, githubtest.Change{Files: map[string]string{"prod.env": env(live)}})
	last := w.commit(w.shop, githubtest.Change{Parents: []string{leak}, Remove: []string{"prod.env"}})
	err := w.server.Store().Update(w.ctx, func(ctx context.Context, tx *ledger.Tx) error {
		return errors.Join(tx.RecordGap(ctx, w.shop.ID(), "refs/heads/main", first, last, []string{"prod.env: over the limit"}),
			tx.SetTip(ctx, w.shop.ID(), "refs/heads/main", last, time.Time{}))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.shop.SetRef("refs/heads/main", last); err != nil {
		t.Fatal(err)
	}
	sha := w.pushed(map[string]string{"README.md": "# Shop\n\nMore.\n"})
	w.settle()
	w.conclusion(sha, "neutral")
	w.filed(0)
	w.took(w.shop.PressButton(w.ctx, w.shop.CheckRuns(sha)[0].ID, "rescan", w.ada))
	w.settle()
	w.conclusion(sha, "failure")
	w.filed(1)
	if strings.Contains(w.shop.CheckRuns(sha)[0].Summary, "Not everything on this branch was read") {
		t.Error("the check still names what was read since")
	}
	next := w.pushed(map[string]string{"README.md": "# Shop\n\nStill more.\n"})
	w.settle()
	w.conclusion(next, "success")
}

// testBackfillWithManyPlaces: thousands of old places of one key are no reason to lose the newest keys.
func testBackfillWithManyPlaces(t *testing.T) {
	w := newShop(t)
	w.settle()
	w.github.SetWebhookURL("") // or it would be looked at while it is empty
	r, err := w.github.CreateRepository(w.shop.Owner(), "old", githubtest.RepositoryOptions{Private: true})
	if err != nil {
		t.Fatal(err)
	}
	old, _ := w.secret(720, detect.Test)
	fresh, _ := w.secret(721, detect.Live)
	files := map[string]string{}
	for i := range budget.ScanSightings + 100 {
		files[fmt.Sprintf("old/%04d.env", i)] = fmt.Sprintf("N=%d\n", i) + env(old)
	}
	sha := w.commit(r, githubtest.Change{Files: files})
	sha = w.commit(r, githubtest.Change{Parents: []string{sha}, Files: map[string]string{"prod.env": env(fresh)}})
	if err := r.SetRef("refs/heads/main", sha); err != nil {
		t.Fatal(err)
	}
	noted, _ := w.secret(722, detect.Live)
	notes := w.commit(r, githubtest.Change{Parents: []string{}, Files: map[string]string{sha: "deployed with " + env(noted)}})
	if err := r.SetRef("refs/notes/commits", notes); err != nil {
		t.Fatal(err)
	}
	w.github.SetWebhookURL(w.url("/webhook"))
	w.app.Add(w.ctx, w.ada, r)
	w.eventually("the backfill", func() bool { return w.historyRead(r) })
	w.view(func(ctx context.Context, tx *ledger.Tx) error {
		known, err := tx.Fingerprints(ctx, r.ID())
		if len(known) != 3 {
			t.Errorf("%d credentials are recorded", len(known))
		}
		return err
	})
}

// historyRead reports whether a repository's history has been read.
func (w *world) historyRead(r *githubtest.Repository) (looked bool) {
	w.view(func(ctx context.Context, tx *ledger.Tx) error {
		known, err := tx.Repository(ctx, r.ID())
		looked = !known.Backfilled.IsZero()
		if errors.Is(err, ledger.ErrNotFound) {
			err = nil
		}
		return err
	})
	return looked
}

// testDecoysWhereAPathIsAllowed: a path allows a test key only where all of its paths are known.
func testDecoysWhereAPathIsAllowed(t *testing.T) {
	w := newShop(t)
	w.policy("allow:", "  paths:", "    - {path: 'test/**', reason: fixtures}")
	few, _ := w.secret(730, detect.Test)
	sha := w.pushed(map[string]string{"test/a.env": env(few), "test/b.env": "# b\n" + env(few)})
	w.settle()
	w.conclusion(sha, "success")
	many, _ := w.secret(731, detect.Test)
	files := map[string]string{"z/prod.env": env(many)}
	for i := range budget.ScanPlaces + 10 {
		files[fmt.Sprintf("test/%03d.env", i)] = fmt.Sprintf("N=%d\n", i) + env(many)
	}
	sha = w.pushed(files)
	w.settle()
	w.conclusion(sha, "failure")
}

// testKeyInALargeObject: a key in a file of more than 64 MiB is read again when Clerk is to be asked.
func testKeyInALargeObject(t *testing.T) {
	if testing.Short() {
		t.Skip("it makes a file of 65 MiB")
	}
	w := newShop(t)
	text, key := w.secret(740, detect.Live)
	sha := w.pushed(map[string]string{"dump.sql": strings.Repeat(strings.Repeat("x", 1023)+"\n", 65<<10) + env(text)})
	w.settle()
	w.conclusion(sha, "failure")
	issue := w.filed(1)[0]
	w.clerk.Delete(key)
	w.say(issue.Number, "/rekey rotated", w.ada)
	w.state(issue.Number, "closed", respond.Revoked)
	w.conclusion(sha, "success")
}
