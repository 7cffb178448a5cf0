package main

import (
	"flag"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// update writes the texts that scripts compare with: go test ./app/rekey -update.
var update = flag.Bool("update", false, "write the goldens of testdata/script")

// TestMain lets the test binary be the program in testscripts.
func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"rekey": main}) }

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", UpdateScripts: *update,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"plant": plant, "nokey": noKey},
	})
}
