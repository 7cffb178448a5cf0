package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be the program in testscripts.
func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"rekey": main}) }

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:  "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"plant": plant, "nokey": noKey},
	})
}
