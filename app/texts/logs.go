package texts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/detect/unpack"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
)

// Logs reads the logs of a run of GitHub Actions, with [github.ActionsAccess]: one request, and one more for the jobs' addresses where
// something is found and the run's own is given. Of the archive no more than [budget.LogsSize] is read, and of what it holds no more than [budget.LogsInflated]; what
// is beyond is said in Left. [github.ErrGone] and [github.ErrNotFound]: the logs were deleted, or their retention has ended.
//
// A place has the run's id in Text.ID, the line of the step's log, and in Text.Field the log's name: "build/3_Run tests" for the third
// step of the job build, "0_build" for a job whose steps have no logs of their own. See [respond.LogOf]. Text.URL leads to the line.
func (f Files) Logs(ctx context.Context, client *github.Client, run github.Run) (Reading, error) {
	tooLarge := fmt.Sprintf("the logs are larger than %s", format.Size(budget.LogsSize))
	body, err := client.RunLogs(ctx, run.ID, budget.LogsSize)
	if errors.Is(err, github.ErrAboveLimit) {
		return Reading{Left: []string{tooLarge}}, nil
	}
	got, err := fetched(body, err, f.TempDir)
	if err != nil {
		return Reading{}, err
	}
	defer got.close()
	l := logs{scanner: f.scanner(got.size), steps: map[string]bool{}}
	if err := l.read(ctx, got); err != nil {
		return Reading{}, err
	}
	if got.cut {
		l.left = append(l.left, tooLarge)
	}
	out := Reading{Left: l.left}
	for _, found := range l.found {
		s := placeIn(found.Finding, respond.InLog, respond.Text{ID: run.ID, URL: run.URL, Field: found.log})
		s.AuthorName, s.Authored = run.Actor, run.Ended
		out.Places = append(out.Places, Place{Finding: found.Finding, Sighting: s})
	}
	if out.Places = keepFirst(out.Places); len(out.Places) > 0 && run.URL != "" {
		f.toLines(ctx, client, run, out.Places)
	}
	return out, nil
}

// logs are the logs of a run, as they are read.
type logs struct {
	scanner *detect.Scanner
	steps   map[string]bool // jobs of which each step has a log of its own
	found   []inLog
	left    []string
}

// inLog is a finding in the log of that name.
type inLog struct {
	detect.Finding
	log string
}

// read reads the logs of steps, and then those of jobs that have none of steps: else they hold the same again.
func (l *logs) read(ctx context.Context, got *file) error {
	wholes := false // there are logs of whole jobs
	err := l.walk(ctx, got, func(name string) bool {
		job, _, inFolder := strings.Cut(name, "/")
		if of, isStep := respond.LogOf(name); isStep && of.Step != 0 {
			l.steps[job] = true
		}
		wholes = wholes || !inFolder
		return inFolder
	})
	if err != nil || !wholes {
		return err
	}
	return l.walk(ctx, got, func(name string) bool {
		of, _ := respond.LogOf(name)
		return !strings.Contains(name, "/") && !l.steps[of.Job]
	})
}

// walk reads the logs that are wanted.
func (l *logs) walk(ctx context.Context, got *file, wanted func(name string) bool) error {
	var walker unpack.Walker
	err := walker.Walk(ctx, got, got.size, unpack.Limits{Size: budget.LogsInflated}, func(m unpack.Member) error {
		name := strings.TrimSuffix(m.Name, ".txt")
		if !wanted(name) {
			return nil
		}
		result, err := l.scanner.ExamineReader(ctx, m.Name, m.Content)
		for _, finding := range result.Findings {
			l.found = append(l.found, inLog{finding, name})
		}
		for _, s := range result.Skipped {
			if s.Limit {
				l.left = append(l.left, leftOf(name, s.Member, s.Reason))
			}
		}
		return err
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	l.left = append(l.left, unread(err)...)
	return nil
}

// unread says what of an archive could not be read, by the error of its walk.
func unread(err error) (left []string) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			left = append(left, unread(e)...)
		}
		return left
	}
	if err == nil {
		return nil
	}
	if part, ok := errors.AsType[*unpack.Error](err); ok {
		return []string{fmt.Sprintf("%s: %v", cmp.Or(part.Name, "the archive"), part.Err)}
	}
	return []string{"the archive: " + err.Error()}
}

// toLines completes addresses, as far as GitHub tells which job has which. Without that they lead to the run.
func (f Files) toLines(ctx context.Context, client *github.Client, run github.Run, places []Place) {
	jobs, err := client.RunJobs(ctx, run.ID)
	if err != nil {
		return
	}
	for i := range places {
		s := &places[i].Sighting
		of, _ := respond.LogOf(s.Text.Field)
		at := slices.IndexFunc(jobs, func(j github.RunJob) bool { return nameInArchive(j.Name) == of.Job })
		if at < 0 || jobs[at].URL == "" {
			continue
		}
		if s.Text.URL = jobs[at].URL; of.Step != 0 {
			s.Text.URL += "#step:" + strconv.Itoa(of.Step) + ":" + strconv.Itoa(s.Line)
		}
	}
}

// nameInArchive is a job's name as the archive has it: without what names of files must not have, and of at most 90 units of UTF-16
// (cli/cli#5011).
func nameInArchive(job string) string {
	units := utf16.Encode([]rune(strings.NewReplacer("/", "", ":", "").Replace(job)))
	return strings.TrimSpace(string(utf16.Decode(units[:min(len(units), 90)])))
}
