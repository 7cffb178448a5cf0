package crashtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"sync"
	"time"
)

// balancer stands between GitHub and the servers: a load balancer that goes round them, and a network that loses deliveries
// and answers, and lets deliveries wait, overtake each other and come twice.
type balancer struct {
	http   *httptest.Server
	client *http.Client
	later  sync.WaitGroup // deliveries that were held back

	mu       sync.Mutex
	rng      *rand.Rand
	trouble  bool
	backends []string
	turn     int
	acked    map[string]time.Time // by GUID: when a server first said that it has the delivery
	received int                  // deliveries that GitHub made
	lost     int                  // those that did not reach a server
	counts   map[string]int       // faults
	log      *journal
	// onAck is called for every delivery that a server took, before GitHub hears of it.
	onAck func(guid string, header http.Header)
}

func newBalancer(seed uint64, log *journal) *balancer {
	b := &balancer{
		client: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}},
		rng:    rand.New(rand.NewPCG(seed, 1)), acked: map[string]time.Time{}, counts: map[string]int{}, log: log,
	}
	b.http = httptest.NewServer(b)
	return b
}

func (b *balancer) close() {
	b.later.Wait()
	b.http.Close()
}

func (b *balancer) setTrouble(on bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trouble = on
}

func (b *balancer) add(url string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.backends = append(b.backends, url)
}

func (b *balancer) remove(url string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.backends = slices.DeleteFunc(b.backends, func(other string) bool { return other == url })
}

// taken reports whether a server has said that it has the delivery.
func (b *balancer) taken(guid string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.acked[guid].IsZero()
}

// mishaps are what may happen to a delivery, in percent.
const (
	dropped    = 3 // never arrives
	unanswered = 3 // arrives, and the answer does not
	doubled    = 3 // arrives twice at once
	slow       = 5 // arrives late, and GitHub waits
	heldBack   = 4 // GitHub is told that it arrived before it did: others overtake it
)

// ServeHTTP passes a delivery on.
func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	about := fmt.Sprintf("delivery %s: %s %s", r.Header.Get("X-Github-Delivery"), r.Header.Get("X-Github-Event"), headsOf(body))
	if bytes.Contains(body, []byte(elsewhere)) { // another App's: it is only in the log
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	b.mu.Lock()
	b.received++
	n, pause := 100, time.Duration(b.rng.IntN(2000))*time.Millisecond
	if b.trouble {
		n = b.rng.IntN(100)
	}
	b.mu.Unlock()
	is := func(name string, percent int) bool {
		hit := n >= 0 && n < percent
		if n -= percent; hit {
			b.mu.Lock()
			b.counts["delivery "+name]++
			b.mu.Unlock()
			b.log.note("%s is %s", about, name)
			n = -1
		}
		return hit
	}
	switch {
	case is("lost", dropped):
		panic(http.ErrAbortHandler)
	case is("unanswered", unanswered):
		b.forward(r.Context(), r.Header, body)
		panic(http.ErrAbortHandler)
	case is("doubled", doubled):
		b.later.Go(func() { b.forward(context.WithoutCancel(r.Context()), r.Header, body) })
	case is("slow", slow):
		time.Sleep(pause)
	case is("held back", heldBack):
		b.later.Go(func() { b.deliver(context.WithoutCancel(r.Context()), pause, r.Header, body) })
		w.WriteHeader(http.StatusAccepted)
		return
	}
	status := b.forward(r.Context(), r.Header, body)
	b.log.note("%s: answered %d", about, status)
	w.WriteHeader(status)
}

var (
	hexIDs = regexp.MustCompile(`"(?:after|head_sha|sha)":"[0-9a-f]{40}"`)
	// elsewhere marks what GitHub's log has of installations of another App.
	elsewhere = "rekey-crashtest-another-app"
)

// headsOf names the first commits that a payload names.
func headsOf(payload []byte) string {
	return string(bytes.Join(hexIDs.FindAll(payload, 3), []byte(" ")))
}

// deliver passes a delivery on when some time has passed, until a server has it: GitHub was told so.
func (b *balancer) deliver(ctx context.Context, pause time.Duration, header http.Header, body []byte) {
	for {
		time.Sleep(pause)
		if status := b.forward(ctx, header, body); status < 300 {
			b.log.note("delivery %s, held back: answered %d", header.Get("X-Github-Delivery"), status)
			return
		}
		pause = 500 * time.Millisecond
	}
}

// forward asks one server after the other until one answers, as load balancers do where a connection is refused.
func (b *balancer) forward(ctx context.Context, header http.Header, body []byte) int {
	b.mu.Lock()
	b.turn++
	backends, turn := slices.Clone(b.backends), b.turn
	b.mu.Unlock()
	for i := range backends {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, backends[(turn+i)%len(backends)]+"/webhook", bytes.NewReader(body))
		if err != nil {
			break
		}
		r.Header = header.Clone()
		resp, err := b.client.Do(r)
		if err != nil {
			continue
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		guid := header.Get("X-Github-Delivery")
		if resp.StatusCode < 300 {
			b.onAck(guid, header)
			b.mu.Lock()
			if b.acked[guid].IsZero() {
				b.acked[guid] = time.Now()
			}
			b.mu.Unlock()
		}
		return resp.StatusCode
	}
	b.mu.Lock()
	b.lost++
	b.mu.Unlock()
	return http.StatusBadGateway
}
