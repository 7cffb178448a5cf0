// Command rekey finds leaked Clerk keys in what is pushed to GitHub, and stays with each leak until the key is revoked.
//
// This package reads the command line; it decides nothing itself:
//
//   - serve starts the server, app/serve.
//   - status asks a running server how it is, app/status.
//   - scan reads files, directories and histories on this machine, app/scan, or what GitHub has of an owner, app/online.
//   - audit reads how an app on this machine uses Clerk, app/audit/local.
//   - rotate replaces a leaked credential, app/rotate.
//   - hook installs git's hooks and is run by them, app/hook, and by those of coding agents, app/agent.
//   - ruleset prints app/ruleset, and who lacks it.
//   - github-pattern prints detect/pattern for GitHub's own push protection.
//
// docs/architecture.md describes the packages, and walks through what happens on a push, a scan and a command.
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

	"github.com/rekey-app/rekey/app/terminal"
)

// version is set by the linker for releases: -ldflags "-X main.version=v1.2.3".
var version string

func main() {
	ctx, stop := untilSignal(context.Background())
	status := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// untilSignal ends the context at the first SIGINT or SIGTERM. The second one ends the process: whoever sends it does not want to
// wait for a stop in good order.
func untilSignal(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// commandLine is the whole command line, as kong reads it.
type commandLine struct {
	Version kong.VersionFlag `help:"Print the version and exit."`

	Scan          scanCommand          `cmd:"" help:"Find Clerk keys in files, directories and git repositories on this machine, or in what GitHub has."`
	Audit         auditCommand         `cmd:"" help:"Find mistakes in how an app uses Clerk."`
	Rotate        rotateCommand        `cmd:"" help:"Rotate a leaked key: make a new one, write it everywhere, redeploy, end the old one."`
	Hook          hookCommand          `cmd:"" help:"Keep Clerk keys out of commits, pushes and what coding agents do, with hooks."`
	Serve         serveCommand         `cmd:"" help:"Run the GitHub App's server."`
	Doctor        doctorCommand        `cmd:"" help:"Check what a server needs, and how to fix what is wrong."`
	Recover       recoverCommand       `cmd:"" help:"Recover deliveries that GitHub could not make."`
	Status        statusCommand        `cmd:"" help:"Show how a running server is."`
	Backup        backupCommand        `cmd:"" help:"Copy a running server's SQLite database."`
	Forget        forgetCommand        `cmd:"" help:"Delete all data of an organisation."`
	Ruleset       rulesetCommand       `cmd:"" help:"Print the ruleset that requires rekey's check, or who lacks it."`
	GithubPattern githubPatternCommand `cmd:"" name:"github-pattern" help:"Print patterns that teach GitHub's push protection Clerk's keys."`
	Completion    completionCommand    `cmd:"" help:"Print a completion script for a shell."`
	Man           manCommand           `cmd:"" help:"Print the manual page."`
	VersionOnce   versionCommand       `cmd:"" name:"version" help:"Print the version."`
	Help          helpCommand          `cmd:"" help:"Show help for a command."`
}

const description = `Finds leaked Clerk keys in files, in git and in every push to GitHub, and stays with each leak until the key is revoked.

Start here:

  rekey scan .            scan a directory
  rekey scan --history    scan everything a git repository has ever held
  rekey audit             find mistakes in how an app uses Clerk
  rekey rotate            rotate a leaked key, from the plan to the closed issue
  rekey serve --help      run the GitHub App for an organisation`

// streams are what a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// exitStatus is an error that only ends the program with a status: what there was to say has been said.
type exitStatus int //nolint:errname // a status, not a failure

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// run is the program: its exit status is 0 for success, 1 where a command found what it looks for, 2 for errors.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	var line commandLine
	exited, status := false, 0
	parser, err := kong.New(&line,
		kong.Name("rekey"), kong.Description(description), kong.Vars{"version": versionLine()},
		kong.Writers(out, errOut), kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}), kong.ValueFormatter(helpOf),
		kong.Exit(func(code int) { exited, status = true, code }),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(streams{in, out, errOut}),
	)
	if err != nil {
		fmt.Fprintf(errOut, "rekey: %v\n", err)
		return 2
	}
	command, err := parser.Parse(withHelp(args))
	if exited {
		return status
	}
	if err != nil {
		complain(errOut, fmt.Errorf("%w; see rekey --help", err))
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
	complain(errOut, err)
	return 2
}

// withHelp makes the help of what asks for it in other words: nothing at all, and help.
func withHelp(args []string) []string {
	switch {
	case len(args) == 0:
		return []string{"--help"}
	case args[0] == "help" && !strings.HasPrefix(strings.Join(args[1:], ""), "-"):
		return append(args[1:len(args):len(args)], "--help")
	}
	return args
}

// complain writes an error. What it says may be foreign: names of files, what a repository holds.
func complain(w io.Writer, err error) {
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(w, "rekey: %s\n", terminal.Printable(strings.TrimSuffix(line, "\n")))
	}
}

// helpOf is the help of a flag or argument, with its default.
func helpOf(v *kong.Value) string {
	help := kong.DefaultHelpValueFormatter(v)
	if v.Default == "" || v.IsBool() || strings.Contains(v.OrigHelp, "Default: ") {
		return help
	}
	return strings.TrimSuffix(help, ".") + ". Default: " + v.Default + "."
}

// helpCommand only stands in the list of commands: withHelp turns it into --help.
type helpCommand struct {
	Command []string `arg:"" optional:"" help:"The command to show help for."`
}

// Run is never called.
func (helpCommand) Run() error { return nil }

type versionCommand struct{}

// Run prints the version, the commit that it was built from where the build knows it, and the platform.
func (versionCommand) Run(s streams) error { //nolint:unparam // as kong calls it
	fmt.Fprintln(s.out, versionLine())
	return nil
}

func versionLine() string {
	return fmt.Sprintf("rekey %s %s %s/%s", versionName(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
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
