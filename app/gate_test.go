package app

import (
	"net/http"
	"sync"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
)

// deadlyPush is a push whose reading ends the server's process so many times. When it is read after that, it is held, and sees
// whether anything is read beside it.
type deadlyPush struct {
	sha     string
	servers chan *process // each that was started; reading may begin before it is there
	read    chan bool     // told of each reading, and whether it kills
	hold    chan struct{} // closed when it may end

	mu              sync.Mutex
	kills           int
	held            bool
	reading, beside int // other readings under way, and those that were while this one was held
}

func (d *deadlyPush) serve(rw http.ResponseWriter, r *http.Request, next http.Handler) {
	if !githubtest.Is(githubtest.Git, http.MethodPost)(r) || !asksFor(r, "command=fetch") {
		next.ServeHTTP(rw, r)
		return
	}
	own := asksFor(r, "want "+d.sha)
	d.mu.Lock()
	kill := own && d.kills > 0
	switch {
	case kill:
		d.kills--
	case own:
		d.held = true
		d.beside += d.reading
	default:
		d.reading++
		if d.held {
			d.beside++
		}
	}
	d.mu.Unlock()
	if kill {
		(<-d.servers).kill()
		d.read <- true
		panic(http.ErrAbortHandler)
	}
	if own {
		select {
		case d.read <- false:
		case <-d.hold: // its issue is written
		}
		<-d.hold
	}
	next.ServeHTTP(rw, r)
	d.mu.Lock()
	defer d.mu.Unlock()
	if own {
		d.held = false
	} else {
		d.reading--
	}
}

// TestDeadlyPushIsReadAlone: a push whose reading killed the process is read alone when the process is back: others wait in front
// of the gate, and are read when it is done.
func TestDeadlyPushIsReadAlone(t *testing.T) {
	t.Parallel()
	w, d := newDeadlyPush(t, 1)
	var server *process
	for _, kills := range []bool{true, false} {
		server = w.startDeadly(d)
		if got := <-d.read; got != kills {
			t.Fatalf("its reading killed the process: %v, want %v", got, kills)
		}
	}
	var others []string
	for i := range 3 {
		others = append(others, w.begun(w.shop, i))
	}
	w.eventually("the others to wait", func() bool {
		return counted(t, server.url+"/metrics", "rekey_jobs_total", `kind="delivery"`, `outcome="snooze"`) >= len(others)
	})
	for _, sha := range others {
		if runs := w.shop.CheckRuns(sha); len(runs) > 0 {
			t.Errorf("%s has a check run", sha)
		}
	}
	d.mu.Lock()
	if d.beside > 0 {
		t.Errorf("%d others were read beside it", d.beside)
	}
	d.mu.Unlock()
	close(d.hold)
	for _, sha := range append(others, d.sha) {
		w.checked(w.shop, sha)
	}
	server.end(t)
	w.start()
	w.issues(1)
	w.conclusion(d.sha, "failure")
}

// TestDeadlyPushIsGivenUp: one that kills the process each time it is read is not read for ever. Its check says so, and nobody
// waits for it any more.
func TestDeadlyPushIsGivenUp(t *testing.T) {
	t.Parallel()
	const most = 10 // kills, should other jobs always have run beside it
	w, d := newDeadlyPush(t, most+1)
	kills := 0
	for concluded := false; !concluded; {
		w.startDeadly(d)
		w.eventually("the push to be read or given up", func() bool {
			select {
			case <-d.read:
				kills++
				return true
			default:
				runs := w.shop.CheckRuns(d.sha)
				concluded = len(runs) > 0 && runs[0].Status == "completed"
				return concluded
			}
		})
	}
	if kills < 3 || kills > most {
		t.Errorf("it was given up after %d kills", kills)
	}
	w.conclusion(d.sha, "failure")
	holds(t, "the check", w.shop.CheckRuns(d.sha)[0].Title, "rekey was stopped each time it tried")
	w.checked(w.shop, w.begun(w.shop, 0))
}

// newDeadlyPush is a world without a server that runs, in which such a push waits to be delivered.
func newDeadlyPush(t *testing.T, kills int) (*world, *deadlyPush) {
	w := newWorld(t, githubtest.Options{Quiet: true})
	w.checked(w.shop, w.pushed(map[string]string{"README.md": "# Shop\n"}))
	w.settle()
	w.swept()
	w.stop()
	d := &deadlyPush{servers: make(chan *process, 1), read: make(chan bool, 1), hold: make(chan struct{}), kills: kills}
	d.sha = w.commit(w.shop, githubtest.Change{Files: map[string]string{".env": env(w.key(23, detect.Live))}})
	w.github.Inject(d.serve)
	return w, d
}

// startDeadly starts the server, which reads the push.
func (w *world) startDeadly(d *deadlyPush) *process {
	w.t.Helper()
	server := w.spawn()
	d.servers <- server
	if tip, err := w.shop.Tip("refs/heads/main"); err != nil || tip != d.sha { // the first time
		// The process may be gone before it has answered.
		if _, err := w.shop.Push(w.ctx, githubtest.Push{Ref: "refs/heads/main", SHA: d.sha, By: w.ada}); err != nil {
			w.t.Fatal(err)
		}
	}
	return server
}
