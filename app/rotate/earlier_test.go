package rotate

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/detect/pack/gittest"
	"github.com/rekey-app/rekey/respond/clerk/clerktest"
)

// half stops a rotation after the first new key was written to one host.
func (w *world) half(first detect.Secret) {
	w.t.Helper()
	w.person.pastes = []detect.Secret{first}
	w.hosts[1].refuses = errors.New("vercel is down")
	if _, err := w.run(w.t.Context(), nil); err == nil {
		w.t.Fatal("nothing was refused")
	}
	w.hosts[1].refuses = nil
}

// TestRestart: what the first run made is in some places, and works. The second run replaces it there, and has it deleted.
func TestRestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := w.newKey(2), w.newKey(3)
	w.half(first)
	w.person.pastes = []detect.Secret{second}
	w.hosts[0].hidden = false // what the first run wrote is recognised
	out, err := w.run(t.Context(), func(o *Options) { o.Restart = true })
	if err != nil || !out.Report.Finished {
		t.Fatalf("%v, %+v", err, out.Report.Left)
	}
	w.all(second)
	if said := w.person.said.String(); !strings.Contains(said, "Delete the key "+first.Redacted()+" too, on https://") {
		t.Errorf("nobody is told to delete the first new key:\n%s", said)
	}
	deleted, old := strings.Index(w.person.said.String(), "Delete the key "+first.Redacted()), strings.LastIndex(w.person.said.String(), "You delete the old key")
	if deleted > old {
		t.Error("the first new key is deleted last")
	}
}

// TestAnotherKeyIsPasted: a run that has lost the new key gets another one, and has the first one deleted.
func TestAnotherKeyIsPasted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := w.newKey(2), w.newKey(3)
	w.half(first)
	w.person.pastes = []detect.Secret{second}
	out, err := w.run(t.Context(), nil)
	if err != nil || !out.Report.Finished {
		t.Fatalf("%v, %+v", err, out.Report.Left)
	}
	w.all(second)
	if said := w.person.said.String(); !strings.Contains(said, "→ Delete the key "+first.Redacted()+" too") {
		t.Errorf("nobody is told to delete the first new key:\n%s", said)
	}
}

// TestFinishedIsFinished: the same command again rotates nothing, whatever says yes.
func TestFinishedIsFinished(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person.pastes = []detect.Secret{w.newKey(2)}
	if out, err := w.run(t.Context(), nil); err != nil || !out.Report.Finished {
		t.Fatalf("%v", err)
	}
	w.person.said.Reset()
	pasted := len(w.person.pasted)
	for _, yes := range []bool{false, true} {
		out, err := w.run(t.Context(), func(o *Options) { o.Yes = yes })
		if err != nil || !out.Report.Finished || out.Shown || len(w.person.pasted) != pasted {
			t.Errorf("%v, %+v", err, out)
		}
	}
	if said := w.person.said.String(); !strings.Contains(said, "was rotated on 29 Nov 2026, 10:00 UTC; the new one is sk_live_…") || !strings.Contains(said, "--restart") {
		t.Errorf("%s", said)
	}
}

// TestNewKeyIsNotRotated: once a file of the clone holds the new key alone, the same command goes on with the old one, and after the end finds nothing.
func TestNewKeyIsNotRotated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.newKey(2)
	w.half(key)
	w.write("config.js", "export const key = '"+key.Reveal()+"' // CLERK_SECRET_KEY\n") // as the file driver does, before anything else
	w.person.pastes = nil
	if out, err := w.run(t.Context(), func(o *Options) { o.Subject = w.old.Fingerprint()[:12]; o.DryRun = true }); err != nil || !strings.Contains(w.person.said.String(), "Here is where it goes on") {
		t.Errorf("by its fingerprint: %v, %+v", err, out)
	}
	out, err := w.run(t.Context(), nil)
	if err != nil || !out.Report.Finished || out.Report.Fingerprint != w.old.Fingerprint() {
		t.Fatalf("%v, %+v", err, out.Report)
	}
	w.all(key)
	_, err = w.run(t.Context(), nil)
	if err == nil || !strings.Contains(err.Error(), "all that this clone holds is new: production secret key "+key.Redacted()) {
		t.Errorf("afterwards: %v", err)
	}
}

