package rotate

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/respond/clerk/clerktest"
)

// all answers whether every place of production has the value, and no other place was touched.
func (w *world) all(value detect.Secret) {
	w.t.Helper()
	for _, h := range w.hosts {
		for id, got := range h.places {
			want := value.Reveal()
			switch id {
			case "preview":
				want = detecttest.Key(9, detect.Test)
			case "other":
				want = "something"
			}
			if got != want {
				w.t.Errorf("%s %s does not hold what it should", h.name, id)
			}
		}
	}
}

func TestGuided(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.newKey(2)
	w.person.pastes = []detect.Secret{
		detect.NewSecret(""), w.old, detect.NewSecret(detecttest.Key(5, detect.Test)), // none of them can be it
		detect.NewSecret(detecttest.Key(6, detect.Live)), // Clerk doesn't know it
		key,
	}
	out, err := w.run(t.Context(), func(o *Options) { o.Subject = issueLinked })
	if err != nil || !out.Report.Finished {
		t.Fatalf("%v\n%s\n%+v", err, w.person.said.String(), out)
	}
	w.all(key)
	if w.hosts[1].live != key.Reveal() || w.hosts[1].asked != 1 {
		t.Errorf("%d deployments", w.hosts[1].asked)
	}
	if w.clerk.Works(w.old) || !w.clerk.Works(key) || !w.issue.closed || !slices.Equal(w.issue.comments, []string{"/rekey rotated"}) {
		t.Errorf("closed %t, comments %q", w.issue.closed, w.issue.comments)
	}
	text, err := out.Report.JSON()
	if err != nil {
		t.Fatal(err)
	}
	for where, said := range map[string]string{"state": w.files(), "screen": w.person.said.String(), "report": string(text) + out.Report.Markdown()} {
		w.noKeyIn(where, said, key)
	}
	t.Log(w.person.said.String() + out.Report.Summary() + "\n" + out.Report.Markdown())
}

func TestByAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := detect.NewSecret(detecttest.PlatformAPIKey(3))
	w.clerk.AddLogin(token, clerktest.Login{})
	w.login = token.Reveal()
	out, err := w.run(t.Context(), func(o *Options) { o.Subject = issueLinked })
	if err != nil || out.Report.Finished {
		t.Fatalf("%v\n%s", err, w.person.said.String())
	}
	if n := w.rotations(); n != 1 {
		t.Errorf("%d rotations", n)
	}
	if !w.clerk.Works(w.old) || len(w.issue.comments) > 0 {
		t.Errorf("the old key has a day left; comments %q", w.issue.comments)
	}
	if said := w.person.said.String(); !strings.Contains(said, "ENDS ALL SECRET KEYS OF THIS INSTANCE, 24 HOURS LATER") {
		t.Errorf("no warning:\n%s", said)
	}
	w.now = w.now.Add(25 * time.Hour)
	out, err = w.run(t.Context(), func(o *Options) { o.Subject = issueLinked })
	if err != nil || !out.Report.Finished || !w.issue.closed {
		t.Fatalf("a day later: %v, %+v\n%s", err, out.Report.Left, w.person.said.String())
	}
	if n := w.rotations(); n != 1 {
		t.Errorf("%d rotations", n)
	}
}

// rotations are the requests that made a new key.
func (w *world) rotations() int {
	n := 0
	for _, r := range w.clerk.Requests() {
		if strings.HasPrefix(r, "POST ") && strings.HasSuffix(r, "rotate_secret_keys") {
			n++
		}
	}
	return n
}

// TestLostAnswer: the rotation is done, and nobody says so. It is not asked for again.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	for _, lose := range []string{"lost", "cut", "hidden"} {
		t.Run(lose, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			token := detect.NewSecret(detecttest.PlatformAPIKey(3))
			w.clerk.AddLogin(token, clerktest.Login{})
			w.login = token.Reveal()
			switch lose {
			case "cut":
				w.clerk.CutAnswers(1)
			case "hidden":
				w.clerk.HideKeys()
				fallthrough
			default:
				w.clerk.LoseAnswers(1)
			}
			out, err := w.run(t.Context(), nil)
			if n := w.rotations(); n != 1 {
				t.Errorf("%d rotations", n)
			}
			if lose == "hidden" {
				if err == nil || !strings.Contains(err.Error(), "Don't rotate again") {
					t.Errorf("%v", err)
				}
				if _, err = w.run(t.Context(), nil); err == nil || w.rotations() != 1 {
					t.Errorf("again: %v, %d rotations", err, w.rotations())
				}
				return
			}
			if err != nil || len(out.Report.Left) != 2 { // the old key's end, and the issue
				t.Fatalf("%v, %+v\n%s", err, out.Report.Left, w.person.said.String())
			}
			if w.hosts[1].places["prod"] == w.old.Reveal() {
				t.Error("the new key is nowhere")
			}
		})
	}
}

// TestRefusedHalfway: one host refuses. The others get the key, the old one is not ended, and the next run does what is left.
func TestRefusedHalfway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.newKey(2)
	w.person.pastes = []detect.Secret{key}
	w.hosts[1].refuses = errors.New("set CLERK_SECRET_KEY on Vercel: the team acme is over its limit; see its billing page")
	out, err := w.run(t.Context(), nil)
	if err == nil || !strings.Contains(err.Error(), "vercel prod") || out.Report.Finished {
		t.Fatalf("%v, %+v", err, out.Report)
	}
	if !w.clerk.Works(w.old) || len(w.issue.comments) > 0 || w.hosts[1].asked > 0 || w.hosts[0].places["actions"] != key.Reveal() {
		t.Error("the others were not written, or the old key was ended all the same")
	}
	w.hosts[1].refuses = nil
	wrote := len(w.hosts[0].writes)
	out, err = w.run(t.Context(), nil)
	if err != nil || !out.Report.Finished || len(w.hosts[0].writes) != wrote {
		t.Errorf("%v, %+v", err, out.Report.Left)
	}
	w.all(key)
}

