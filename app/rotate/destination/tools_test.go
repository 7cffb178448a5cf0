package destination_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// TestMain lets the test binary be a vendor's program, too.
func TestMain(m *testing.M) {
	destinationtest.Main(m, map[string]destinationtest.Program{"unwell": unwell, "vendor": func(p *destinationtest.Process) int {
		switch p.Args[0] {
		case "echo":
			fmt.Fprintf(p.Out, "%s", p.Input)
		case "quote":
			fmt.Fprintf(p.Err, "\x1b[31mthe value %s is refused\n", p.Input)
			return 3
		case "much":
			fmt.Fprint(p.Out, strings.Repeat("x", 17<<20))
		case "wait":
			time.Sleep(time.Minute)
		}
		return 0
	}})
}

// TestTools: a program gets what it needs and nothing else, and what it says is told without the secret.
func TestTools(t *testing.T) {
	t.Parallel()
	dir := destinationtest.Install(t, "vendor")
	key := detect.NewSecret(detecttest.Key(1, detect.Live))
	machine := func(path string) *destination.Tools {
		return (&destination.Machine{Environ: []string{
			"PATH=" + path, "HOME=/home/ada", "LC_ALL=C", "VENDOR_TOKEN=t", "OTHER_TOKEN=secret-of-another", "CLERK_SECRET_KEY=" + key.Reveal(), "https_proxy=http://proxy",
		}}).Tools()
	}
	tools := machine(dir)
	out, err := tools.Run(t.Context(), destination.Call{Program: "vendor", Args: []string{"echo"}, Input: []byte(key.Reveal()), Secret: key, Pass: []string{"VENDOR_TOKEN"}})
	if err != nil || string(out) != key.Reveal() {
		t.Errorf("%v", err)
	}
	seen := destinationtest.Calls(t, dir)
	if strings.Contains(seen, key.Reveal()) || strings.Contains(seen, "secret-of-another") {
		t.Error("the program was given what it doesn't need")
	}
	for _, want := range []string{"VENDOR_TOKEN=t", "HOME=/home/ada", "LC_ALL=C", "https_proxy=http://proxy"} {
		if !strings.Contains(seen, want) {
			t.Errorf("the program was not given %s: %s", want, seen)
		}
	}

	_, err = tools.Run(t.Context(), destination.Call{Program: "vendor", Args: []string{"quote"}, Input: []byte(key.Reveal()), Secret: key})
	var failed *destination.ToolError
	if !errors.As(err, &failed) || failed.Status != 3 || strings.Contains(err.Error(), key.Reveal()[10:20]) {
		t.Errorf("%v", err)
	}
	_, err = tools.Run(t.Context(), destination.Call{Program: "vendor", Args: []string{"quote"}, Input: []byte("of PORT")})
	if err == nil || !strings.Contains(err.Error(), "the value of PORT is refused") || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("%v", err)
	}
	if _, err := tools.Run(t.Context(), destination.Call{Program: "vendor", Args: []string{"much"}}); err == nil {
		t.Error("17 MiB are too much")
	}
	if _, err := tools.Run(t.Context(), destination.Call{Program: "vendor", Args: []string{"wait"}, Timeout: time.Millisecond}); !errors.As(err, &failed) || failed.Status != -1 {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tools.Run(ctx, destination.Call{Program: "vendor", Args: []string{"echo"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestProgramsOfARepositoryAreNotRun: the current directory is no place for programs, whatever the PATH says.
func TestProgramsOfARepositoryAreNotRun(t *testing.T) {
	t.Parallel()
	dir := destinationtest.Install(t, "vendor")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(here, dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{relative, ".", "", string(filepath.ListSeparator)} {
		tools := (&destination.Machine{Environ: []string{"PATH=" + path}}).Tools()
		if found, ok := tools.Find("vendor"); ok {
			t.Errorf("PATH=%q: %s is found", path, found)
		}
		if _, err := tools.Run(t.Context(), destination.Call{Program: "vendor", Args: []string{"echo"}}); !errors.Is(err, destination.ErrNotInstalled) {
			t.Errorf("PATH=%q: %v", path, err)
		}
	}
}

// TestProgramsOfTheCloneAreNotRun: npm run and direnv put node_modules/.bin on the PATH with its whole name. Neither what rekey starts is from there, nor
// what that starts itself by its name.
func TestProgramsOfTheCloneAreNotRun(t *testing.T) {
	t.Parallel()
	dir, clone := destinationtest.Install(t, "vendor"), t.TempDir()
	bin := filepath.Join(clone, "node_modules", ".bin")
	if err := os.MkdirAll(filepath.Dir(bin), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(destinationtest.Install(t, "vendor", "node"), bin); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "shop")
	if err := os.Symlink(clone, link); err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(clone, "bin")
	if err := os.Rename(destinationtest.Install(t, "vendor"), own); err != nil {
		t.Fatal(err)
	}
	resolved, err := filepath.EvalSymlinks(clone)
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range []string{own, filepath.Join(link, "bin"), "node_modules/.bin"} {
		m := &destination.Machine{Clone: resolved, Home: "/home/ada", Environ: []string{"PATH=" + in + string(filepath.ListSeparator) + dir}}
		if found, ok := m.Tools().Find("vendor"); !ok || found != filepath.Join(dir, "vendor") {
			t.Errorf("%s: %s is found", in, found)
		}
		if _, err := m.Tools().Run(t.Context(), destination.Call{Program: "vendor", Args: []string{"echo"}}); err != nil {
			t.Error(err)
		}
		if seen := destinationtest.Calls(t, dir); strings.Contains(seen, in) || !strings.Contains(seen, `"PATH=`+dir+`"`) || !strings.Contains(seen, "NoDefaultCurrentDirectoryInExePath=1") {
			t.Errorf("the program was told of %s: %s", in, seen)
		}
	}
	// Settings of a home directory may be in git.
	home := &destination.Machine{Clone: resolved, Home: resolved, Environ: []string{"PATH=" + own}}
	if _, ok := home.Tools().Find("vendor"); !ok {
		t.Error("a person's own program is not found")
	}
}
