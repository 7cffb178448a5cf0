package github_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rekey-app/rekey/github"
)

// timeline makes a handler that notes when requests come, in seconds since the start.
type timeline struct {
	mu    sync.Mutex
	start time.Time
	at    []time.Duration
}

func (l *timeline) handler(next http.HandlerFunc) http.HandlerFunc {
	l.start = time.Now()
	return func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		l.at = append(l.at, time.Since(l.start))
		l.mu.Unlock()
		next(w, r)
	}
}

func (s *stub) clientOf(app *github.App, installation int64) *github.Client {
	return app.Repository(github.Repository{Installation: installation, ID: 77, Owner: "acme", Name: "api"}, github.RespondAccess)
}

func TestIssuesAreWrittenASecondApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, line := newStub(), new(timeline)
		s.on("POST", "/issues", line.handler(answer(201, `{"number":1}`)))
		app := s.app(t)
		var all sync.WaitGroup
		var mu sync.Mutex
		var until []time.Duration
		for range 15 {
			all.Go(func() {
				_, err := s.clientOf(app, 5).CreateIssue(t.Context(), github.Issue{Title: "t"})
				verdict := github.Classify(err, time.Now())
				if err != nil && verdict.Do != github.Snooze {
					t.Error(err)
				}
				if err != nil {
					mu.Lock()
					until = append(until, verdict.Until.Sub(line.start))
					mu.Unlock()
				}
			})
		}
		all.Wait()
		if len(line.at) != 11 {
			t.Errorf("%d issues, want the eleven that fit into ten seconds", len(line.at))
		}
		for i, at := range line.at {
			if at != time.Duration(i)*time.Second {
				t.Errorf("issue %d after %s", i, at)
			}
		}
		for _, at := range until {
			if at != 11*time.Second {
				t.Errorf("put off to %s", at)
			}
		}
	})
}

func TestCheckRunsMayComeInABurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, line := newStub(), new(timeline)
		s.on("POST", "/check-runs", line.handler(answer(201, `{"id":1}`)))
		app := s.app(t)
		perMinute := map[int64]int{}
		var mu sync.Mutex
		var all sync.WaitGroup
		for _, installation := range []int64{5, 6} {
			for range 40 {
				all.Go(func() {
					if _, err := s.clientOf(app, installation).CreateCheckRun(t.Context(), checkRun()); err != nil {
						if github.Classify(err, time.Now()).Do != github.Snooze {
							t.Error(err)
						}
						return
					}
					mu.Lock()
					defer mu.Unlock()
					perMinute[installation]++
					if at := time.Since(line.start); at > 10*time.Second {
						t.Errorf("waited %s", at)
					}
				})
			}
		}
		all.Wait()
		if perMinute[5] != 30 || perMinute[6] != 30 {
			t.Errorf("%v, want twenty at once and ten in ten seconds, for each installation", perMinute)
		}
		if at := line.at[39]; at != 0 {
			t.Errorf("the first twenty of both took %s", at)
		}
	})
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStub()
		s.on("POST", "/issues", answer(201, `{"number":1}`))
		app := s.app(t)
		if _, err := s.clientOf(app, 5).CreateIssue(t.Context(), github.Issue{Title: "t"}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
		defer cancel()
		if _, err := s.clientOf(app, 5).CreateIssue(ctx, github.Issue{Title: "t"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}

func TestLimitsAreRemembered(t *testing.T) {
	for name, test := range map[string]struct {
		headers     []string
		issues, all bool // what stays closed
	}{
		"secondary": {[]string{"Retry-After", "60"}, true, false},
		"primary":   {[]string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "%d"}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStub()
				if test.all {
					test.headers[3] = fmt.Sprint(time.Now().Add(59 * time.Second).Unix())
				}
				s.on("POST", "/issues", answer(403, `{"message":"rate limit"}`, test.headers...))
				s.on("POST", "/check-runs", answer(201, `{"id":1}`))
				s.on("GET", "", answer(200, `{"id":77}`))
				app := s.app(t)
				start := time.Now()
				closed := func(err error) bool {
					t.Helper()
					if err == nil {
						return false
					}
					verdict := github.Classify(err, time.Now())
					if verdict.Do != github.Snooze || !verdict.Until.Equal(start.Add(time.Minute)) {
						t.Errorf("%+v", verdict)
					}
					return true
				}
				issue := func(installation int64) bool {
					_, err := s.clientOf(app, installation).CreateIssue(t.Context(), github.Issue{Title: "t"})
					return closed(err)
				}
				check := func(installation int64) bool {
					_, err := s.clientOf(app, installation).CreateCheckRun(t.Context(), checkRun())
					return closed(err)
				}
				issue(5)
				time.Sleep(5 * time.Second)
				if got := issue(5); got != test.issues {
					t.Errorf("issues closed: %v", got)
				}
				if got := check(5); got != test.all {
					t.Errorf("check runs closed: %v", got)
				}
				if check(6) {
					t.Error("another installation has to wait")
				}
				if posts := count(s.seen(), "POST /repos/acme/api/issues"); posts != 1 {
					t.Errorf("%d issues were sent although GitHub said to wait", posts)
				}
				time.Sleep(56 * time.Second)
				if check(5) {
					t.Error("check runs stay closed")
				}
			})
		})
	}
}

func count(list []string, what string) int {
	n := 0
	for _, item := range list {
		if item == what {
			n++
		}
	}
	return n
}
