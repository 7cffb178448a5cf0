package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/rekey-app/rekey/github/webhook"
)

// payloadSize is what deliveries are made to have at least: what GitHub sends for a push of some commits.
const payloadSize = 10 << 10

// keep keeps the payload of a push to the repository.
func (r *repository) keep(payload []byte) error {
	if err := json.Unmarshal(payload, &r.payload); err != nil {
		return err
	}
	head, ok := r.payload["head_commit"].(map[string]any)
	if !ok {
		return errors.New("the stand-in's push has no head_commit")
	}
	var paths []string
	for n := 0; n < payloadSize-len(payload); n += 40 {
		paths = append(paths, fmt.Sprintf("src/component/%04d/index.test.ts", n))
	}
	head["modified"] = paths
	r.payload["commits"] = []any{head}
	return nil
}

// push is a push whose delivery is ready to be sent.
type push struct {
	repository *repository
	sha        string
	request    []byte
}

// prepare makes the delivery of the repository's next commit.
func (w *world) prepare(r *repository) (push, error) {
	if r.next >= len(r.commits) {
		return push{}, fmt.Errorf("%s has no more commits", r.FullName())
	}
	sha := r.commits[r.next]
	r.payload["before"], r.payload["after"], r.payload["created"] = r.commits[r.next-1], sha, false
	if head, ok := r.payload["head_commit"].(map[string]any); ok {
		head["id"] = sha
	}
	r.next++
	body, err := json.Marshal(r.payload)
	if err != nil {
		return push{}, err
	}
	request := fmt.Appendf(nil, "POST /webhook HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nUser-Agent: GitHub-Hookshot/0000000\r\n"+
		"X-GitHub-Event: push\r\nX-GitHub-Delivery: %s\r\nX-Hub-Signature-256: %s\r\nContent-Length: %d\r\n\r\n",
		uuid.NewString(), webhook.Sign(w.github.WebhookSecret(), body), len(body))
	w.seen.expect(sha)
	return push{r, sha, append(request, body...)}, nil
}

// sender sends deliveries over one connection to each server.
type sender struct {
	hosts []string
	conns map[string]*connection
	n     int
}

type connection struct {
	net.Conn
	answers *bufio.Reader
}

func (w *world) sender() *sender {
	s := &sender{conns: map[string]*connection{}}
	for _, server := range w.alive() {
		s.hosts = append(s.hosts, server.host)
	}
	return s
}

func (s *sender) close() {
	for _, c := range s.conns {
		_ = c.Close()
	}
}

// send sends one delivery to the next server in turn, as a load balancer does, and returns how long its answer took.
func (s *sender) send(ctx context.Context, p push) (time.Duration, error) {
	host := s.hosts[s.n%len(s.hosts)]
	s.n++
	c := s.conns[host]
	if c == nil {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", host)
		if err != nil {
			return 0, err
		}
		c = &connection{conn, bufio.NewReader(conn)}
		s.conns[host] = c
	}
	began := time.Now()
	if err := c.SetDeadline(began.Add(time.Minute)); err != nil {
		return 0, err
	}
	if _, err := c.Write(p.request); err != nil {
		return 0, err
	}
	answer, err := http.ReadResponse(c.answers, nil)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusAccepted {
		err = fmt.Errorf("a delivery was answered %s: %s", answer.Status, text)
	}
	return time.Since(began), err
}

// sendAll sends the pushes of each list in their order, and the lists over that many connections at once. The first pushes of all
// lists go before the second ones.
func (w *world) sendAll(ctx context.Context, lists [][]push) (took durations, err error) {
	var mu sync.Mutex
	var errs []error
	var senders sync.WaitGroup
	connections := min(w.Connections, len(lists))
	for i := range connections {
		senders.Go(func() {
			s := w.sender()
			s.n = i
			defer s.close()
			var own durations
			var err error
			for n, more := 0, true; more && err == nil; n++ {
				more = false
				for l := i; l < len(lists) && err == nil; l += connections {
					if n >= len(lists[l]) {
						continue
					}
					more = true
					var one time.Duration
					one, err = s.send(ctx, lists[l][n])
					own = append(own, one)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, own...)
			errs = append(errs, err)
		})
	}
	senders.Wait()
	return took, errors.Join(errs...)
}
