package rotate

import (
	"net/http"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/respond/clerk/clerktest"
)

// TestOldKeyIsDead: nobody is asked to delete what is deleted, and the places get the new one all the same.
func TestOldKeyIsDead(t *testing.T) {
	t.Parallel()
	for _, abused := range []bool{false, true} {
		w := newWorld(t)
		key := w.newKey(2)
		w.clerk.Delete(w.old)
		w.issue.closed = !abused
		w.person.pastes = []detect.Secret{key}
		out, err := w.run(t.Context(), func(o *Options) { o.Subject, o.Abused = issueLinked, abused })
		if err != nil || !out.Report.Finished {
			t.Fatalf("%v, %+v", err, out.Report.Left)
		}
		w.all(key)
		if said := w.person.said.String(); !strings.Contains(said, "⚠ The old key no longer works") || strings.Contains(said, "DELETED FIRST") || strings.Contains(said, "You delete the old key") {
			t.Errorf("abused %t:\n%s", abused, said)
		}
	}
}

// TestClerkIsDown: nothing is written before Clerk has answered, and the same command goes on.
func TestClerkIsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.newKey(2)
	w.person.pastes = []detect.Secret{key}
	w.person.during = func() {
		w.clerk.Fail(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	}
	if _, err := w.run(t.Context(), nil); err == nil || !strings.Contains(strings.ToLower(err.Error()), "nothing was written") {
		t.Errorf("%v", err)
	}
	w.all(w.old)
	w.person.during = nil
	w.clerk.Fail(nil)
	if out, err := w.run(t.Context(), nil); err != nil || !out.Report.Finished {
		t.Errorf("%v, %+v", err, out.Report.Left)
	}
	w.all(key)
}

// TestNoToEverything: a person who says no to all but the plan is left with what is to be done, and may go on later.
func TestNoToEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person.pastes = []detect.Secret{w.newKey(2)}
	w.person.answers = map[string]bool{"Do this now?": true, "?": false}
	out, err := w.run(t.Context(), nil)
	if err != nil || out.Report.Finished || len(w.issue.comments) > 0 {
		t.Errorf("%v, comments %q", err, w.issue.comments)
	}
	w.person.answers = nil
	if out, err = w.run(t.Context(), nil); err != nil || !out.Report.Finished || len(w.issue.comments) != 1 {
		t.Errorf("%v, %+v, comments %q", err, out.Report.Left, w.issue.comments)
	}
}

// TestSilentServer: the server is told once, whatever the number of runs that wait for it.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.issue.silent = true
	w.person.pastes = []detect.Secret{w.newKey(2)}
	for range 2 {
		out, err := w.run(t.Context(), nil)
		if err != nil || out.Report.Finished || len(w.issue.comments) != 1 || !strings.Contains(out.Report.Summary(), "has not closed the issue yet") {
			t.Errorf("%v, comments %q\n%s", err, w.issue.comments, out.Report.Summary())
		}
	}
	w.issue.closed = true
	if out, err := w.run(t.Context(), nil); err != nil || !out.Report.Finished {
		t.Errorf("%v, %+v", err, out.Report.Left)
	}
}

// TestTheOldKeyWorksUntilAllIsDone: nobody is told to delete it while a step that a person does is open. The same command asks once that is done.
func TestTheOldKeyWorksUntilAllIsDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person.pastes = []detect.Secret{w.newKey(2)}
	w.person.answers = map[string]bool{"Done?": false}
	out, err := w.run(t.Context(), nil)
	asked := strings.Contains(strings.Join(w.person.asked, "\n"), "Is it deleted?")
	if err != nil || out.Report.Finished || asked || !w.clerk.Works(w.old) || len(w.issue.comments) > 0 {
		t.Errorf("%v, asked to delete: %t, comments %q", err, asked, w.issue.comments)
	}
	if said := out.Report.Summary(); !strings.Contains(said, "Not yet: the old key has to keep working") {
		t.Errorf("%s", said)
	}
	w.person.answers = nil
	if out, err = w.run(t.Context(), nil); err != nil || !out.Report.Finished || w.clerk.Works(w.old) {
		t.Errorf("%v, %+v", err, out.Report.Left)
	}
}

// TestTheOnlyInstance: that a login to Clerk sees one instance alone does not make it the key's. Clerk's API ends no keys of it without a person's word.
func TestTheOnlyInstance(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer, absent bool
		instance       string
		want           Way
	}{
		"Yes":       {answer: true, want: ByAPI},
		"No":        {want: Guided},
		"Nobody":    {absent: true, want: ""},
		"Named":     {absent: true, instance: "production", want: ByAPI},
		"NamedByID": {absent: true, instance: instanceID, want: ByAPI},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.write(".env.production", "")
			token := detect.NewSecret(detecttest.PlatformAPIKey(3))
			w.clerk.AddLogin(token, clerktest.Login{})
			w.login = token.Reveal()
			w.person.pastes = []detect.Secret{w.newKey(2)}
			w.person.absent, w.person.answers = c.absent, map[string]bool{"Is it that one?": c.answer}
			out, err := w.run(t.Context(), func(o *Options) {
				o.Instance = c.instance
				if c.absent {
					o.Way, o.Yes = ByAPI, true
				}
			})
			if (c.want == "") != (err != nil) || out.Report.Way != c.want || (w.rotations() > 0) != (c.want == ByAPI) {
				t.Errorf("%v, way %q, %d rotations", err, out.Report.Way, w.rotations())
			}
		})
	}
}

// FuzzState: a state file may hold anything. It is refused, or shown; nothing panics.
func FuzzState(f *testing.F) {
	f.Add([]byte(`{"version":1,"agreed":true,"done":{"create":{"at":"2026-11-29T10:00:00Z"}},"plan":{"subject":{"kind":"secret_key"},"way":"guided","steps":[{"id":"create","do":"create","text":""},{"id":"x","do":"y"}]}}`))
	f.Add([]byte(`{"version":1,"done":{}}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := parseState("state.json", text)
		if err != nil {
			return
		}
		s.text(s.Started)
		out := (&runner{state: s}).report()
		out.Summary()
		out.Markdown()
		s.Plan.Text()
	})
}

// FuzzTitle: an issue's title is anybody's.
func FuzzTitle(f *testing.F) {
	f.Add("Leaked Clerk production secret key sk_live_…a1b2")
	f.Fuzz(func(t *testing.T, title string) {
		if s, ok := parseTitle(title); ok && (s.Kind == "" || strings.Contains(s.Redacted, " ")) {
			t.Errorf("%q: %+v", title, s)
		}
	})
}