// TestDeploymentFails: what runs still has the old key, which must not end.
func TestDeploymentFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person.pastes = []detect.Secret{w.newKey(2)}
	w.hosts[1].breaks = true
	_, err := w.run(t.Context(), nil)
	if err == nil || !strings.Contains(err.Error(), "deployment of Vercel project shop") || !w.clerk.Works(w.old) {
		t.Fatalf("%v", err)
	}
	w.hosts[1].breaks = false
	if out, err := w.run(t.Context(), nil); err != nil || !out.Report.Finished || w.hosts[1].asked != 2 {
		t.Errorf("%v, %d deployments", err, w.hosts[1].asked)
	}
}

func TestNothingWithoutAYes(t *testing.T) {
	t.Parallel()
	for name, with := range map[string]func(*world, *Options){
		"No":     func(w *world, _ *Options) { w.person.answers = map[string]bool{"Do this now?": false} },
		"DryRun": func(_ *world, o *Options) { o.DryRun = true },
		"Absent": func(w *world, _ *Options) { w.person.absent = true },
		"AbsentAPI": func(w *world, o *Options) {
			w.person.absent, o.Yes = true, true
			token := detect.NewSecret(detecttest.PlatformAPIKey(3))
			w.clerk.AddLogin(token, clerktest.Login{})
			w.login = token.Reveal()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			key := w.newKey(2)
			w.person.pastes = []detect.Secret{key}
			var o Options
			with(w, &o)
			out, err := w.run(t.Context(), func(to *Options) { to.DryRun, to.Yes = o.DryRun, o.Yes })
			if absent := strings.HasPrefix(name, "Absent"); absent != (err != nil) || !absent && !out.Shown {
				t.Errorf("%v, %+v", err, out)
			}
			w.all(w.old)
			if w.files() != "" || len(w.person.pasted) > 0 || w.rotations() > 0 {
				t.Error("something was done")
			}
		})
	}
}

// TestScript is a run without a person: what only a person can do is left, and said.
func TestScript(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person.absent = true
	key := w.newKey(2)
	out, err := w.run(t.Context(), func(o *Options) { o.Yes, o.New, o.Subject = true, key, issueLinked })
	if err != nil || out.Report.Finished {
		t.Fatalf("%v\n%s", err, w.person.said.String())
	}
	if w.hosts[1].places["prod"] != key.Reveal() || w.hosts[0].places["production"] != key.Reveal() || w.hosts[0].places["actions"] != w.old.Reveal() {
		t.Error("what surely holds the key is written, what is in doubt is not")
	}
	if len(w.issue.comments) > 0 {
		t.Error("it was said that the key is rotated")
	}
}

func TestIncluded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person.absent = true
	key := w.newKey(2)
	if _, err := w.run(t.Context(), func(o *Options) { o.Yes, o.New, o.Include = true, key, []string{"github:actions"} }); err != nil {
		t.Fatal(err)
	}
	w.all(key)
}

// TestWrongInstance: the new key is of another application. Nothing is written.
func TestWrongInstance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := detect.NewSecret(detecttest.Key(4, detect.Live))
	w.clerk.Add(other, "ins_another", detect.Live)
	w.person.absent = true
	_, err := w.run(t.Context(), func(o *Options) { o.Yes, o.New = true, other })
	if err == nil || !strings.Contains(err.Error(), "ins_another") {
		t.Errorf("%v", err)
	}
	w.all(w.old)
}

// TestFenced: Clerk takes the key from other addresses only.
func TestFenced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.newKey(2)
	w.clerk.Fence(key)
	w.person.pastes = []detect.Secret{key}
	w.person.answers = map[string]bool{"Are you sure": false}
	if _, err := w.run(t.Context(), func(o *Options) { o.New = key }); err == nil {
		t.Error("no error")
	}
	w.all(w.old)
	w.person.answers = nil
	if out, err := w.run(t.Context(), func(o *Options) { o.Restart = true }); err != nil || !out.Report.Finished {
		t.Errorf("%v", err)
	}
	w.all(key)
}

// TestAbused: the old key ends before the new one is written.
func TestAbused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.newKey(2)
	w.person.pastes = []detect.Secret{key}
	w.hosts[1].refuses = errors.New("set CLERK_SECRET_KEY on Vercel: it is down; try again later")
	if _, err := w.run(t.Context(), func(o *Options) { o.Abused = true }); err == nil || w.clerk.Works(w.old) {
		t.Errorf("%v; the old key works: %t", err, w.clerk.Works(w.old))
	}
}

// TestAlone: a second run of the same rotation waits for nobody, and does nothing.
func TestAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person.pastes = []detect.Secret{w.newKey(2)}
	w.person.during = func() {
		other := *w.person
		if _, err := w.run(t.Context(), func(o *Options) { o.Person = &other }); err == nil || !strings.Contains(err.Error(), "another rekey rotate") {
			t.Errorf("%v", err)
		}
	}
	if out, err := w.run(t.Context(), nil); err != nil || !out.Report.Finished {
		t.Errorf("%v", err)
	}
}
