package main

import (
	"bytes"
	"context"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be the program: as rekey in testscripts, and where REKEY_TEST_RUN is set, for tests that
// kill a real process.
func TestMain(m *testing.M) {
	if os.Getenv("REKEY_TEST_RUN") != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		status := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
		stop()
		os.Exit(status)
	}
	testscript.Main(m, map[string]func(){"rekey": main})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:  "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"plant": plant, "nokey": noKey},
	})
}

func TestDemoComesOutAsItMust(t *testing.T) {
	t.Parallel()
	var out, errOut bytes.Buffer
	if status := run(t.Context(), []string{"demo", "--once"}, strings.NewReader(""), &out, &errOut); status != 0 {
		t.Fatalf("exit status %d:\n%s%s", status, &out, &errOut)
	}
	for _, want := range []string{"A clean commit", "production key", "fork's pull request", "annotation  .env.production:3", "All came out as it must"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the demo's output lacks %q:\n%s", want, &out)
		}
	}
}
