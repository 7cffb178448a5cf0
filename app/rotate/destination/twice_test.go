package destination_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// unwell is a program that fails as often as its first argument says, with words that may hold what it read.
func unwell(p *destinationtest.Process) int {
	runs := 0
	err := destinationtest.Remember(p.Dir, func(n *int) error { *n++; runs = *n; return nil })
	if err != nil || fmt.Sprint(runs) <= p.Args[0] {
		fmt.Fprintln(p.Err, strings.ReplaceAll(p.Flag("--say"), "INPUT", string(p.Input)))
		return 3
	}
	fmt.Fprint(p.Out, "well")
	return 0
}

// A program runs again where that may help, and only there; what it says is told without the secret and without flags.
func TestProgramsRunTwice(t *testing.T) {
	t.Parallel()
	secret := detecttest.Key(1, detect.Live)
	for name, test := range map[string]struct {
		fails, say string
		want       string
		runs       int
	}{
		"well":              {"0", "", "well", 1},
		"limited":           {"1", "Error: Too Many Requests", "well", 2},
		"limited for long":  {"9", "Error: too many\nrequests", "unwell 9: Error: too many requests", 2},
		"a lost connection": {"1", "Post https://acme.example: unexpected EOF", "well", 2},
		"no login":          {"9", "Error: not logged in", "unwell 9: Error: not logged in", 1},
		"checks that fail":  {"9", "timeout reached waiting for health checks to pass", "unwell 9: timeout reached waiting for health checks to pass", 1},
		"the secret":        {"9", "INPUT is no key", "unwell 9: it ended with status 3", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := destinationtest.Install(t, "unwell")
			m := destination.Machine{Environ: []string{"PATH=" + dir}, Pause: time.Millisecond}
			out, err := m.Tools().Twice(t.Context(), destination.Call{
				Program: "unwell", Args: []string{test.fails, "--say", test.say}, Input: []byte(secret), Secret: detect.NewSecret(secret),
			})
			got := string(out)
			if err != nil {
				got = err.Error()
			}
			if got != test.want || destinationtest.Runs(t, dir) != test.runs {
				t.Errorf("%q after %d runs, want %q after %d", got, destinationtest.Runs(t, dir), test.want, test.runs)
			}
		})
	}
}