// TestTwoClones: one key in two repositories gets one new key. A second rotation by Clerk's API would end the first new key.
func TestTwoClones(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := detect.NewSecret(detecttest.PlatformAPIKey(3))
	w.clerk.AddLogin(token, clerktest.Login{})
	w.login = token.Reveal()
	if _, err := w.run(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	fresh := w.hosts[1].places["prod"]
	state := filepath.Join(w.dir, ".git", "state")
	other := gittest.New(t)
	config, err := os.ReadFile(filepath.Join(w.dir, "config.js"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(other.Dir, "config.js"), config, 0o600); err != nil {
		t.Fatal(err)
	}
	w.hosts[1].places["prod"], w.hosts[0].places["production"], w.hosts[0].places["actions"] = w.old.Reveal(), w.old.Reveal(), w.old.Reveal()
	there := func(o *Options) { o.Dir, o.StateDir = other.Dir, state }
	if _, err := w.run(t.Context(), there); err != nil || w.rotations() != 1 {
		t.Fatalf("%v, %d rotations", err, w.rotations())
	}
	w.all(detect.NewSecret(fresh))
	if said := w.person.said.String(); !strings.Contains(said, "the rotation in "+w.dir+" made it") || strings.Count(said, "ENDS ALL SECRET KEYS") != 1 {
		t.Errorf("%s", said)
	}
	w.now = w.now.Add(25 * time.Hour)
	if out, err := w.run(t.Context(), there); err != nil || !out.Report.Finished || w.rotations() != 1 {
		t.Errorf("a day later: %v, %+v", err, out.Report.Left)
	}
}

// TestTwoIssues: a second issue about a key that is rotated already is told, and nothing else is done.
func TestTwoIssues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person.pastes = []detect.Secret{w.newKey(2)}
	if out, err := w.run(t.Context(), func(o *Options) { o.Subject = issueLinked }); err != nil || !out.Report.Finished {
		t.Fatalf("%v", err)
	}
	w.issue.closed = false
	out, err := w.run(t.Context(), func(o *Options) { o.Subject = "https://github.com/acme/shop/issues/13" })
	if err != nil || !out.Report.Finished || len(w.person.pasted) != 1 || len(w.issue.comments) != 2 || !w.issue.closed {
		t.Errorf("%v, %+v, comments %q", err, out.Report, w.issue.comments)
	}
}

// TestNobodyCanComment: an issue that is gone or locked keeps a rotation open only until a person says so.
func TestNobodyCanComment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person.pastes = []detect.Secret{w.newKey(2)}
	w.issue.refuses = errors.New("comment on issue acme/shop#12: GitHub refused it: the issue is locked")
	out, err := w.run(t.Context(), nil)
	if err == nil || !strings.Contains(err.Error(), "telling rekey") || !strings.Contains(w.person.said.String(), "run the same command with --no-comment") || out.Report.Finished {
		t.Errorf("%v\n%s", err, w.person.said.String())
	}
	if out, err = w.run(t.Context(), func(o *Options) { o.NoComment = true }); err != nil || !out.Report.Finished {
		t.Errorf("%v, %+v", err, out.Report.Left)
	}
}

// TestOtherFlags: a run that goes on says that other flags count for nothing, and one that has done nothing takes them.
func TestOtherFlags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person.pastes = []detect.Secret{w.newKey(2)}
	w.hosts[1].refuses = errors.New("down")
	if _, err := w.run(t.Context(), func(o *Options) { o.Only = []string{"vercel"} }); err == nil {
		t.Fatal("no error")
	}
	if _, err := w.run(t.Context(), func(o *Options) { o.Skip, o.Abused = []string{"vercel"}, true }); err == nil || !strings.Contains(w.person.said.String(), "⚠ It goes on as it was planned with --only vercel. For another plan, use --restart.") {
		t.Errorf("%v\n%s", err, w.person.said.String())
	}
}

// TestIncludeOfNothing: a place that isn't there is not left out without a word.
func TestIncludeOfNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.run(t.Context(), func(o *Options) { o.Include = []string{"github:actoins"} }); err == nil || !strings.Contains(err.Error(), "--include github:actoins") {
		t.Errorf("%v", err)
	}
}

// TestIncludedAfterTheEnd: where the old key ends first, a place that a person adds is written after that too.
func TestIncludedAfterTheEnd(t *testing.T) {
	t.Parallel()
	place := destination.Place{Driver: "github", ID: "a", Title: "a", Holding: destination.Unreadable}
	p := MakePlan(Facts{Subject: Subject{Kind: detect.SecretKey, Environment: detect.Live}, Way: Guided, Abused: true, Surveys: []Survey{{Driver: "github", Survey: destination.Survey{Places: []destination.Place{place}}}}})
	p.include(place)
	var order []Action
	for _, s := range p.Steps {
		order = append(order, s.Do)
	}
	if len(order) != 4 || order[2] != End || order[3] != Write {
		t.Errorf("%v", order)
	}
}

// TestDriversLookAtOnce: all of them read the clone's files.
func TestDriversLookAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, err := openClone(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for _, name := range append(c.List(), "missing") {
				c.Read(name)
			}
		})
	}
	all.Wait()
}

// TestRestartWithTheSameKey: what the first run made is pasted once more, and must not be deleted.
func TestRestartWithTheSameKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.newKey(2)
	w.half(key)
	w.person.said.Reset()
	out, err := w.run(t.Context(), func(o *Options) { o.Restart = true })
	if err != nil || !out.Report.Finished {
		t.Fatalf("%v, %+v", err, out.Report.Left)
	}
	w.all(key)
	if strings.Contains(w.person.said.String(), "→ Delete the key "+key.Redacted()) {
		t.Errorf("a person is told to delete the new key:\n%s", w.person.said.String())
	}
}
