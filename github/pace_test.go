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

// A thousand issues, each as soon as its verdict allows, stay below the limits that were seen on github.com.
func TestNewIssuesStayBelowTheHourlyLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, line := newStub(), new(timeline)
		s.on("POST", "/issues", line.handler(answer(201, `{"number":1}`)))
		c := s.clientOf(s.app(t), 5)
		for range 1000 {
			for {
				_, err := c.CreateIssue(t.Context(), github.Issue{Title: "t"})
				if err == nil {
					break
				}
				verdict := github.Classify(err, time.Now())
				if verdict.Do != github.Snooze || !verdict.Until.After(time.Now()) {
					t.Fatalf("%+v", verdict)
				}
				time.Sleep(time.Until(verdict.Until))
			}
		}
		for i := range line.at {
			for _, window := range []struct {
				length time.Duration
				most   int
			}{{time.Second, 1}, {time.Minute, 20}, {time.Hour, 150}} {
				if j := i + window.most; j < len(line.at) && line.at[j]-line.at[i] < window.length {
					t.Fatalf("issue %d to %d in less than %s", i, j, window.length)
				}
			}
		}
		if total := line.at[len(line.at)-1]; total > 8*time.Hour {
			t.Errorf("a thousand issues took %s", total)
		}
	})
}

func TestLimitsWithoutATimeDouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStub()
		limited := true
		s.on("POST", "/issues/3/comments", func(w http.ResponseWriter, r *http.Request) {
			if limited {
				answer(403, `{"message":"You have exceeded a secondary rate limit."}`)(w, r)
				return
			}
			answer(201, `{"id":1}`)(w, r)
		})
		c := s.client(t)
		// closed returns for how long a comment is refused after one that met the limit.
		closed := func() time.Duration {
			t.Helper()
			if _, err := c.Comment(t.Context(), 3, "c"); github.Classify(err, time.Now()).Do != github.Snooze {
				t.Fatalf("%v", err)
			}
			_, err := c.Comment(t.Context(), 3, "c")
			limit, ok := errors.AsType[*github.LimitError](err)
			if !ok {
				t.Fatalf("%v", err)
			}
			wait := time.Until(limit.Until)
			time.Sleep(wait)
			return wait
		}
		for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
			if got := closed(); got != want*time.Minute {
				t.Errorf("%s, want %s", got, want*time.Minute)
			}
		}
		limited = false
		if _, err := c.Comment(t.Context(), 3, "c"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		limited = true
		if got := closed(); got != time.Minute {
			t.Errorf("after a good answer %s, want a minute", got)
		}
	})
}
