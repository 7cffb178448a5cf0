// Command rekey finds leaked Clerk keys in what is pushed to GitHub, and stays with each leak until the key is revoked.
//
// This package reads the command line; it decides nothing itself:
//
//   - serve starts the server, app/serve.
//   - scan reads files, directories and histories on this machine, app/scan.
//
// docs/architecture.md describes the packages and what happens on a push.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set by the linker for releases: -ldflags "-X main.version=v1.2.3".
var version string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// commandLine is the whole command line, as kong reads it.
type commandLine struct {
	Serve   serveCommand   `cmd:"" help:"Run the GitHub App's server."`
	Scan    scanCommand    `cmd:"" help:"Look for Clerk keys in files, directories and histories."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

const description = `Finds leaked Clerk keys in every push to GitHub, and stays with each leak until the key is dead.

Start here:

  rekey scan .         look through a directory
  rekey serve --help   run it for an organisation`

// streams are what a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// exitStatus is an error that only ends the program with a status: what there was to say has been said.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// run is the program: its exit status is 0 for success, 1 where a command found what it looks for, 2 for errors.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	var line commandLine
	exited, status := false, 0
	parser, err := kong.New(&line,
		kong.Name("rekey"), kong.Description(description), kong.UsageOnError(),
		kong.Writers(out, errOut), kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Exit(func(code int) { exited, status = true, code }),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(streams{in, out, errOut}),
	)
	if err != nil {
		fmt.Fprintf(errOut, "rekey: %v\n", err)
		return 2
	}
	command, err := parser.Parse(args)
	if exited {
		return status
	}
	if err != nil {
		fmt.Fprintf(errOut, "rekey: %v; see rekey --help\n", err)
		return 2
	}
	err = command.Run()
	var code exitStatus
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	}
	for line := range strings.Lines(err.Error()) { // several settings may be wrong at once
		fmt.Fprintf(errOut, "rekey: %s\n", strings.TrimSuffix(line, "\n"))
	}
	return 2
}

type versionCommand struct{}

// Run prints the version, the commit that it was built from where the build knows it, and the platform.
func (versionCommand) Run(s streams) error {
	fmt.Fprintf(s.out, "rekey %s %s %s/%s\n", versionName(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}

func versionName() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "development"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && len(setting.Value) >= 12 {
			return "development-" + setting.Value[:12]
		}
	}
	return "development"
}
