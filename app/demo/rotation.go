package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/rotate"
	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github/githubtest"
)

// rotate has Ada run `rekey rotate` on her laptop: what the program does, with its own code, and Ada's answers.
func (s *scenario) rotate(ctx context.Context) (string, githubtest.Delivery, error) {
	l, err := s.newLaptop(ctx)
	if err != nil {
		return "", githubtest.Delivery{}, err
	}
	defer l.close()
	issues := s.shop.Issues()
	if len(issues) == 0 {
		return "", githubtest.Delivery{}, errors.New("there is no issue")
	}
	machine := l.machine(s)
	login, err := rotate.NewLogin(machine, "", "rekey/demo")
	if err != nil {
		return "", githubtest.Delivery{}, err
	}
	address := fmt.Sprintf("%s/issues/%d", s.shop.URL(), issues[0].Number)
	fmt.Fprintf(s.out, "   $ rekey rotate %s\n\n", address)
	out, err := rotate.Run(ctx, rotate.Options{
		Subject: address, Dir: l.clone, Way: rotate.Guided, StateDir: filepath.Join(l.dir, "state"), Person: s.answering(), Drivers: rotate.Drivers(machine), Clerk: login,
		Issues: rotate.NewIssues(machine), Environ: l.env, Scanner: detect.New(detect.Options{}), Now: s.now,
		Pause: func(ctx context.Context, d time.Duration) error {
			l.vercel.Finish(true)
			return pause(ctx, d/10)
		},
	})
	if err == nil && !out.Report.Finished {
		err = fmt.Errorf("rekey rotate left something: %s", out.Report.Summary())
	}
	if err == nil {
		fmt.Fprintf(s.out, "   | %s\n\n", out.Report.Summary())
		err = s.everywhere(l)
	}
	return s.leaking, s.lastDelivery("issue_comment"), err
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// lastDelivery is the last one of an event.
func (s *scenario) lastDelivery(event string) githubtest.Delivery {
	var last githubtest.Delivery
	for _, d := range s.github.Deliveries() {
		if d.Event == event && d.ID > last.ID {
			last = d
		}
	}
	return last
}

// answering is Ada in front of the program: she makes a key in Clerk's dashboard and pastes it, and deletes the old one when she is told to.
func (s *scenario) answering() *answers { return &answers{s} }

type answers struct{ *scenario }

func (a *answers) Answers() bool { return true }

// Show prints what the program says, behind a bar.
func (a *answers) Show(text string) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		words := strings.TrimLeft(line, " ")
		indent := line[:len(line)-len(words)]
		for i, part := range terminal.Wrapped(words, 110) {
			if i > 0 {
				part = "  " + part
			}
			fmt.Fprintf(a.out, "   | %s%s\n", indent, part)
		}
	}
}

func (a *answers) Confirm(_ context.Context, question string) (bool, error) {
	if strings.Contains(question, "Is it deleted?") {
		a.clerk.Delete(detect.NewSecret(a.live))
	}
	fmt.Fprintf(a.out, "   | %s [y/N] y\n", question)
	return true, nil
}

func (a *answers) Choose(_ context.Context, question string, _ []string) (int, error) {
	fmt.Fprintf(a.out, "   | %s 1\n", question)
	return 0, nil
}

func (a *answers) Secret(_ context.Context, prompt string) (detect.Secret, error) {
	fmt.Fprintf(a.out, "   | %s(pasted)\n", prompt)
	return a.addKey(), nil
}

// addKey is Ada in Clerk's dashboard.
func (s *scenario) addKey() detect.Secret {
	key := detecttest.Key(s.seed+10, detect.Live)
	s.keys = append(s.keys, key)
	s.clerk.Add(detect.NewSecret(key), detecttest.ID(s.seed, "ins_"), detect.Live)
	return detect.NewSecret(key)
}

func (a *answers) Open(context.Context, string) {}
