package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/term"

	"github.com/rekey-app/rekey/app/scan"
	"github.com/rekey-app/rekey/detect"
)

type scanCommand struct {
	Paths   []string `arg:"" optional:"" name:"path" help:"Files, directories, or - for standard input; with --history or --staged, repositories. Default: this directory."`
	Staged  bool     `help:"Look through what the next commit would add." xor:"what"`
	History bool     `help:"Look through every object of the repository, all refs." xor:"what"`
	Format  string   `default:"text" enum:"text,json,sarif" help:"text, json (one object a line) or sarif (2.1.0)."`
	Ignore  string   `placeholder:"FILE" help:"What to pass over: fingerprints and path patterns. Default: .rekeyignore in the scanned directory."`
	Workers int      `placeholder:"N" help:"How many files are read at once. Default: one for each processor."`
	Color   string   `default:"auto" enum:"auto,always,never" help:"auto, always or never."`
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

Exit status: 0 nothing found, 1 something found, 2 something could not be read.`
}

// Run scans and reports. Its exit status is told by [exitStatus].
func (c scanCommand) Run(ctx context.Context, s streams) error {
	ignore, err := scan.ReadIgnore(c.ignoreFile())
	if err != nil {
		return err
	}
	bar := newProgressBar(s.err, time.Now)
	result, err := scan.Run(ctx, detect.New(detect.Options{}), scan.Options{
		Paths: c.Paths, Stdin: s.in, Staged: c.Staged, History: c.History, Workers: c.Workers, Ignore: ignore,
		Now: time.Now, Progress: bar.show,
	})
	bar.clear()
	if err != nil {
		return err
	}
	for _, problem := range result.Problems {
		fmt.Fprintf(s.err, "rekey: %v\n", problem)
	}
	if err := c.write(s.out, result); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	switch {
	case len(result.Problems) > 0:
		return exitStatus(2)
	case len(result.Hits) > 0:
		return exitStatus(1)
	}
	return nil
}

func (c scanCommand) write(w io.Writer, r scan.Result) error {
	switch c.Format {
	case "json":
		return scan.WriteJSON(w, r)
	case "sarif":
		return scan.WriteSARIF(w, r, versionName())
	}
	return scan.WriteText(w, r, scan.Style{Colour: c.Color == "always" || c.Color == "auto" && colourful(w)})
}

// ignoreFile is the one that was named, or the .rekeyignore of the scanned directory.
func (c scanCommand) ignoreFile() string {
	switch {
	case c.Ignore != "":
		return c.Ignore
	case len(c.Paths) > 0 && c.Paths[0] != "-":
		if info, err := os.Stat(c.Paths[0]); err == nil && info.IsDir() {
			return filepath.Join(c.Paths[0], scan.IgnoreFile)
		}
	}
	return scan.IgnoreFile
}

// colourful follows no-color.org.
func colourful(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
