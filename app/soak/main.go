// Command soak measures running servers under load, and asserts that nothing is lost: every push gets one check run, on one server
// those of a repository in their order, and every leak one issue. Time is reported, not asserted. It needs git; a PostgreSQL server
// where SOAK_STORE=postgres. Everything happens on this machine:
//
//   - this process is the stand-in for GitHub, and sends the webhooks;
//   - the servers are processes of their own, which are the same as `rekey serve` but for one thing: unless SOAK_GITHUB_PACE=1, they
//     write to the stand-in a thousand times as fast as GitHub allows.
//
// Run it with `make soak`; its settings are in `go run ./app/soak --help`, its figures in docs/scale.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// settings say how much is pushed at what.
type settings struct {
	Pushes        int    `env:"SOAK_PUSHES" default:"10000" help:"Pushes of the burst."`
	Repositories  int    `env:"SOAK_REPOSITORIES" default:"500" help:"Repositories that they go to."`
	Installations int    `env:"SOAK_INSTALLATIONS" default:"20" help:"Installations that these belong to."`
	Store         string `env:"SOAK_STORE" default:"sqlite" enum:"sqlite,postgres" help:"sqlite or postgres."`
	Processes     int    `env:"SOAK_PROCESSES" default:"1" help:"Servers; more than one need PostgreSQL."`
	Connections   int    `env:"SOAK_CONNECTIONS" default:"64" help:"Connections that send deliveries at once."`
	Noise         int    `env:"SOAK_NOISE" default:"2000" help:"Pushes of the noisy installation; 0: none."`
	LargeMB       int    `env:"SOAK_LARGE_MB" default:"500" help:"Size of the large push in MB; 0: none."`
	GitHubPace    bool   `env:"SOAK_GITHUB_PACE" help:"Keep to the pace that GitHub asks for: of each installation 20 check runs at once, then one a second."`
	Postgres      string `env:"REKEY_TEST_POSTGRES_URL" help:"PostgreSQL server, where SOAK_STORE=postgres: it gets a database for this run."`
	Keep          bool   `env:"SOAK_KEEP" help:"Leave the data and the servers' logs, and print where they are."`
}

func (s settings) check() error {
	switch {
	case s.Installations < 2, s.Repositories < s.Installations, s.Pushes < s.Repositories, s.Processes < 1, s.Connections < 1:
		return errors.New("there must be two installations, a repository in each, and a push to each repository at least")
	case s.Processes > 1 && s.Store != "postgres":
		return errors.New("SOAK_PROCESSES above 1 needs SOAK_STORE=postgres")
	case s.Store == "postgres" && s.Postgres == "":
		return errors.New("set REKEY_TEST_POSTGRES_URL to postgres://USER@HOST:PORT/DATABASE")
	}
	return nil
}

func run(ctx context.Context) error {
	if os.Getenv(serveVariable) != "" {
		return serveFromEnvironment(ctx)
	}
	var s settings
	parser, err := kong.New(&s, kong.Name("soak"))
	if err != nil {
		return err
	}
	if _, err := parser.Parse(os.Args[1:]); err != nil {
		return err
	}
	if err := s.check(); err != nil {
		return err
	}
	w, err := newWorld(ctx, s)
	if err != nil {
		return err
	}
	defer w.close()
	return w.play(ctx)
}

// play runs the phases one after the other, and prints what they measured.
func (w *world) play(ctx context.Context) error {
	var t table
	t.add("machine", machine(), "")
	t.add("servers", fmt.Sprintf("%d on %s, each as `rekey serve` runs it", w.Processes, w.Store), "")
	if w.GitHubPace {
		t.add("GitHub's pace", "kept: of each installation 20 check runs at once, then one a second", "")
	} else {
		t.add("GitHub's pace", "lifted: the servers write a thousand times as fast as GitHub allows", "")
	}
	for _, phase := range []struct {
		name string
		run  func(context.Context, *table) error
	}{
		{"idle pushes", w.quietPushes},
		{"burst", w.burst},
		{"noisy installation", w.noisy},
		{"large push", w.large},
		{"a server that crashes", w.killed},
		{"what must hold", w.invariants},
		{"idle", w.idle},
	} {
		began := time.Now()
		w.say("%s …", phase.name)
		if err := phase.run(ctx, &t); err != nil {
			t.print(os.Stdout)
			return fmt.Errorf("%s: %w", phase.name, err)
		}
		w.say("%s: %s", phase.name, time.Since(began).Round(time.Millisecond))
	}
	t.print(os.Stdout)
	return nil
}

// say tells on standard error how far the run is.
func (w *world) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%6.1fs  %s\n", time.Since(w.began).Seconds(), fmt.Sprintf(format, args...))
}
