package github_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
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

// TestWritesKeepTheirDistance asks for many writes at once: those that it is not the turn of are refused, at once, with
// the time of the next one's turn.
func TestWritesKeepTheirDistance(t *testing.T) {
	for name, test := range map[string]struct {
		write   func(context.Context, *github.Client) error
		sent    int
		refused time.Duration
	}{
		"issues": {func(ctx context.Context, c *github.Client) error {
			_, err := c.CreateIssue(ctx, github.Issue{Title: "t"})
			return err
		}, 1, time.Second},
		"check runs": {func(ctx context.Context, c *github.Client) error {
			_, err := c.CreateCheckRun(ctx, checkRun())
			return err
		}, 20, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStub()
				s.on("POST", "/issues", answer(201, `{"number":1}`))
				s.on("POST", "/check-runs", answer(201, `{"id":1}`))
				app := s.app(t)
				start := time.Now()
				for _, installation := range []int64{5, 6} {
					sent := 0
					for range 40 {
						err := test.write(t.Context(), s.clientOf(app, installation))
						if err == nil {
							sent++
							continue
						}
						if verdict := github.Classify(err, time.Now()); verdict.Do != github.Snooze || verdict.Until.Sub(start) != test.refused {
							t.Errorf("%+v", verdict)
						}
					}
					if sent != test.sent {
						t.Errorf("installation %d: %d at once, want %d", installation, sent, test.sent)
					}
				}
				if took := time.Since(start); took != 0 {
					t.Errorf("somebody waited %s", took)
				}
				time.Sleep(test.refused)
				if err := test.write(t.Context(), s.clientOf(app, 5)); err != nil {
					t.Errorf("when it is its turn: %v", err)
				}
			})
		})
	}
}

// TestFurtherAnnotationsGoAtOnce: a check run of many requests is not left half done, and later ones wait for it.
func TestFurtherAnnotationsGoAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStub()
		s.on("POST", "/check-runs", answer(201, `{"id":1}`))
		s.on("PATCH", "/check-runs/1", answer(200, `{"id":1}`))
		app := s.app(t)
		run, start := checkRun(), time.Now()
		run.Annotations = nil
		for range 50 * 30 {
			run.Annotations = append(run.Annotations, github.Annotation{Path: "a", StartLine: 1, EndLine: 1, Level: "failure", Message: "m"})
		}
		if _, err := s.clientOf(app, 5).CreateCheckRun(t.Context(), run); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("it took %s", took)
		}
		_, err := s.clientOf(app, 5).CreateCheckRun(t.Context(), checkRun())
		if verdict := github.Classify(err, time.Now()); verdict.Until.Sub(start) != 11*time.Second {
			t.Errorf("the next one: %+v", verdict)
		}
	})
}

// TestATurnIsTakenBefore: who has taken a turn is not refused the write that it was taken for, and has it once.
func TestATurnIsTakenBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStub()
		s.on("POST", "/issues", answer(201, `{"number":1}`))
		app := s.app(t)
		c := s.clientOf(app, 5)
		ctx, err := app.Turn(t.Context(), 5, github.NewIssues)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := app.Turn(t.Context(), 5, github.NewIssues); github.Classify(err, time.Now()).Do != github.Snooze {
			t.Errorf("a second turn: %v", err)
		}
		if _, err := c.CreateIssue(ctx, github.Issue{Title: "t"}); err != nil {
			t.Errorf("with its turn: %v", err)
		}
		if _, err := c.CreateIssue(ctx, github.Issue{Title: "t"}); github.Classify(err, time.Now()).Do != github.Snooze {
			t.Errorf("with a turn that was used: %v", err)
		}
	})
}

// TestAFifthOfTheQuotaIsKeptForCheckRuns answers with less and less of the hour's quota.
func TestAFifthOfTheQuotaIsKeptForCheckRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStub()
		left, reset := 5000, time.Now().Add(time.Hour)
		s.on("GET", "", func(w http.ResponseWriter, r *http.Request) {
			answer(200, `{"id":77}`, "X-RateLimit-Limit", "5000", "X-RateLimit-Remaining", fmt.Sprint(left),
				"X-RateLimit-Reset", fmt.Sprint(reset.Unix()), "X-RateLimit-Resource", "core")(w, r)
		})
		app := s.app(t)
		for _, step := range []struct {
			left int
			shut []github.Kind
		}{
			{1500, nil},
			{1499, []github.Kind{github.Background}},
			{999, []github.Kind{github.Background, github.NewIssues}},
			{499, []github.Kind{github.Background, github.NewIssues, github.IssueEdits}},
			{1, []github.Kind{github.Background, github.NewIssues, github.IssueEdits}},
		} {
			left = step.left
			if _, err := s.clientOf(app, 5).Repository(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, kind := range []github.Kind{github.Questions, github.Fetches, github.CheckRuns, github.IssueEdits, github.NewIssues, github.Background} {
				want := time.Time{}
				if slices.Contains(step.shut, kind) {
					want = reset
				}
				if at := app.Open(5, kind); at.After(time.Now()) != !want.IsZero() || !want.IsZero() && at.Sub(want).Abs() > time.Second {
					t.Errorf("%d left: kind %d open from %s", left, kind, at)
				}
				if at := app.Open(6, kind); at.After(time.Now()) {
					t.Errorf("another installation's kind %d open from %s", kind, at)
				}
			}
		}
		time.Sleep(61 * time.Minute)
		if at := app.Open(5, github.Background); at.After(time.Now()) {
			t.Errorf("after the hour, open from %s", at)
		}
	})
}

