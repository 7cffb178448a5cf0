package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

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
	cmd.Stderr = &stderr
	if s.Parse != nil {
		cmd.Stdout = &stdout
	}
	start := time.Now()
	err = cmd.Run()
	wall = time.Since(start)
	var exit *exec.ExitError
	if errors.As(err, &exit) && s.MayExit != 0 && exit.ExitCode() == s.MayExit {
		err = nil
	}
	if err != nil {
		return nil, 0, 0, fmt.Errorf("%w: %s", err, stderr.Bytes()[:min(stderr.Len(), 2000)])
	}
	cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if s.Parse == nil {
		return nil, wall, cpu, nil
	}
	output := stdout.Bytes()
	if file, err := os.ReadFile(out); err == nil {
		output = file
	}
	reports, err = s.Parse(root, output)
	return reports, wall, cpu, err
}
