package main

import (
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
)

// Report is one thing that a scanner said.
type Report struct {
	Path        string // relative to the scanned directory; members of archives behind "!"
	Line        int    // 0 if the scanner names none
	EndLine     int
	Name        string // the scanner's rule or kind
	Environment string // rekey only
	Value       string // what it took for the credential, "" if it does not say; decoded
	Fingerprint string // rekey only
}

// Scanner is a program that reads a directory or a repository.
type Scanner struct {
	Name    string
	Program string
	// Args are the arguments to read root; what the scanner finds goes to standard output, or to out if it writes a file.
	Args func(root, out string) []string
	// Parse reads what it found. If nil, its output is thrown away.
	Parse func(root string, output []byte) ([]Report, error)
	// Names reports whether a report calls the plant by its right name.
	Names func(r Report, p Plant) bool
	// MayExit is the exit status that is no failure beside 0.
	MayExit int
}

// Programs says where the scanners are.
type Programs struct {
	Rekey    string    // the program
	Peers    string    // directory of the others
	OneRule  string    // configuration of gitleaks and betterleaks with a rule for Clerk's secret keys alone
	Messages io.Writer // where it is said what is left out
}

// Corpus returns the scanners for the corpus, each set to its most thorough: archives are read, encodings decoded,
// nothing is verified over the network.
func (p Programs) Corpus() []Scanner {
	return p.there(
		p.rekey("scan"),
		p.leaks("gitleaks", "dir", thorough),
		p.leaks("betterleaks", "dir", thorough),
		p.trufflehog("filesystem", ""))
}

// Tree returns the scanners for a directory tree, each as it is by default, and ripgrep, which looks for two words. The
// rows with one rule are for those who think that the number of rules makes the difference.
func (p Programs) Tree() []Scanner {
	return p.there(
		p.rekey("scan"),
		Scanner{Name: "ripgrep", Program: "rg", MayExit: 1, Args: func(root, _ string) []string {
			return []string{"--no-config", "--no-ignore", "--hidden", "--text", "--glob", "!.git", "--count", "sk_(live|test)_", root}
		}},
		p.leaks("gitleaks", "dir"),
		p.leaks("gitleaks", "dir", p.oneRule),
		p.leaks("betterleaks", "dir"),
		p.leaks("betterleaks", "dir", p.oneRule),
		p.trufflehog("filesystem", ""))
}

// History returns the scanners for all of a repository's history, and git, which only prints every object.
func (p Programs) History() []Scanner {
	return p.there(
		p.rekey("scan", "--history"),
		Scanner{Name: "git cat-file", Program: "git", Args: func(root, _ string) []string {
			return []string{"-C", root, "cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer"}
		}},
		p.leaks("gitleaks", "git"),
		p.leaks("gitleaks", "git", p.oneRule),
		p.leaks("betterleaks", "git"),
		p.leaks("betterleaks", "git", p.oneRule),
		p.trufflehog("git", "file://"))
}

// there returns the scanners whose programs exist, and says which do not.
func (p Programs) there(all ...Scanner) []Scanner {
	var there []Scanner
	for _, s := range all {
		program, err := exec.LookPath(s.Program)
		if err != nil {
			fmt.Fprintf(p.Messages, "%s is left out: no program\n", s.Name)
			continue
		}
		s.Program = program
		there = append(there, s)
	}
	return there
}

func (p Programs) peer(name string) string {
	if p.Peers == "" {
		return name
	}
	return filepath.Join(p.Peers, name)
}

func (p Programs) rekey(args ...string) Scanner {
	return Scanner{
		Name: "rekey", Program: p.Rekey, MayExit: 1, Parse: parseRekey,
		Args: func(root, _ string) []string { return append(args[:len(args):len(args)], "--format", "json", root) },
		Names: func(r Report, plant Plant) bool {
			return r.Name == string(plant.Kind) && r.Environment == string(plant.Environment)
		},
	}
}

// option changes how gitleaks and betterleaks are called, and what the row is called.
type option func(args []string) (more []string, label string)

func thorough(args []string) ([]string, string) {
	return append(args, "--max-archive-depth", "8", "--max-decode-depth", "8"), ""
}

func (p Programs) oneRule(args []string) ([]string, string) {
	return append(args, "--config", p.OneRule), ", one rule"
}

// leaks is gitleaks or betterleaks, which kept its command line.
func (p Programs) leaks(name, command string, options ...option) Scanner {
	var more []string
	label := name
	for _, o := range options {
		var suffix string
		more, suffix = o(more)
		label += suffix
	}
	return Scanner{
		Name: label, Program: p.peer(name), Parse: parseGitleaks, Names: namesClerk,
		Args: func(root, out string) []string {
			return append([]string{
				command, root, "--no-banner", "--log-level", "error", "--exit-code", "0", "--report-format", "json", "--report-path", out,
			}, more...)
		},
	}
}

func (p Programs) trufflehog(command, scheme string) Scanner {
	return Scanner{
		Name: "trufflehog", Program: p.peer("trufflehog"), Parse: parseTrufflehog, Names: namesClerk,
		Args: func(root, _ string) []string {
			return []string{
				command, scheme + root, "--no-verification", "--no-update", "--json", "--log-level=0", "--max-decode-depth=8",
				"--results", "verified,unknown,unverified,filtered_unverified",
			}
		},
	}
}

func namesClerk(r Report, _ Plant) bool { return strings.Contains(strings.ToLower(r.Name), "clerk") }

// oneRuleConfig is what OneRule names.
const oneRuleConfig = `[[rules]]
id = "clerk-secret-key"
description = "Clerk secret key"
regex = '''\bsk_(?:test|live)_[A-Za-z0-9]{42}\b'''
keywords = ["sk_test_", "sk_live_"]
`
