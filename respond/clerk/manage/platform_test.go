package manage_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/clerk"
	"github.com/rekey-app/rekey/respond/clerk/clerktest"
	"github.com/rekey-app/rekey/respond/clerk/manage"
)

func TestApplications(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := manage.Application{ID: app, Name: "Tea shop", Instances: []manage.Instance{
		{ID: developing, Environment: detect.Test},
		{ID: production, Environment: detect.Live, PublishableKey: detecttest.PublishableKey(detect.Live, host)},
	}}
	for name, p := range w.ways(t, w.token) {
		list, err := p.Applications(t.Context())
		if diff := cmp.Diff([]manage.Application{want}, list); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
		one, err := p.Application(t.Context(), app)
		if diff := cmp.Diff(want, one); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
	for _, k := range []detect.Secret{w.leaked, w.second, w.test} {
		if n, _ := w.Used(k); n != 0 {
			t.Errorf("looking moved a key's Last used %d times", n)
		}
	}
}

// TestRotation: one new key of this instance, every other one of it ends when the overlap is over, and those of the other instance do not.
func TestRotation(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"http", "command"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := w.ways(t, w.token)[way]
			asker, err := clerk.New(clerk.Options{URL: w.URL})
			if err != nil {
				t.Fatal(err)
			}
			states := func() string {
				var all []string
				for _, k := range []detect.Secret{w.leaked, w.second, w.test} {
					a, err := asker.Ask(t.Context(), k)
					if err != nil {
						t.Fatal(err)
					}
					all = append(all, string(a.State))
				}
				return strings.Join(all, " ")
			}
			fresh, err := p.RotateSecretKeys(t.Context(), app, production, 24*time.Hour, "rekey 0123")
			if err != nil {
				t.Fatal(err)
			}
			if a, err := asker.Ask(t.Context(), fresh); err != nil || a != (respond.Answer{State: respond.KeyAlive, InstanceID: production, Environment: detect.Live}) {
				t.Errorf("the new key: %+v, %v", a, err)
			}
			if got := states(); got != "alive alive alive" {
				t.Errorf("in the overlap: %s", got)
			}
			w.clock.Advance(24*time.Hour - time.Second)
			if got := states(); got != "alive alive alive" {
				t.Errorf("at the end of the overlap: %s", got)
			}
			w.clock.Advance(time.Second)
			if got := states(); got != "revoked revoked alive" {
				t.Errorf("after the overlap: %s", got)
			}
			// Abused: at once, the key before as well.
			last, err := p.RotateSecretKeys(t.Context(), app, production, 0, "")
			if err != nil || w.Works(fresh) || !w.Works(last) {
				t.Errorf("at once: %v; the old key works: %t, the new one: %t", err, w.Works(fresh), w.Works(last))
			}
		})
	}
}

// TestALostAnswerIsReadBack: the work is done, the answer is lost, nothing is sent twice, and reading back gives the new key.
func TestALostAnswerIsReadBack(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"http", "command"} {
		for name, lose := range map[string]func(*world){
			"lost": func(w *world) { w.LoseAnswers(1) },
			"cut":  func(w *world) { w.CutAnswers(1) },
		} {
			t.Run(way+", "+name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				p := w.ways(t, w.token)[way]
				before, err := p.SecretKey(t.Context(), app, production)
				if err != nil || before != w.second {
					t.Fatalf("before: %v, %v", before, err)
				}
				lose(w)
				_, err = p.RotateSecretKeys(t.Context(), app, production, time.Hour, "")
				holdsNone(t, err, w.token, w.leaked, w.second)
				if !errors.Is(err, manage.ErrOutcomeUnknown) || !strings.Contains(err.Error(), "do not repeat it") {
					t.Fatalf("a lost answer is %v", err)
				}
				after, err := p.SecretKey(t.Context(), app, production)
				if err != nil || after == before || !w.Works(after) {
					t.Errorf("read back: %v, %v; it works: %t", after, err, w.Works(after))
				}
				if n := w.posts(); n != 1 {
					t.Errorf("%d rotations were sent", n)
				}
			})
		}
	}
}

// TestALostRequestIsReadBack: from here it looks as a lost answer does, and reading back shows that nothing was rotated.
func TestALostRequestIsReadBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for way, p := range w.ways(t, w.token) {
		w.LoseRequests(1)
		if _, err := p.RotateSecretKeys(t.Context(), app, production, time.Hour, ""); !errors.Is(err, manage.ErrOutcomeUnknown) {
			t.Errorf("%s: %v", way, err)
		}
		if got, err := p.SecretKey(t.Context(), app, production); err != nil || got != w.second {
			t.Errorf("%s: read back: %v, %v", way, got, err)
		}
	}
}

func TestWhatNeverLeftIsNotUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + listener.Addr().String()
	listener.Close()
	p, err := manage.NewPlatform(manage.Options{URL: nobody, Credential: w.token})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.RotateSecretKeys(t.Context(), app, production, 0, "")
	if !errors.Is(err, manage.ErrUnavailable) || !strings.Contains(err.Error(), "nothing was changed") {
		t.Errorf("nobody listens: %v", err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, p := range w.ways(t, w.token) {
		if _, err := p.RotateSecretKeys(ctx, app, production, 0, ""); !errors.Is(err, manage.ErrCancelled) || !errors.Is(err, context.Canceled) || w.posts() != 0 {
			t.Errorf("%s: cancelled before: %v", name, err)
		}
	}
}

// TestCancelledOnTheWay: a person who presses Ctrl-C while the request is under way must read back, too.
func TestCancelledOnTheWay(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"http", "command"} {
		w := unwatched(t)
		ctx, cancel := context.WithCancel(t.Context())
		w.Fail(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // the server sees the connection's end only behind the body
			cancel()
			<-r.Context().Done()
		})
		_, err := w.ways(t, w.token)[way].RotateSecretKeys(ctx, app, production, 0, "")
		if !errors.Is(err, manage.ErrOutcomeUnknown) || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", way, err)
		}
	}
}

func TestHiddenKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.HideKeys()
	p := w.platform(t, w.token)
	if _, err := p.SecretKey(t.Context(), app, production); !errors.Is(err, manage.ErrNoKey) {
		t.Errorf("hidden: %v", err)
	}
	if _, err := p.SecretKey(t.Context(), app, "ins_other"); !errors.Is(err, manage.ErrNotFound) {
		t.Errorf("another instance: %v", err)
	}
}

func TestPlatformRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	unknown, expired, reader := detect.NewSecret(detecttest.PlatformAPIKey(2)), detect.NewSecret(detecttest.PlatformAPIKey(3)), detect.NewSecret(detecttest.PlatformAPIKey(4))
	w.AddLogin(expired, clerktest.Login{Workspace: "org_tea", Ends: w.clock.Now()})
	w.AddLogin(reader, clerktest.Login{Workspace: "org_tea", ReadOnly: true})
	rotate := func(p *manage.Platform) error {
		_, err := p.RotateSecretKeys(t.Context(), app, production, 0, "")
		return err
	}
	for _, test := range []struct {
		name  string
		token detect.Secret
		do    func(*manage.Platform) error
		kind  error
		text  string // of both ways
	}{
		{"unknown token", unknown, rotate, manage.ErrUnauthorized, "rotate the secret keys of ins_production: Clerk answered 401 (authentication_invalid): "},
		{"expired token", expired, rotate, manage.ErrUnauthorized, "clerk auth login"},
		{"reader", reader, rotate, manage.ErrForbidden, "rotate the secret keys of ins_production: Clerk answered 403 (authorization_invalid): this account may not do it"},
		{"another workspace's application", w.token, func(p *manage.Platform) error {
			_, err := p.Application(t.Context(), stranger)
			return err
		}, manage.ErrNotFound, "read application app_stranger: Clerk answered 404 (resource_not_found): the account's workspace has no such application"},
		{"no such instance", w.token, func(p *manage.Platform) error {
			_, err := p.RotateSecretKeys(t.Context(), app, "ins_other", 0, "")
			return err
		}, manage.ErrNotFound, "404"},
		{"limited", w.token, func(p *manage.Platform) error {
			w.Limit(1, 17*time.Second)
			return rotate(p)
		}, manage.ErrLimited, "rotate the secret keys of ins_production: Clerk answered 429 (too_many_requests): try again in 17s"},
		{"limited without a time", w.token, func(p *manage.Platform) error {
			w.Limit(1, 0)
			return rotate(p)
		}, manage.ErrLimited, "wait a minute"},
	} {
		for way, p := range w.ways(t, test.token) {
			err := test.do(p)
			holdsNone(t, err, test.token, w.leaked, w.second, w.test)
			if !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.text) {
				t.Errorf("%s by %s: %v", test.name, way, err)
			}
		}
	}
	for _, k := range []detect.Secret{w.leaked, w.second} {
		if !w.Works(k) {
			t.Error("a refused rotation ended a key")
		}
	}
}

func TestRotationsThatAreNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.platform(t, w.token)
	for name, test := range map[string]struct {
		app, instance string
		overlap       time.Duration
		reason        string
	}{
		"application with a slash": {"app_x/../y", production, 0, ""},
		"environment for an id":    {app, "production", 0, ""},
		"key for an instance":      {app, w.leaked.Reveal(), 0, ""},
		"key for an application":   {w.leaked.Reveal(), production, 0, ""},
		"half an hour":             {app, production, 90 * time.Minute, ""},
		"negative":                 {app, production, -time.Hour, ""},
		"a month and more":         {app, production, manage.MaxOverlap + time.Hour, ""},
		"two lines":                {app, production, 0, "a\nb"},
		"a long story":             {app, production, 0, strings.Repeat("x", 201)},
	} {
		_, err := p.RotateSecretKeys(t.Context(), test.app, test.instance, test.overlap, test.reason)
		holdsNone(t, err, w.leaked)
		if err == nil {
			t.Errorf("%s was sent", name)
		}
	}
	if n := len(w.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestTokensThatAreNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, token := range []detect.Secret{w.leaked, detect.NewSecret(""), detect.NewSecret(w.token.Reveal() + "\r\nX-Evil: 1")} {
		_, err := manage.NewPlatform(manage.Options{Credential: token})
		if err == nil {
			t.Error("it was taken for a Platform API key")
		}
		holdsNone(t, err, w.leaked, w.token)
	}
	if _, err := manage.NewPlatform(manage.Options{Credential: w.token, URL: "http://api.clerk.com"}); err == nil {
		t.Error("a token may be sent in the clear")
	}
}
