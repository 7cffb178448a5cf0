package rotate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/detect/pack/gittest"
	"github.com/rekey-app/rekey/respond/clerk/clerktest"
	"github.com/rekey-app/rekey/respond/text"
)

const (
	instanceID    = "ins_2shop0production"
	applicationID = "app_2shop"
	issueLinked   = "https://github.com/acme/shop/issues/12"
)

// world is a clone with a leaked key, Clerk, two hosts that have the key, an issue, and a person.
type world struct {
	t       *testing.T
	clerk   *clerktest.Server
	dir     string
	old     detect.Secret
	login   string // Platform API key in the environment; "" for none
	hosts   []*host
	person  *script
	issue   *issue
	now     time.Time
	moments *moments
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC), moments: &moments{}}
	w.clerk = clerktest.New(func() time.Time { return w.now })
	t.Cleanup(w.clerk.Close)
	w.old = detect.NewSecret(detecttest.Key(1, detect.Live))
	w.clerk.AddApplication(clerktest.Application{ID: applicationID, Name: "Shop", Instances: []clerktest.Instance{{ID: instanceID, Environment: detect.Live, Host: "clerk.shop.example"}}})
	w.clerk.Add(w.old, instanceID, detect.Live)
	repo := gittest.New(t)
	w.dir = repo.Dir
	w.write("config.js", "export const key = '"+w.old.Reveal()+"' // CLERK_SECRET_KEY\n")
	w.write(".env.production", "NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY="+detecttest.PublishableKey(detect.Live, "clerk.shop.example")+"\n")
	repo.Git("", "add", ".")
	vercel := &host{name: "vercel", moments: w.moments, places: map[string]string{"prod": w.old.Reveal(), "preview": detecttest.Key(9, detect.Test), "other": "something"}}
	vercel.scopes = map[string]destination.Scope{"prod": destination.Production, "preview": destination.Preview, "other": destination.Production}
	vercel.unit = destination.Unit{Driver: "vercel", ID: "shop", Title: "Vercel project shop", Takes: destination.TakesByRedeploy, Redeploys: "the live deployment is built again, of the same commit."}
	github := &host{name: "github", moments: w.moments, hidden: true, places: map[string]string{"actions": w.old.Reveal(), "production": w.old.Reveal()}}
	github.scopes = map[string]destination.Scope{"production": destination.Production}
	github.unit = destination.Unit{Driver: "github", ID: "shop", Title: "workflows of acme/shop", Takes: destination.TakesNextRun}
	w.hosts = []*host{github, vercel}
	w.person = &script{world: w}
	w.issue = &issue{world: w, body: text.Marker(7, w.old.Fingerprint()) + "\nwords", title: "Leaked Clerk production secret key " + w.old.Redacted()}
	return w
}

