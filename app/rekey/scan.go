package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"golang.org/x/term"

	"github.com/rekey-app/rekey/app/scan"
	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/detect"
)

type scanCommand struct {
	Paths          []string `arg:"" optional:"" name:"path" help:"Files, directories, or - for standard input; repositories with --history and --range, repositories or files with --staged. Default: this directory."`
	Staged         bool     `help:"Scan what the next commit would add." xor:"what"`
	History        bool     `help:"Scan every object of the repository, all refs." xor:"what"`
	Range          string   `help:"Scan the commits that are in B but not in A, such as origin/main..HEAD." xor:"what" placeholder:"A..B"`
	GitHub         string   `name:"github" help:"Scan what GitHub has of an owner or a repository: git, issues, pull requests and more." xor:"what" placeholder:"OWNER[/REPO]"`
	Format         string   `default:"text" enum:"text,json,sarif" placeholder:"FORMAT" help:"text, json (one object per line) or sarif (2.1.0)."`
	Output         string   `short:"o" placeholder:"FILE" help:"Write the result to a file instead of standard output."`
	Quiet          bool     `short:"q" help:"Print only what was found: no advice, warnings, totals or progress."`
	Verbose        bool     `short:"v" help:"List every file that could not be read, however many there are."`
	IncludeIgnored bool     `help:"Fail on keys in files that git ignores too, such as .env.local."`
	Baseline       string   `placeholder:"FILE" help:"An earlier result, written with --format json: its findings are known and don't count."`
	Ignore         string   `placeholder:"FILE" help:"Fingerprints and path patterns to ignore. Default: .rekeyignore here and in the scanned directory."`
	Malformed      bool     `help:"Report keys of the wrong length too, on lines that mention Clerk: truncated or mistyped."`
	Strict         bool     `help:"Exit with 2 also if part of a file could not be read, as in a damaged or encrypted archive."`
	Workers        int      `placeholder:"N" help:"How many files to read at once. Default: one per processor."`
	Color          string   `default:"auto" enum:"auto,always,never" placeholder:"WHEN" help:"auto, always or never."`

	githubFlags

	silent bool // prints nothing where nothing was found, as hooks do
}

// Help is shown by rekey scan --help.
func (scanCommand) Help() string {
	return `Reads everything in a directory except .git, which --history reads. Keys in files that git ignores and doesn't track are listed
separately and don't fail the scan: they aren't in git, and that is where Clerk's own guides put them. No option prints a key,
only its public prefix and last four characters.

Examples:

  rekey scan .                           a directory
  rekey scan --staged                    the next commit, as a pre-commit hook
  rekey scan --range origin/main..HEAD   a branch
  rekey scan --history                   everything this repository has ever held
  pg_dump app | rekey scan -             standard input
  rekey scan --github acme               everything that GitHub has of an organisation
  rekey scan --format sarif -o rekey.sarif .

A line with rekey:allow is skipped, unless its key is a production key. .rekeyignore holds fingerprints and path patterns, one
per line; the allow section of .github/rekey.yml counts too. The output says how many findings each of them silenced.

--github needs no GitHub App. It reads git, issues and pull requests with comments and reviews, discussions, releases with their files, and
wikis, with what edited texts said before. Logs of Actions cost a request for each run: --include actions,… reads them. It asks with the
token in GH_TOKEN or GITHUB_TOKEN, or the one that gh has, or else reads what is public, with 60 requests an hour. The same command goes on
with a scan that was interrupted.

Exit status: 0 nothing found, 1 something found, 2 something could not be read.`
}