// TestGitsLimitIsRemembered: what git was told holds for git of that installation.
func TestGitsLimitIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStub()
		s.HandleFunc("POST /acme/api.git/git-upload-pack", answer(429, "slow down", "Retry-After", "60"))
		s.on("POST", "/check-runs", answer(201, `{"id":1}`))
		app := s.app(t)
		start := time.Now()
		for range 3 {
			_, err := s.clientOf(app, 5).Refs(t.Context(), "HEAD")
			if verdict := github.Classify(err, time.Now()); verdict.Do != github.Snooze || !verdict.Until.Equal(start.Add(time.Minute)) {
				t.Errorf("%+v", verdict)
			}
		}
		if n := count(s.seen(), "POST /acme/api.git/git-upload-pack"); n != 1 {
			t.Errorf("%d requests although GitHub said to wait", n)
		}
		if at := app.Open(5, github.Fetches); !at.Equal(start.Add(time.Minute)) {
			t.Errorf("fetches are open from %s", at)
		}
		if _, err := s.clientOf(app, 5).CreateCheckRun(t.Context(), checkRun()); err != nil {
			t.Errorf("a check run: %v", err)
		}
		if at := app.Open(6, github.Fetches); at.After(start) {
			t.Errorf("another installation's fetches are open from %s", at)
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
		for _, minutes := range []int{1, 2, 4, 8, 16, 32, 60, 60} {
			if got, want := closed(), time.Duration(minutes)*time.Minute; got != want {
				t.Errorf("%s, want %s", got, want)
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

// shared is what several Apps have in common, in memory.
type shared struct {
	mu        sync.Mutex
	next      map[string]time.Time
	cooldowns map[string]time.Time
}

func (s *shared) Take(_ context.Context, installation int64, rate string, burst int, pause time.Duration, force bool) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, now := fmt.Sprint(installation, rate), time.Now()
	if at := s.next[key].Add(-time.Duration(burst-1) * pause); at.After(now) && !force {
		return at, nil
	}
	if s.next[key].Before(now) {
		s.next[key] = now
	}
	s.next[key] = s.next[key].Add(pause)
	return time.Time{}, nil
}

func (s *shared) SetCooldown(_ context.Context, installation int64, scope string, until time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if installation == 5 {
		s.cooldowns[scope] = until
	}
	return nil
}

func (s *shared) Cooldowns(_ context.Context, show func(int64, string, time.Time)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for scope, until := range s.cooldowns {
		show(5, scope, until)
	}
	return nil
}

// TestProcessesShareTheirLimits lets three processes write check runs for one installation, each as soon as its verdict
// allows: together they stay below 80 in any minute. What one of them is told to wait with, all wait with.
func TestProcessesShareTheirLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, line := newStub(), new(timeline)
		s.on("POST", "/check-runs", line.handler(answer(201, `{"id":1}`)))
		s.HandleFunc("POST /acme/api.git/git-upload-pack", answer(429, "slow down", "Retry-After", "60"))
		common := &shared{next: map[string]time.Time{}, cooldowns: map[string]time.Time{}}
		ctx, cancel := context.WithCancel(t.Context())
		var apps []*github.App
		var sharing, writing sync.WaitGroup
		for range 3 {
			config := s.config()
			config.Shared = common
			app, err := github.New(config)
			if err != nil {
				t.Fatal(err)
			}
			apps = append(apps, app)
			sharing.Go(func() { app.SyncLimits(ctx) })
			writing.Go(func() {
				c := s.clientOf(app, 5)
				for until := time.Now().Add(3 * time.Minute); time.Now().Before(until); {
					_, err := c.CreateCheckRun(ctx, checkRun())
					if verdict := github.Classify(err, time.Now()); err != nil {
						if verdict.Do != github.Snooze {
							t.Error(err)
							return
						}
						time.Sleep(time.Until(verdict.Until))
					}
				}
			})
		}
		writing.Wait()
		for i := range line.at {
			if j := i + 81; j < len(line.at) && line.at[j]-line.at[i] < time.Minute {
				t.Fatalf("check run %d to %d in less than a minute", i, j)
			}
		}
		if len(line.at) < 180 {
			t.Errorf("%d check runs in three minutes, want one a second", len(line.at))
		}
		if _, err := s.clientOf(apps[0], 5).Refs(ctx, "HEAD"); err == nil {
			t.Error("git was to be limited")
		}
		time.Sleep(3 * time.Second)
		if _, err := s.clientOf(apps[2], 5).Refs(ctx, "HEAD"); err == nil {
			t.Error("another process was to wait")
		}
		if n := count(s.seen(), "POST /acme/api.git/git-upload-pack"); n != 1 {
			t.Errorf("%d requests although GitHub said to wait", n)
		}
		cancel()
		sharing.Wait()
	})
}
