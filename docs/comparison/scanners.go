package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
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

// Scanner is a program that reads a directory.
type Scanner struct {
	Name    string
	Program string
	// Args are the arguments to read root; what the scanner finds goes to standard output, or to out if it writes a file.
	Args func(root, out string) []string
	// Parse reads what it found.
	Parse func(root string, output []byte) ([]Report, error)
	// Names tells whether a report calls the plant by its right name.
	Names func(r Report, p Plant) bool
	// FindingsExit is the exit status for findings.
	FindingsExit int
}

// Scanners returns those whose programs are there, rekey first. Each is set to its most thorough: archives are read,
// encodings decoded, nothing is verified over the network.
func Scanners(rekey, peers string, stderr io.Writer) []Scanner {
	namesClerk := func(r Report, _ Plant) bool { return strings.Contains(strings.ToLower(r.Name), "clerk") }
	gitleaksArgs := func(root, out string) []string {
		return []string{
			"dir", root, "--no-banner", "--log-level", "error", "--exit-code", "0", "--max-archive-depth", "8",
			"--max-decode-depth", "8", "--report-format", "json", "--report-path", out,
		}
	}
	all := []Scanner{
		{
			Name: "rekey", Program: rekey, FindingsExit: 1, Parse: parseRekey,
			Args: func(root, _ string) []string { return []string{"scan", "--format", "json", root} },
			Names: func(r Report, p Plant) bool {
				return r.Name == string(p.Kind) && r.Environment == string(p.Environment)
			},
		},
		{Name: "gitleaks", Args: gitleaksArgs, Parse: parseGitleaks, Names: namesClerk},
		{Name: "betterleaks", Args: gitleaksArgs, Parse: parseGitleaks, Names: namesClerk},
		{
			Name: "trufflehog", Parse: parseTrufflehog, Names: namesClerk,
			Args: func(root, _ string) []string {
				return []string{
					"filesystem", root, "--no-verification", "--no-update", "--json", "--log-level", "-1",
					"--results", "verified,unknown,unverified,filtered_unverified",
				}
			},
		},
	}
	var there []Scanner
	for _, s := range all {
		if s.Program == "" && peers != "" {
			s.Program = filepath.Join(peers, s.Name)
		}
		if _, err := os.Stat(s.Program); err != nil {
			fmt.Fprintf(stderr, "%s is left out: no program\n", s.Name)
			continue
		}
		there = append(there, s)
	}
	return there
}

// Timing is what one scanner said and what it took: of all rounds the quickest.
type Timing struct {
	Scanner   Scanner
	Reports   []Report
	Wall, CPU time.Duration
}

// Measure runs the scanners on root in turn, rounds times.
func Measure(ctx context.Context, scanners []Scanner, root string, rounds int) ([]Timing, error) {
	timings := make([]Timing, len(scanners))
	for round := range rounds {
		for i, s := range scanners {
			reports, wall, cpu, err := s.run(ctx, root)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.Name, err)
			}
			t := &timings[i]
			if round == 0 {
				*t = Timing{Scanner: s, Reports: reports, Wall: wall, CPU: cpu}
			}
			t.Wall, t.CPU = min(t.Wall, wall), min(t.CPU, cpu)
		}
	}
	return timings, nil
}

func (s Scanner) run(ctx context.Context, root string) (reports []Report, wall, cpu time.Duration, err error) {
	dir, err := os.MkdirTemp("", "rekey-comparison-out-")
	if err != nil {
		return nil, 0, 0, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "report.json")
	cmd := exec.CommandContext(ctx, s.Program, s.Args(root, out)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	err = cmd.Run()
	wall = time.Since(start)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == s.FindingsExit {
		err = nil
	}
	if err != nil {
		return nil, 0, 0, fmt.Errorf("%w: %s", err, stderr.Bytes()[:min(stderr.Len(), 2000)])
	}
	cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	output := stdout.Bytes()
	if file, err := os.ReadFile(out); err == nil {
		output = file
	}
	reports, err = s.Parse(root, output)
	return reports, wall, cpu, err
}

// relative returns path below root, with slashes.
func relative(root, path string) string {
	if rel, err := filepath.Rel(root, path); err == nil && filepath.IsAbs(path) {
		path = rel
	}
	return filepath.ToSlash(path)
}

func parseRekey(root string, output []byte) ([]Report, error) {
	var reports []Report
	for decoder := json.NewDecoder(bytes.NewReader(output)); ; {
		var f struct {
			Kind        string
			Environment string
			Path        string
			Line        int
			EndLine     int `json:"end_line"`
			Fingerprint string
		}
		if err := decoder.Decode(&f); err == io.EOF {
			return reports, nil
		} else if err != nil {
			return nil, err
		}
		reports = append(reports, Report{
			Path: relative(root, f.Path), Line: f.Line, EndLine: f.EndLine, Name: f.Kind, Environment: f.Environment, Fingerprint: f.Fingerprint,
		})
	}
}

// parseGitleaks reads the reports of gitleaks, and of betterleaks, which kept them.
func parseGitleaks(root string, output []byte) ([]Report, error) {
	var findings []struct {
		RuleID             string
		StartLine, EndLine int
		Secret, File       string
		SymlinkFile        string
	}
	if err := json.Unmarshal(output, &findings); err != nil {
		return nil, err
	}
	var reports []Report
	for _, f := range findings {
		reports = append(reports, Report{
			Path: relative(root, f.File), Line: f.StartLine, EndLine: f.EndLine, Name: f.RuleID, Value: f.Secret,
		})
	}
	return reports, nil
}

func parseTrufflehog(root string, output []byte) ([]Report, error) {
	var reports []Report
	for decoder := json.NewDecoder(bytes.NewReader(output)); ; {
		var f struct {
			SourceMetadata struct {
				Data struct {
					Filesystem struct {
						File string
						Line int
					}
				}
			}
			DetectorName string
			Raw          string
		}
		if err := decoder.Decode(&f); err == io.EOF {
			return reports, nil
		} else if err != nil {
			return nil, err
		}
		if f.DetectorName == "" {
			continue // a log line
		}
		at := f.SourceMetadata.Data.Filesystem
		reports = append(reports, Report{Path: relative(root, at.File), Line: at.Line, EndLine: at.Line, Name: f.DetectorName, Value: f.Raw})
	}
}