func (w *world) write(name, content string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// run is one run of the program: everything that lives in the process is new.
func (w *world) run(ctx context.Context, with func(*Options)) (Outcome, error) {
	w.t.Helper()
	environ := []string{"PATH=", "HOME=" + w.dir}
	if w.login != "" {
		environ = append(environ, "CLERK_PLATFORM_API_KEY="+w.login)
	}
	machine := &destination.Machine{Environ: environ, Transport: w.clerk.Transport(), Now: func() time.Time { return w.now }}
	login, err := NewLogin(machine, "", "rekey/test")
	if err != nil {
		w.t.Fatal(err)
	}
	o := Options{
		Dir: w.dir, Overlap: DefaultOverlap, StateDir: filepath.Join(w.dir, ".git", "state"), Person: w.person, Clerk: login, Issues: w.issue, Environ: environ,
		Scanner: detect.New(detect.Options{}), Now: machine.Now,
		Pause: func(ctx context.Context, d time.Duration) error {
			w.now = w.now.Add(d)
			for _, h := range w.hosts {
				h.finish()
			}
			return ctx.Err()
		},
	}
	for _, h := range w.hosts {
		o.Drivers = append(o.Drivers, h)
	}
	if with != nil {
		with(&o)
	}
	return Run(ctx, o)
}

// newKey is a key that the person makes in the dashboard.
func (w *world) newKey(seed int64) detect.Secret {
	k := detect.NewSecret(detecttest.Key(seed, detect.Live))
	w.clerk.Add(k, instanceID, detect.Live)
	return k
}

// state is everything that runs leave on disk.
func (w *world) files() string {
	var b strings.Builder
	err := filepath.WalkDir(filepath.Join(w.dir, ".git", "state"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		b.Write(content)
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		w.t.Fatal(err)
	}
	return b.String()
}

// noKeyIn looks for the body of keys.
func (w *world) noKeyIn(where, text string, keys ...detect.Secret) {
	w.t.Helper()
	for _, k := range append(keys, w.old) {
		if body := k.Reveal(); body != "" && strings.Contains(text, body[len(body)-20:]) {
			w.t.Errorf("a key is in %s", where)
		}
	}
}

// moments counts the points at which a run can be stopped.
type moments struct {
	mu     sync.Mutex
	n      int
	stopAt int // 0: never
	stop   context.CancelFunc
}

// pass is called before and after everything that leaves the process.
func (m *moments) pass(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.n++
	if m.n == m.stopAt && m.stop != nil {
		m.stop()
	}
	return ctx.Err()
}

// host is a driver whose host is in memory.
type host struct {
	name     string
	moments  *moments
	places   map[string]string
	scopes   map[string]destination.Scope
	unit     destination.Unit
	hidden   bool // values can't be read
	refuses  error
	writes   []string
	asked    int    // deployments
	live     string // value that runs
	building bool
	breaks   bool // deployments fail
}

func (h *host) Name() string { return h.name }

func (h *host) Look(_ context.Context, p destination.Project) destination.Survey {
	for _, path := range p.Files.List() { // all drivers read the same files at the same time
		if _, ok := p.Files.Read(path); !ok {
			return destination.Survey{Used: true, Problems: []destination.Problem{{What: path + " can't be read"}}}
		}
	}
	clear(p.Files.List()) // whose it is
	s := destination.Survey{Used: true, Because: "the test", Account: "ada"}
	var ids []string
	for id := range h.places {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		holding := destination.Unreadable
		if !h.hidden {
			holding = p.Judge(h.places[id])
		}
		s.Places = append(s.Places, destination.Place{
			Driver: h.name, ID: id, Title: h.name + " " + id, Variable: p.Variables[0], Scope: h.scopes[id], Holding: holding, Unit: h.unit,
		})
	}
	return s
}

func (h *host) Write(ctx context.Context, place destination.Place, value detect.Secret) error {
	if err := h.moments.pass(ctx); err != nil {
		return err
	}
	if h.refuses != nil {
		return h.refuses
	}
	h.places[place.ID] = value.Reveal()
	h.writes = append(h.writes, place.ID)
	return h.moments.pass(ctx)
}

func (h *host) Check(_ context.Context, place destination.Place, value detect.Secret, _ time.Time) (destination.Proof, error) {
	switch {
	case h.hidden:
		return destination.Touched, nil
	case h.places[place.ID] != value.Reveal():
		return destination.Stale, nil
	}
	return destination.ReadBack, nil
}

func (h *host) Redeploy(ctx context.Context, unit destination.Unit) (destination.Deployment, error) {
	if err := h.moments.pass(ctx); err != nil {
		return destination.Deployment{}, err
	}
	h.asked++
	h.building = true
	return destination.Deployment{Unit: unit, ID: fmt.Sprint(h.asked), URL: "https://vercel.example/d/1"}, h.moments.pass(ctx)
}

func (h *host) finish() {
	if h.building && !h.breaks {
		h.live, h.building = h.places["prod"], false
	}
}

func (h *host) Deployed(ctx context.Context, _ destination.Deployment) (destination.Progress, error) {
	switch {
	case h.breaks:
		return destination.Progress{State: destination.Failed, Detail: "build failed"}, nil
	case h.building:
		return destination.Progress{State: destination.Deploying}, ctx.Err()
	}
	return destination.Progress{State: destination.Live}, ctx.Err()
}

// script is a person who answers in order; what is asked beyond that is answered by what a willing person does.
type script struct {
	world   *world
	absent  bool
	said    strings.Builder
	pastes  []detect.Secret
	answers map[string]bool // by a part of the question; others are yes
	asked   []string
	pasted  []detect.Secret
	during  func() // happens while the person is asked to paste
}

func (s *script) Show(text string) { s.said.WriteString(text + "\n") }
func (s *script) Answers() bool    { return !s.absent }

func (s *script) Confirm(ctx context.Context, question string) (bool, error) {
	if s.absent {
		return false, ErrNobody
	}
	s.asked = append(s.asked, question)
	if err := s.world.moments.pass(ctx); err != nil {
		return false, err
	}
	best, yes := "", true
	for part, answer := range s.answers { // the longest counts
		if strings.Contains(question, part) && len(part) > len(best) {
			best, yes = part, answer
		}
	}
	if yes && strings.Contains(question, "Is it deleted?") {
		s.world.clerk.Delete(s.world.old)
	}
	return yes, nil
}

func (s *script) Choose(context.Context, string, []string) (int, error) {
	if s.absent {
		return 0, ErrNobody
	}
	return 0, nil
}

func (s *script) Secret(ctx context.Context, prompt string) (detect.Secret, error) {
	if s.absent {
		return detect.Secret{}, ErrNobody
	}
	s.asked = append(s.asked, prompt)
	if err := s.world.moments.pass(ctx); err != nil {
		return detect.Secret{}, err
	}
	if s.during != nil {
		s.during()
	}
	if len(s.pastes) == 0 {
		return detect.Secret{}, errors.New("the person has nothing to paste")
	}
	one := s.pastes[0]
	if len(s.pastes) > 1 {
		s.pastes = s.pastes[1:]
	}
	s.pasted = append(s.pasted, one)
	return one, nil
}

func (s *script) Open(context.Context, string) {}

// issue is rekey's issue, with the server that answers there.
type issue struct {
	world    *world
	title    string
	body     string
	closed   bool
	comments []string
	silent   bool // the server doesn't answer
	refuses  error
}

func (i *issue) Remote(string) (destination.Repository, bool) {
	return destination.Repository{Host: "github.com", Owner: "acme", Name: "shop"}, true
}

func (i *issue) Issue(ctx context.Context, _ destination.Repository, _ int) (Issue, error) {
	return Issue{Title: i.title, Body: i.body, Closed: i.closed}, ctx.Err()
}

func (i *issue) Find(ctx context.Context, _ destination.Repository, fingerprint string) (Issue, int, error) {
	if _, mark, _ := text.ParseMarker(i.body); i.closed || !strings.HasPrefix(mark, fingerprint) {
		return Issue{}, 0, ctx.Err()
	}
	return Issue{Title: i.title, Body: i.body}, 12, ctx.Err()
}

func (i *issue) Comment(ctx context.Context, _ destination.Repository, _ int, text string) error {
	if err := i.world.moments.pass(ctx); err != nil || i.refuses != nil {
		return cmp.Or(err, i.refuses)
	}
	i.comments = append(i.comments, text)
	if text == "/rekey rotated" && !i.silent && !i.world.clerk.Works(i.world.old) {
		i.closed = true
	}
	return i.world.moments.pass(ctx)
}
