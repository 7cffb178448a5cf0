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
	"github.com/rekey-app/rekey/detect"
)

type scanCommand struct {
	Paths     []string `arg:"" optional:"" name:"path" help:"Files, directories, or - for standard input; with --history or --staged, repositories. Default: this directory."`
	Staged    bool     `help:"Look through what the next commit would add." xor:"what"`
	History   bool     `help:"Look through every object of the repository, all refs." xor:"what"`
	Format    string   `default:"text" enum:"text,json,sarif" help:"text, json (one object a line) or sarif (2.1.0)."`
	Ignore    string   `placeholder:"FILE" help:"What to pass over: fingerprints and path patterns. Default: .rekeyignore here and in the scanned directory."`
	Malformed bool     `help:"Report also keys of a wrong length on lines that speak of Clerk: cut short, or mistyped."`
	Strict    bool     `help:"Exit with 2 also where a part of a file could not be read, as in a damaged or encrypted archive."`
	Workers   int      `placeholder:"N" help:"How many files are read at once. Default: one for each processor."`
	Color     string   `default:"auto" enum:"auto,always,never" help:"auto, always or never."`
}

// Help is shown by rekey scan --help.
func (scanCommand) Help() string {
	return `Everything in a directory is read, whatever .gitignore says; .git is not, that is what --history is for. No option
prints a key: what is shown is its public prefix and its last four characters.

Examples:

  rekey scan .                        a directory
  rekey scan --history                the whole past of this repository
  rekey scan --staged                 as a pre-commit hook
  pg_dump app | rekey scan -          standard input
  rekey scan --format sarif . > rekey.sarif

A line that says rekey:allow is passed over, unless the key is a production key. .rekeyignore holds fingerprints and path
patterns, one a line. Both are counted.

Exit status: 0 nothing found, 1 something found, 2 something could not be read.`
}

// Run scans and reports. Its exit status is told by [exitStatus].
func (c scanCommand) Run(ctx context.Context, s streams) error {
	if len(c.Paths) == 1 && c.Paths[0] == "-" && isTerminal(s.in) && isTerminal(s.err) {
		fmt.Fprintln(s.err, "rekey: reading what you type; end it with Ctrl-D")
	}
	debug.SetGCPercent(c.garbage())
	meter := new(scan.Meter)
	stop := showProgress(s.err, meter)
	result, failed := scan.Run(ctx, detect.New(detect.Options{Malformed: c.Malformed}), scan.Options{
		Paths: c.Paths, Stdin: s.in, Staged: c.Staged, History: c.History, Workers: c.Workers, IgnoreFile: c.Ignore,
		Now: time.Now, Meter: meter,
	})
	stop()
	for _, problem := range result.Problems {
		fmt.Fprintf(s.err, "rekey: %v\n", problem)
	}
	if failed == nil || len(result.Hits) > 0 {
		if err := c.write(s.out, result); err != nil {
			return fmt.Errorf("writing the result: %w", err)
		}
	}
	if counts := result.Counts(); c.Format != "text" && counts != "" {
		fmt.Fprintf(s.err, "rekey: %s\n", counts)
	}
	if ctx.Err() != nil {
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

// garbage is how much of it may lie in memory, in percent of what is in use. Files leave little of either. A history keeps
// tables of all its objects, some 30 MB for half a million, and several times as much garbage would be many times more
// than all else: 135,000 blobs took 220 MB at 400 %, and 104 MB at 50 %, in the same time.
func (c scanCommand) garbage() int {
	if c.History {
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
	return scan.WriteText(w, r, scan.Style{Colour: c.Color == "always" || c.Color == "auto" && colourful(w)})
}

// colourful follows no-color.org.
func colourful(w io.Writer) bool {
	return isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
