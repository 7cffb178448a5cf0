// Comparison holds rekey against other scanners on the same files.
//
// It generates a corpus of planted Clerk credentials and of look-alikes, lets each scanner read it in turn, and prints
// the table of docs/comparison.md: how many were found, how many were called Clerk's, how many alarms were false, and
// the time. The credentials are made at run time from a seed and open nothing.
//
//	go run ./docs/comparison -peers DIR             compare on the corpus
//	go run ./docs/comparison -peers DIR -tree DIR   compare the time to read a directory tree
//	go run ./docs/comparison -peers DIR -history DIR
//	                                                compare the time to read a repository's whole history
//	go run ./docs/comparison -write DIR             only write the corpus, with DIR.manifest.jsonl beside it
//
// DIR of -peers holds the programs gitleaks, betterleaks and trufflehog; one that is missing is left out, and said so.
// docs/comparison.md says how to build them.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, os.Stderr, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "comparison:", err)
		os.Exit(2)
	}
}

func run(ctx context.Context, stdout, stderr io.Writer, args []string) error {
	flags := flag.NewFlagSet("comparison", flag.ContinueOnError)
	flags.SetOutput(stderr)
	var (
		peers   = flags.String("peers", "", "directory with the other scanners' programs")
		rekey   = flags.String("rekey", "", "rekey program; built from ./app/rekey if empty")
		write   = flags.String("write", "", "only write the corpus to this new directory")
		tree    = flags.String("tree", "", "compare the time to read this directory instead")
		history = flags.String("history", "", "compare the time to read the whole history of this repository instead")
		rounds  = flags.Int("rounds", 5, "how often each scanner runs, in turn; the quickest run counts")
		seed    = flags.Int64("seed", 1, "seed of the credentials")
		list    = flags.Bool("list", false, "also list what each scanner missed and where it alarmed, by place")
	)
	if err := flags.Parse(args); err != nil {
		return err
	}
	corpus, err := NewCorpus(*seed)
	if err != nil {
		return err
	}
	if *write != "" {
		return corpus.Write(*write)
	}

	temp, err := os.MkdirTemp("", "rekey-comparison-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	if *rekey == "" {
		*rekey = filepath.Join(temp, "rekey")
		build := exec.CommandContext(ctx, "go", "build", "-o", *rekey, "github.com/rekey-app/rekey/app/rekey")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(stderr, "rekey is left out, it does not build: %v\n%s", err, out)
			*rekey = ""
		}
	}
	programs := Programs{Rekey: *rekey, Peers: *peers, OneRule: filepath.Join(temp, "one-rule.toml"), Messages: stderr}
	if err := os.WriteFile(programs.OneRule, []byte(oneRuleConfig), 0o666); err != nil {
		return err
	}
	for _, mode := range []struct {
		root     string
		scanners func() []Scanner
	}{{*tree, programs.Tree}, {*history, programs.History}} {
		if mode.root == "" {
			continue
		}
		root, err := filepath.Abs(mode.root)
		if err != nil {
			return err
		}
		timings, err := Measure(ctx, mode.scanners(), root, *rounds)
		if err != nil {
			return err
		}
		PrintTimes(stdout, timings)
		return nil
	}

	root := filepath.Join(temp, "corpus")
	if err := corpus.Write(root); err != nil {
		return err
	}
	timings, err := Measure(ctx, programs.Corpus(), root, *rounds)
	if err != nil {
		return err
	}
	PrintCorpus(stdout, corpus, timings)
	if *list {
		PrintPlaces(stdout, corpus, timings)
	}
	return nil
}
