package githubtest_test

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v62/github"

	"github.com/tidwall/gjson"

	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/githubtest/openapi"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/github/wire"
)

// bundle is a GitHub with an organisation, a private repository that the App is installed in, and a receiver.
type bundle struct {
	*githubtest.Server
	t            *testing.T
	org, ada     *githubtest.Account
	repo         *githubtest.Repository
	installation *githubtest.Installation
	first        string // the commit on main
	receiver     string // its address

	mu     sync.Mutex
	now    time.Time
	events []received
	status int // what the receiver answers
}

// privateKey is one for all tests, because finding one takes its time.
var privateKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

type received struct {
	kind    string
	event   webhook.Event
	header  http.Header
	payload []byte
}

// said is the payload, for what the decoded event leaves out.
func (r received) said() gjson.Result { return gjson.ParseBytes(r.payload) }

func setup(t *testing.T, opt githubtest.Options) *bundle {
	t.Helper()
	b := &bundle{t: t, now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), status: http.StatusAccepted}
	receiver := httptest.NewServer(http.HandlerFunc(b.receive))
	t.Cleanup(receiver.Close)
	opt.Now = b.clock
	opt.PrivateKey = privateKey()
	opt.Wrap = openapi.Watch(t)
	opt.WebhookURL = receiver.URL
	b.receiver = receiver.URL
	s, err := githubtest.New(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	b.Server = s
	b.org, b.ada = s.Organization("acme"), s.User("ada")
	b.repo, err = s.CreateRepository(b.org, "shop", githubtest.RepositoryOptions{Private: true})
	if err != nil {
		t.Fatal(err)
	}
	b.repo.SetRole(b.ada, "write")
	b.first = b.commit(githubtest.Change{Files: map[string]string{"README.md": "# shop\n"}})
	if err := b.repo.SetRef("refs/heads/main", b.first); err != nil {
		t.Fatal(err)
	}
	b.installation, _ = s.Install(t.Context(), b.org, b.ada, b.repo)
	b.forget()
	return b
}

func (b *bundle) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bundle) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

func (b *bundle) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the stand-in was closed while it sent this in the background; whoever waits for the event misses it
	}
	err = webhook.Verify(r.Header, body, []string{b.WebhookSecret()})
	kind := r.Header.Get("X-GitHub-Event")
	var event webhook.Event
	if err == nil {
		event, err = webhook.Decode(kind, body)
	}
	if err != nil && !errors.Is(err, webhook.ErrUnknownEvent) { // an App may subscribe to more than rekey reads
		b.t.Errorf("delivery of %s: %v\n%s", kind, err, body)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, received{kind, event, r.Header, body})
	w.WriteHeader(b.status)
}

// took returns the events since the last call, as event.action.
func (b *bundle) took() string {
	b.t.Helper()
	if err := b.Settle(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	var names []string
	for _, e := range b.forget() {
		name := e.kind
		if action := e.said().Get("action").Str; action != "" {
			name += "." + action
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

func (b *bundle) forget() []received {
	b.mu.Lock()
	defer b.mu.Unlock()
	events := b.events
	b.events = nil
	return events
}

func (b *bundle) commit(c githubtest.Change) string {
	b.t.Helper()
	if c.Author == nil {
		c.Author = b.ada
	}
	sha, err := b.repo.Commit(c)
	if err != nil {
		b.t.Fatal(err)
	}
	return sha
}

func (b *bundle) push(p githubtest.Push) {
	b.t.Helper()
	if p.By == nil {
		p.By = b.ada
	}
	if _, err := b.repo.Push(b.t.Context(), p); err != nil {
		b.t.Fatal(err)
	}
}

// transport mints tokens the way the product does.
func (b *bundle) transport(opt *github.InstallationTokenOptions) *ghinstallation.Transport {
	b.t.Helper()
	tr, err := ghinstallation.New(http.DefaultTransport, b.AppID(), b.installation.ID(), b.PrivateKeyPEM())
	if err != nil {
		b.t.Fatal(err)
	}
	tr.BaseURL = b.APIURL()
	if opt == nil {
		opt = &github.InstallationTokenOptions{} // nil would be sent as null
	}
	tr.InstallationTokenOptions = opt
	return tr
}

func (b *bundle) rest(opt *github.InstallationTokenOptions) *github.Client {
	b.t.Helper()
	c, err := github.NewClient(&http.Client{Transport: b.transport(opt)}).WithEnterpriseURLs(b.APIURL(), b.URL())
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// present sets the clock to the real one, because ghinstallation's JWTs are made by it.
func present(b *bundle) *bundle {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = time.Now().Truncate(time.Second).Add(time.Second)
	return b
}

func refused(t *testing.T, err error, status int, words string) {
	t.Helper()
	var answer *github.ErrorResponse
	if !errors.As(err, &answer) || answer.Response.StatusCode != status || !strings.Contains(err.Error(), words) {
		t.Errorf("got %v, want %d with %q", err, status, words)
	}
}

func (b *bundle) wire(opt *github.InstallationTokenOptions) *wire.Client {
	tr := b.transport(opt)
	return &wire.Client{HTTP: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		token, err := tr.Token(r.Context())
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.SetBasicAuth("x-access-token", token)
		return http.DefaultTransport.RoundTrip(r)
	})}}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
