package app

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

const instance = "ins_2abcDEFghiJKLmnoPQRstuVWXyz"

func newShop(t *testing.T) *world {
	t.Helper()
	return newWorld(t, githubtest.Options{})
}

// filed lists the issues of a world that has settled, and demands that there are n.
func (w *world) filed(n int) []githubtest.Issue {
	w.t.Helper()
	issues := w.shop.Issues()
	if len(issues) != n {
		w.t.Fatalf("%d issues, want %d", len(issues), n)
	}
	return issues
}

func (w *world) view(look func(context.Context, *ledger.Tx) error) {
	w.t.Helper()
	if err := w.server.Store().View(w.ctx, look); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) stats() (stats ledger.Stats) {
	w.t.Helper()
	w.view(func(ctx context.Context, tx *ledger.Tx) (err error) {
		stats, err = tx.Stats(ctx)
		return err
	})
	return stats
}

// leak is what the ledger knows of an issue's leak.
func (w *world) leak(number int) (leak respond.Leak, history []respond.Event) {
	w.t.Helper()
	w.view(func(ctx context.Context, tx *ledger.Tx) (err error) {
		if leak, err = tx.LeakByIssue(ctx, w.shop.ID(), number); err != nil {
			return err
		}
		history, err = tx.Events(ctx, leak.ID)
		return err
	})
	return leak, history
}

// secret makes a credential that must appear nowhere, and makes Clerk know it.
func (w *world) secret(seed int64, environment detect.Environment) (string, detect.Secret) {
	key := w.key(seed, environment)
	w.clerk.Add(detect.NewSecret(key), instance, environment)
	return key, detect.NewSecret(key)
}

// leaked pushes a key and waits for its issue.
func (w *world) leaked(seed int64, environment detect.Environment) (sha string, key detect.Secret, issue githubtest.Issue) {
	w.t.Helper()
	before := len(w.shop.Issues())
	text, key := w.secret(seed, environment)
	sha = w.pushed(map[string]string{fmt.Sprintf("%d.env", seed): env(text)})
	w.settle()
	issues := w.shop.Issues()
	if len(issues) != before+1 {
		w.t.Fatalf("%d issues, want %d", len(issues), before+1)
	}
	return sha, key, issues[before]
}

// took demands that a delivery was taken, and waits until all is done that it asks for.
func (w *world) took(sent githubtest.Delivery, err error) {
	w.t.Helper()
	if err != nil || sent.Status != http.StatusAccepted {
		w.t.Fatalf("%s was answered %d, %v", sent.Event, sent.Status, err)
	}
	w.settle()
}

func (w *world) say(number int, body string, by *githubtest.Account) {
	w.t.Helper()
	w.took(w.shop.Comment(w.ctx, number, body, by))
}

// issue is an issue as it stands, without the comments of people.
func (w *world) issue(number int) githubtest.Issue {
	w.t.Helper()
	for _, i := range w.shop.Issues() {
		if i.Number == number {
			i.Comments = slices.DeleteFunc(i.Comments, func(c githubtest.Comment) bool { return c.Author != w.github.Bot().Login })
			return i
		}
	}
	w.t.Fatalf("there is no issue %d", number)
	return githubtest.Issue{}
}

// last is our last comment, and demands that there are n in all.
func (w *world) last(number, n int) string {
	w.t.Helper()
	comments := w.issue(number).Comments
	if len(comments) != n {
		var list strings.Builder
		for _, c := range comments {
			list.WriteString("\n--\n" + c.Body)
		}
		w.t.Fatalf("%d comments of ours under issue %d, want %d:%s", len(comments), number, n, list.String())
	}
	if n == 0 {
		return ""
	}
	return comments[n-1].Body
}

func (w *world) conclusion(sha, want string) {
	w.t.Helper()
	runs := keyChecks(w.shop, sha)
	if len(runs) != 1 || runs[0].Conclusion != want {
		w.t.Errorf("the check runs of %s: %+v, want one that is %s", sha, runs, want)
	}
}

func (w *world) state(number int, issue string, leak respond.State) {
	w.t.Helper()
	if got := w.issue(number).State; got != issue {
		w.t.Errorf("the issue is %s, want %s", got, issue)
	}
	if got, _ := w.leak(number); got.State != leak {
		w.t.Errorf("the leak is %s, want %s", got.State, leak)
	}
}

func (w *world) used(key detect.Secret, want int) {
	w.t.Helper()
	if got, _ := w.clerk.Used(key); got != want {
		w.t.Errorf("the living key was used %d times, want %d", got, want)
	}
}

func holds(t *testing.T, what, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%s lacks %q:\n%s", what, want, text)
		}
	}
}

// together runs tests at once, each under its name.
func together(t *testing.T, tests map[string]func(*testing.T)) {
	t.Helper()
	t.Parallel()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}
