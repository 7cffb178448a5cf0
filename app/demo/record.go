package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/creack/pty"

	"github.com/rekey-app/rekey/detect"
)

// The terminal that is recorded.
const (
	columns = 104
	rows    = 34
)

// frame is something that appeared on the terminal.
type frame struct {
	at   time.Duration // since the beginning
	text string
}

// record plays the story until the key has leaked, then runs the real program on a terminal, as Ada, and keeps what is seen: as rotate.cast, which
// asciinema plays, and as rotate.svg, for pages. It needs Go, a pseudo-terminal, and the directory of this module.
func record(ctx context.Context, s *scenario, dir string) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	t := &player{scenario: s}
	for i, step := range s.steps()[:2] {
		if err := t.play(ctx, i+1, step); err != nil {
			return err
		}
	}
	issues := s.shop.Issues()
	if len(issues) == 0 {
		return errors.New("no issue was filed")
	}
	l, err := s.newLaptop(ctx)
	if err != nil {
		return err
	}
	defer l.close()
	program := filepath.Join(l.dir, "rekey")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "./app/rekey").CombinedOutput(); err != nil {
		return fmt.Errorf("building rekey: %w: %s", err, out)
	}
	address := fmt.Sprintf("%s/issues/%d", s.shop.URL(), issues[0].Number)
	frames, err := s.atTerminal(ctx, l, program, "rotate", "--guided", address)
	if err != nil {
		return err
	}
	if err := s.everywhere(l); err != nil {
		return err
	}
	frames = shown(frames, "rekey rotate "+address, func(text string) string { return strings.ReplaceAll(text, s.github.URL(), "https://github.com") })
	for _, f := range frames {
		for _, key := range s.keys {
			if strings.Contains(f.text, key) {
				return errors.New("the recording holds a key")
			}
		}
	}
	for name, text := range map[string]string{"rotate.cast": cast(frames), "rotate.svg": svg(frames)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// atTerminal runs the program, and answers as Ada does.
func (s *scenario) atTerminal(ctx context.Context, l *laptop, program string, args ...string) ([]frame, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = l.clone, slices.Concat(l.env, []string{"TERM=xterm-256color"})
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: columns, Rows: rows})
	if err != nil {
		return nil, fmt.Errorf("a pseudo-terminal: %w", err)
	}
	defer terminal.Close()
	began := s.now()
	var frames []frame
	var seen strings.Builder
	var typing sync.WaitGroup
	defer typing.Wait()
	types := func(after time.Duration, text string) {
		typing.Go(func() {
			if pause(ctx, after) == nil {
				_, _ = io.WriteString(terminal, text)
			}
		})
	}
	buffer := make([]byte, 32<<10)
	for {
		n, err := terminal.Read(buffer)
		if n > 0 {
			frames = append(frames, frame{s.now().Sub(began), string(buffer[:n])})
			seen.Write(buffer[:n])
			switch text := seen.String(); {
			case strings.Contains(text, "Deploying "):
				typing.Go(func() {
					if pause(ctx, 2*time.Second) == nil {
						l.vercel.Finish(true)
					}
				})
				seen.Reset()
			case strings.Contains(text, "New key: "):
				types(1500*time.Millisecond, s.addKey().Reveal()+"\n")
				seen.Reset()
			case strings.Contains(text, "[y/N] "):
				if strings.Contains(text, "Is it deleted?") {
					s.clerk.Delete(detect.NewSecret(s.live))
				}
				types(2500*time.Millisecond, "y\n")
				seen.Reset()
			}
		}
		if err != nil { // the program has ended: Linux says EIO
			break
		}
	}
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("rekey rotate: %w: %s", err, frames[len(frames)-1].text)
	}
	return frames, nil
}

// longest is how long nothing happens in a recording, at most.
const longest = 3 * time.Second

// shown is what a viewer sees: the command as it is typed, then what it wrote, with no longer pauses than anybody watches.
func shown(frames []frame, command string, edit func(string) string) []frame {
	out := []frame{{0, "$ "}}
	at := 600 * time.Millisecond
	for _, part := range strings.SplitAfter(edit(command), " ") {
		out = append(out, frame{at, part})
		at += 350 * time.Millisecond
	}
	out = append(out, frame{at, "\r\n"})
	last := time.Duration(0)
	for _, f := range frames {
		at += min(f.at-last, longest)
		last = f.at
		out = append(out, frame{at, edit(f.text)})
	}
	return out
}
