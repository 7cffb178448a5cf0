package manage_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/respond/clerk/manage"
)

func TestMachines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.backend(t, w.second)
	if list, err := b.Machines(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("none: %v, %v", list, err)
	}
	// More than one page, and one of another instance.
	var want []manage.Machine
	for i := range 205 {
		m := manage.Machine{ID: fmt.Sprintf("mch_%d", i), Name: fmt.Sprint("machine ", i)}
		w.AddMachine(production, m.ID, m.Name, detect.NewSecret(detecttest.MachineSecretKey(int64(i))))
		want = append([]manage.Machine{m}, want...)
	}
	w.AddMachine(developing, "mch_test", "test", detect.NewSecret(detecttest.MachineSecretKey(300)))
	list, err := b.Machines(t.Context())
	if diff := cmp.Diff(want, list); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestMachineRotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	leaked := detect.NewSecret(detecttest.MachineSecretKey(1))
	w.AddMachine(production, "mch_mail", "mail", leaked)
	b := w.backend(t, w.second)
	if got, err := b.MachineSecretKey(t.Context(), "mch_mail"); err != nil || got != leaked {
		t.Errorf("whose the leaked key is: %v, %v", got, err)
	}
	fresh, err := b.RotateMachineSecretKey(t.Context(), "mch_mail", time.Hour)
	if err != nil || fresh == leaked || !w.Works(fresh) || !w.Works(leaked) {
		t.Errorf("in the overlap: %v", err)
	}
	w.clock.Advance(time.Hour)
	if w.Works(leaked) || !w.Works(fresh) {
		t.Error("the overlap is over, and the leaked key works")
	}
	w.LoseAnswers(1)
	_, err = b.RotateMachineSecretKey(t.Context(), "mch_mail", 0)
	holdsNone(t, err, w.second, leaked, fresh)
	if !errors.Is(err, manage.ErrOutcomeUnknown) {
		t.Errorf("a lost answer is %v", err)
	}
	if got, err := b.MachineSecretKey(t.Context(), "mch_mail"); err != nil || got == fresh || !w.Works(got) || w.Works(fresh) {
		t.Errorf("read back: %v, %v", got, err)
	}
	if n := w.posts(); n != 2 {
		t.Errorf("%d rotations were sent", n)
	}
}

func TestOAuthRotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	leaked := detect.NewSecret(detecttest.OAuthClientSecret(1))
	w.AddOAuthApplication(production, "oa_partner", "Partner", "client1", leaked)
	w.AddOAuthApplication(production, "oa_mobile", "Mobile", "client2", detect.Secret{})
	w.AddOAuthApplication(developing, "oa_test", "Test", "client3", detect.NewSecret(detecttest.OAuthClientSecret(2)))
	b := w.backend(t, w.second)
	list, err := b.OAuthApplications(t.Context())
	want := []manage.OAuthApplication{
		{ID: "oa_partner", Name: "Partner", ClientID: "client1"}, {ID: "oa_mobile", Name: "Mobile", ClientID: "client2", Public: true},
	}
	if diff := cmp.Diff(want, list); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	fresh, err := b.RotateOAuthSecret(t.Context(), "oa_partner")
	if err != nil || !w.Works(fresh) || w.Works(leaked) {
		t.Errorf("rotated: %v", err)
	}
	if _, err := b.RotateOAuthSecret(t.Context(), "oa_mobile"); !errors.Is(err, manage.ErrNoKey) {
		t.Errorf("a public client: %v", err)
	}
	w.CutAnswers(1)
	_, err = b.RotateOAuthSecret(t.Context(), "oa_partner")
	holdsNone(t, err, w.second, leaked, fresh)
	if !errors.Is(err, manage.ErrOutcomeUnknown) || !strings.Contains(err.Error(), "cannot be read back") || w.Works(fresh) {
		t.Errorf("a cut answer is %v", err)
	}
}

func TestBackendRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	fenced := detect.NewSecret(detecttest.Key(5, detect.Live))
	w.Add(fenced, production, detect.Live)
	w.Fence(fenced)
	w.Delete(w.leaked)
	for _, test := range []struct {
		name string
		key  detect.Secret
		kind error
		text string
	}{
		{"deleted", w.leaked, manage.ErrUnauthorized, "rotate the secret key of mch_mail: Clerk answered 401 (clerk_key_invalid): the secret key is not valid, or no longer: use a new one of the same instance"},
		{"fenced", fenced, manage.ErrForbidden, "if it is limited to certain addresses, run this from one of them"},
		{"no such machine", w.second, manage.ErrNotFound, "the instance of this secret key has no such machine"},
	} {
		_, err := w.backend(t, test.key).RotateMachineSecretKey(t.Context(), "mch_mail", 0)
		holdsNone(t, err, test.key)
		if !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	b := w.backend(t, w.second)
	sent := len(w.Requests())
	_, half := b.RotateMachineSecretKey(t.Context(), "mch_mail", time.Second/2)
	_, long := b.RotateMachineSecretKey(t.Context(), "mch_mail", manage.MaxMachineOverlap+time.Second)
	_, key := b.RotateMachineSecretKey(t.Context(), detecttest.MachineSecretKey(1), 0)
	_, other := b.RotateOAuthSecret(t.Context(), "../machines")
	if half == nil || long == nil || key == nil || other == nil || len(w.Requests()) != sent {
		t.Errorf("sent: %v, %v, %v, %v", half, long, key, other)
	}
	holdsNone(t, key, detect.NewSecret(detecttest.MachineSecretKey(1)))
	if _, err := manage.NewBackend(manage.Options{Credential: w.token}); err == nil {
		t.Error("a Platform API key was taken for a secret key")
	}
}

func TestInstanceOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	publishable := detecttest.PublishableKey(detect.Live, host)
	got, err := manage.InstanceOf(t.Context(), w.Transport(), publishable)
	if want := (manage.Instance{ID: production, Environment: detect.Live, PublishableKey: publishable}); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	sent := len(w.Requests())
	for name, key := range map[string]string{
		"an address":   detecttest.PublishableKey(detect.Live, "169.254.169.254"),
		"a port":       detecttest.PublishableKey(detect.Live, "clerk.teashop.example:80"),
		"a path":       detecttest.PublishableKey(detect.Live, "clerk.teashop.example/x"),
		"a secret key": w.leaked.Reveal(),
		"nothing":      "",
	} {
		_, err := manage.InstanceOf(t.Context(), w.Transport(), key)
		holdsNone(t, err, w.leaked)
		if err == nil || len(w.Requests()) != sent {
			t.Errorf("%s was asked", name)
		}
	}
	if _, err := manage.InstanceOf(t.Context(), w.Transport(), detecttest.PublishableKey(detect.Live, "clerk.nobody.example")); !errors.Is(err, manage.ErrUnavailable) {
		t.Errorf("a host without an instance: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := manage.InstanceOf(ctx, w.Transport(), publishable); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
