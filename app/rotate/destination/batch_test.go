package destination

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBatchFilesGetNothingThatMeansSomething: cmd.exe, which runs batch files on Windows, would read such an argument as a command.
func TestBatchFilesGetNothingThatMeansSomething(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"vercel.cmd", "vercel.BAT", "vercel"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	tools := (&Machine{Environ: []string{"PATH=" + dir}}).Tools()
	for arg, refused := range map[string]bool{
		"api": false, "/v9/projects/prj_1?teamId=team_2": false, "two words": false,
		`"&calc&"`: true, "a&b": true, "%PATH%": true, "a|b": true, "a>b": true, "^": true, "!x!": true, "a\nb": true,
	} {
		for _, program := range []string{"vercel.cmd", "vercel.BAT"} {
			_, err := tools.Run(t.Context(), Call{Program: program, Args: []string{"x", arg}})
			if got := err != nil && strings.Contains(err.Error(), "is a batch file here"); got != refused {
				t.Errorf("%s with %q: %v", program, arg, err)
			}
		}
		if _, err := tools.Run(t.Context(), Call{Program: "vercel", Args: []string{arg}}); err != nil && strings.Contains(err.Error(), "batch") {
			t.Errorf("a program with %q: %v", arg, err)
		}
	}
}