// Run scans and reports. Its exit status is told by [exitStatus].
func (c scanCommand) Run(ctx context.Context, s streams) error {
	if c.GitHub != "" {
		return c.runGitHub(ctx, s)
	}
	if err := c.githubOnly(); err != nil {
		return err
	}
	if len(c.Paths) == 1 && c.Paths[0] == "-" && isTerminal(s.in) && isTerminal(s.err) {
		fmt.Fprintln(s.err, "rekey: reading from the terminal; press Ctrl-D to finish")
	}
	debug.SetGCPercent(c.garbage())
	meter := new(scan.Meter)
	stop := func() {}
	if !c.Quiet {
		stop = showProgress(s.err, meter)
	}
	result, failed := scan.Run(ctx, detect.New(detect.Options{Malformed: c.Malformed}), scan.Options{
		Paths: c.Paths, Stdin: s.in, Staged: c.Staged, History: c.History, Range: c.Range, Workers: c.Workers, IgnoreFile: c.Ignore,
		Baseline: c.Baseline, IncludeIgnored: c.IncludeIgnored, Getenv: os.Getenv, Now: time.Now, Meter: meter,
	})
	stop()
	return c.finish(ctx, s, result, failed)
}

// finish says what was found, and returns what the exit status tells.
func (c scanCommand) finish(ctx context.Context, s streams, result scan.Result, failed error) error {
	if !c.Quiet {
		if err := scan.WriteProblems(s.err, result, c.Verbose); err != nil {
			return err
		}
	}
	if failed == nil && !c.silent || len(result.Hits) > 0 {
		if err := c.report(s, result); err != nil {
			return fmt.Errorf("writing the result: %w", err)
		}
	}
	if ctx.Err() != nil && c.GitHub == "" {
		return errors.New("stopped before everything was read")
	}
	if failed != nil {
		return failed
	}
	unread, part := result.Unread()
	switch {
	case unread > 0, c.Strict && part > 0:
		return exitStatus(2)
	case len(result.Hits) > 0:
		return exitStatus(1)
	}
	return nil
}

// report writes the result where it is wanted, and what there is to say about it where a program reads it.
func (c scanCommand) report(s streams, result scan.Result) (err error) {
	counts := result.Counts()
	if c.Output == "" {
		err = c.write(s.out, result)
	} else {
		counts = result.Total() + "; written to " + terminal.Printable(c.Output)
		err = c.writeFile(result)
	}
	if err == nil && !c.Quiet && counts != "" && (c.Format != "text" || c.Output != "") {
		fmt.Fprintf(s.err, "rekey: %s\n", counts)
	}
	return err
}

func (c scanCommand) writeFile(result scan.Result) error {
	f, err := os.Create(c.Output)
	if err != nil {
		return err
	}
	return errors.Join(c.write(f, result), f.Close())
}

// garbage is how much of it may lie in memory, in percent of what is in use. Files leave little of either. A history keeps
// tables of all its objects, some 30 MB for half a million, and several times as much garbage would be many times more
// than all else: 135,000 blobs took 220 MB at 400 %, and 104 MB at 50 %, in the same time.
func (c scanCommand) garbage() int {
	if c.History || c.GitHub != "" {
		return 50
	}
	return 400
}

func (c scanCommand) write(w io.Writer, r scan.Result) error {
	switch c.Format {
	case "json":
		return scan.WriteJSON(w, r)
	case "sarif":
		dir, err := os.Getwd()
		if err != nil {
			return err
		}
		return scan.WriteSARIF(w, r, scan.SARIFOptions{Version: versionName(), Dir: dir})
	}
	return scan.WriteText(w, r, scan.Style{Style: styleOf(w, c.Color), Quiet: c.Quiet})
}

// styleOf is how text is written to w: in colour always, never, or where that can be seen.
func styleOf(w io.Writer, colour string) terminal.Style {
	return terminal.Style{Colour: colour == "always" || colour == "auto" && colourful(w), Width: widthOf(w)}
}

// colourful follows no-color.org.
func colourful(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isTerminal(f) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && understandsANSI(f)
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// widthOf is how many characters fit into a line of a terminal; 0 for what is none.
func widthOf(stream any) int {
	f, ok := stream.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}
