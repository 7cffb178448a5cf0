package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

// update writes the texts that scripts compare with: go test ./app/rekey -update.
var update = flag.Bool("update", false, "write the goldens of testdata/script")

// TestMain lets the test binary be the program in testscripts.
func TestMain(m *testing.M) {
	if os.Getenv(stopsSlowly) != "" {
		stopSlowly()
		return
	}
	testscript.Main(leakless{m}, map[string]func(){"rekey": main})
}

// leakless fails where a test leaves a goroutine behind.
type leakless struct{ m *testing.M }

func (l leakless) Run() int {
	code := l.m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func TestScripts(t *testing.T) {
	t.Parallel()
	source, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("SOURCE", source) // where the GitHub action finds its parts
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"plant": plant, "nokey": noKey, "stored": stored, "missed": missed, "servegit": serveGit, "servegithub": serveGitHub, "steady": steady},
	})
}

// TestTheHelpOfEveryCommandIsFrozen: a new command has its help in the script, too.
func TestTheHelpOfEveryCommandIsFrozen(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("testdata/script/help.txtar")
	if err != nil {
		t.Fatal(err)
	}
	parser, err := kong.New(&commandLine{}, kong.Vars{"version": ""})
	if err != nil {
		t.Fatal(err)
	}
	commands := parser.Model.Leaves(false)
	if len(commands) < 5 {
		t.Errorf("%d commands", len(commands))
	}
	for _, command := range commands {
		if want := fmt.Sprintf("\nexec rekey %s --help\ncmp stdout ", command.Path()); !strings.Contains(string(script), want) {
			t.Errorf("the help of %s is not in help.txtar", command.Path())
		}
	}
}

// stopsSlowly is set where the test binary runs as a program whose stop takes longer than anybody waits.
const stopsSlowly = "REKEY_TEST_STOPS_SLOWLY"

func stopSlowly() {
	ctx, stop := untilSignal(context.Background())
	defer stop()
	fmt.Println("running")
	<-ctx.Done()
	fmt.Println("stopping")
	time.Sleep(time.Hour)
}
