package rotate

import (
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// of makes the world's leak one of another kind, which all places of production hold.
func (w *world) of(old detect.Secret, kind detect.Kind, variable string) {
	w.t.Helper()
	for _, h := range w.hosts {
		for id, value := range h.places {
			if value == w.old.Reveal() {
				h.places[id] = old.Reveal()
				h.scopes = map[string]destination.Scope{}
			}
		}
	}
	w.old = old
	w.write("config.js", "")
	w.write(".env.local", variable+"="+old.Reveal()+"\n# "+string(kind)+" of Clerk: CLERK_SECRET_KEY\n")
}

// TestKinds: what no API rotates is led through the dashboard, what is made here needs no dashboard, and what Clerk can't be asked about is written
// without its word.
func TestKinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind     detect.Kind
		variable string
		old, new string
		said     string
	}{
		{detect.WebhookSecret, "CLERK_WEBHOOK_SIGNING_SECRET", detecttest.WebhookSecret(1), detecttest.WebhookSecret(2), "second endpoint"},
		{detect.MachineSecretKey, "CLERK_MACHINE_SECRET_KEY", detecttest.MachineSecretKey(1), detecttest.MachineSecretKey(2), "grace period"},
		{detect.OAuthClientSecret, "CLERK_OAUTH_CLIENT_SECRET", detecttest.OAuthClientSecret(1), detecttest.OAuthClientSecret(2), "THE OLD SECRET STOPS WORKING"},
		{detect.PlatformAPIKey, "CLERK_PLATFORM_API_KEY", detecttest.PlatformAPIKey(1), detecttest.PlatformAPIKey(2), "ALL applications"},
		{detect.EncryptionKey, "CLERK_ENCRYPTION_KEY", detecttest.EncryptionKey(1), "", "32 random bytes"},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.of(detect.NewSecret(c.old), c.kind, c.variable)
			w.person.pastes = []detect.Secret{detect.NewSecret(c.old), detect.NewSecret(c.new)}
			out, err := w.run(t.Context(), func(o *Options) { o.Kind, o.NoComment = c.kind, true })
			if err != nil || !out.Report.Finished {
				t.Fatalf("%v, %+v\n%s", err, out.Report.Left, w.person.said.String())
			}
			got := w.hosts[1].places["prod"]
			if c.new != "" && got != c.new || got == c.old || len(got) < 20 || w.hosts[0].places["production"] != got {
				t.Error("the places do not have the new one")
			}
			if said := w.person.said.String(); !strings.Contains(said, c.said) {
				t.Errorf("%q is not said:\n%s", c.said, said)
			}
			if requests := w.clerk.Requests(); c.kind == detect.EncryptionKey && len(requests) > 0 {
				t.Errorf("Clerk has no part in this: %q", requests)
			}
			w.noKeyIn("the state", w.files(), detect.NewSecret(got))
			w.noKeyIn("what was said", w.person.said.String(), detect.NewSecret(got))
		})
	}
}

// backendWorld has a leaked credential of a machine or an OAuth application, and the instance's secret key in the environment.
func backendWorld(t *testing.T, kind detect.Kind, old, variable string) (*world, func(*Options)) {
	t.Helper()
	w := newWorld(t)
	instance := detect.NewSecret(detecttest.Key(8, detect.Live))
	w.clerk.Add(instance, instanceID, detect.Live)
	w.of(detect.NewSecret(old), kind, variable)
	w.clerk.AddMachine(instanceID, "mch_other", "billing", detect.NewSecret(detecttest.MachineSecretKey(5)))
	if kind == detect.MachineSecretKey {
		w.clerk.AddMachine(instanceID, "mch_this", "worker", w.old)
	} else {
		w.clerk.AddOAuthApplication(instanceID, "oa_1", "Partners", "client1", w.old)
	}
	return w, func(o *Options) {
		o.Kind, o.NoComment, o.Way = kind, true, ByAPI
		o.Environ = append(o.Environ, "CLERK_SECRET_KEY="+instance.Reveal())
	}
}

// TestMachineByAPI: the machine is found by its key, and the old one has eight hours at most.
func TestMachineByAPI(t *testing.T) {
	t.Parallel()
	for _, lost := range []bool{false, true} {
		w, with := backendWorld(t, detect.MachineSecretKey, detecttest.MachineSecretKey(1), "CLERK_MACHINE_SECRET_KEY")
		if lost {
			w.clerk.LoseAnswers(1)
		}
		out, err := w.run(t.Context(), with)
		if err != nil || len(out.Report.Left) != 1 {
			t.Fatalf("lost %t: %v, %+v\n%s", lost, err, out.Report.Left, w.person.said.String())
		}
		got := detect.NewSecret(w.hosts[1].places["prod"])
		if !w.clerk.Works(got) || !w.clerk.Works(w.old) || got.Reveal() == w.old.Reveal() {
			t.Errorf("lost %t: the new one works: %t, the old one: %t", lost, w.clerk.Works(got), w.clerk.Works(w.old))
		}
		w.now = w.now.Add(9 * time.Hour)
		if out, err = w.run(t.Context(), with); err != nil || !out.Report.Finished || w.clerk.Works(w.old) {
			t.Errorf("lost %t: after nine hours: %v, %+v", lost, err, out.Report.Left)
		}
	}
}

// TestOAuthByAPI: a lost answer can't be read back, so that only a person may ask once more.
func TestOAuthByAPI(t *testing.T) {
	t.Parallel()
	for _, again := range []bool{false, true} {
		w, with := backendWorld(t, detect.OAuthClientSecret, detecttest.OAuthClientSecret(1), "CLERK_OAUTH_CLIENT_SECRET")
		w.clerk.LoseAnswers(1)
		w.person.answers = map[string]bool{"Rotate once more?": again}
		out, err := w.run(t.Context(), with)
		posts := 0
		for _, r := range w.clerk.Requests() {
			if strings.HasPrefix(r, "POST ") {
				posts++
			}
		}
		if again && (err != nil || !out.Report.Finished || posts != 2 || !w.clerk.Works(detect.NewSecret(w.hosts[1].places["prod"]))) {
			t.Errorf("with a yes: %v, %d requests, %+v", err, posts, out.Report.Left)
		}
		if !again && (err == nil || posts != 1) {
			t.Errorf("with a no: %v, %d requests", err, posts)
		}
	}
}
