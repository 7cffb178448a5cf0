package setup

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"sync"
	"time"
)

const (
	// linkLifetime is how long the printed link can be opened, and then how long the browser that opened it may take. GitHub keeps a
	// new App's code as long.
	linkLifetime = time.Hour
	// maxAttempts bounds how many manifests may be under way at once.
	maxAttempts = 16
)

// Why a visitor or an answer of GitHub is turned away.
var (
	errNoLink   = errors.New("this is not the link that rekey printed")
	errOldLink  = errors.New("the link is older than an hour")
	errUsedLink = errors.New("the link was opened already")
	errState    = errors.New("the answer belongs to no request of this browser, or was used already")
	errOldState = errors.New("the answer came after more than an hour")
)

type digest [sha256.Size]byte

// flow is who does the set-up, and what they asked GitHub for. It is safe for concurrent use; time is passed in.
type flow struct {
	mu       sync.Mutex
	link     digest    // of the link's token
	until    time.Time // the link's end, and then the browser's
	browser  digest    // of its cookie; zero: the link was not opened
	opened   time.Time
	attempts map[digest]attempt // by the state that GitHub repeats
	order    []digest           // of attempts, the oldest first
	last     wish
}

// attempt is a manifest that was sent to GitHub.
type attempt struct {
	wish  wish
	until time.Time
}

// newFlow returns a flow and the token of its link.
func newFlow(now time.Time) (*flow, string) {
	token := secret()
	return &flow{link: sha256.Sum256([]byte(token)), until: now.Add(linkLifetime), attempts: map[digest]attempt{}}, token
}

// secret is 32 random bytes or more, as text.
func secret() string { return rand.Text() + rand.Text() }

// look reports whether a link may be opened, without opening it.
func (f *flow) look(token string, now time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.mayOpen(token, now)
}

func (f *flow) mayOpen(token string, now time.Time) error {
	switch {
	case f.link != sha256.Sum256([]byte(token)): // digests: the time that it takes tells nothing of the token
		return errNoLink
	case f.browser != digest{}:
		return errUsedLink
	case !now.Before(f.until):
		return errOldLink
	}
	return nil
}

// open opens the link, once, and returns the cookie of the browser that does the set-up from then on.
func (f *flow) open(token string, now time.Time) (cookie string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.mayOpen(token, now); err != nil {
		return "", err
	}
	cookie = secret()
	f.browser, f.opened, f.until = sha256.Sum256([]byte(cookie)), now, now.Add(linkLifetime)
	return cookie, nil
}

// isOpener reports whether a cookie is of the browser that opened the link, and in time.
func (f *flow) isOpener(cookie string, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.browser != digest{} && f.browser == sha256.Sum256([]byte(cookie)) && now.Before(f.until)
}

// openedAt is when the link was opened; zero: it was not.
func (f *flow) openedAt() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.opened
}

// begin remembers what GitHub is asked for, and returns the state that its answer must repeat.
func (f *flow) begin(w wish, now time.Time) (state string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.order) == maxAttempts {
		delete(f.attempts, f.order[0])
		f.order = f.order[1:]
	}
	state = secret()
	key := digest(sha256.Sum256([]byte(state)))
	f.attempts[key], f.order, f.last = attempt{w, now.Add(linkLifetime)}, append(f.order, key), w
	return state
}

// take returns what an answer of GitHub is the answer to. A state works once.
func (f *flow) take(state string, now time.Time) (wish, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := digest(sha256.Sum256([]byte(state)))
	a, known := f.attempts[key]
	if !known {
		return wish{}, errState
	}
	delete(f.attempts, key)
	for i, k := range f.order {
		if k == key {
			f.order = append(f.order[:i:i], f.order[i+1:]...)
			break
		}
	}
	if !now.Before(a.until) {
		return wish{}, errOldState
	}
	return a.wish, nil
}

// wished is what was asked for last, to fill in the form again.
func (f *flow) wished() (wish, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last, f.last != wish{}
}
