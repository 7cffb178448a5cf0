package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/github/githubtest"
)

// memoryBound is what each server may hold at most.
const memoryBound = 300 << 20

// measurement is what was used since a time.
type measurement struct {
	w     *world
	began time.Time
	use   []use // of each server
	own   []int64
	stop  func()
}

// measure begins to measure.
func (w *world) measure() *measurement {
	m := &measurement{w: w, began: time.Now()}
	w.github.ForgetRequests()
	for _, s := range w.alive() {
		s.forgetTop()
		m.use = append(m.use, s.use())
	}
	m.watch(w.alive())
	return m
}

// watch notes what memory of its own each server holds at most, until stop is called.
func (m *measurement) watch(servers []*server) {
	m.own = make([]int64, len(servers))
	stopped, ended := make(chan struct{}), make(chan struct{})
	m.stop = func() { close(stopped); <-ended }
	go func() {
		defer close(ended)
		for {
			for i, s := range servers {
				m.own[i] = max(m.own[i], s.use().own)
			}
			select {
			case <-stopped:
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
}

func (m *measurement) passed() time.Duration { return time.Since(m.began) }

// report adds what was used. Where pushes is not 0, it adds what each of them cost.
func (m *measurement) report(t *table, what string, pushes int) {
	m.stop()
	var cpu time.Duration
	var memory []string
	for i, s := range m.w.alive() {
		now := s.use()
		cpu += now.cpu - m.use[i].cpu
		over := ""
		if m.own[i] > memoryBound {
			over = " (over)"
		}
		memory = append(memory, mebibytes(m.own[i])+over+" of "+mebibytes(now.top))
	}
	t.add("memory of its own of each server at most, of all that is resident with files that are mapped; "+what, strings.Join(memory, ", "),
		"under "+mebibytes(memoryBound))
	if pushes == 0 {
		return
	}
	per := func(class githubtest.Class) float64 { return float64(m.w.github.Count(class)) / float64(pushes) }
	t.add("processor time of the servers, "+what, fmt.Sprintf("%s: %.1f ms a push", short(cpu), float64(cpu.Microseconds())/1000/float64(pushes)), "")
	t.add("requests to GitHub for a push", fmt.Sprintf("git %.2f, REST %.2f, tokens %.2f", per(githubtest.Git), per(githubtest.REST), per(githubtest.Token)), "1, 1, 0")
}

// invariants asserts that nothing is lost, nothing is there twice, and checks came in order.
func (w *world) invariants(ctx context.Context, t *table) error {
	if err := w.worked(ctx); err != nil {
		return err
	}
	pushes, disordered := 0, 0
	for _, tenant := range w.tenants {
		for _, r := range tenant.repositories {
			inOrder, err := w.checksOf(r)
			if err != nil {
				return err
			}
			if !inOrder {
				disordered++
			}
			pushes += r.next - 1
		}
	}
	if disordered > 0 && w.ordered() {
		return fmt.Errorf("the check runs of %d repositories came in another order than their pushes", disordered)
	}
	for sha, r := range w.leaks {
		if n := len(r.Issues()); n != 1 || !strings.Contains(r.Issues()[0].Body, sha[:7]) {
			return fmt.Errorf("%s has %d issues, want one, about %s", r.FullName(), n, sha)
		}
	}
	t.add("what must hold", fmt.Sprintf("%d pushes: each has one check run; %d leaks: each has one issue", pushes, len(w.leaks)), "asserted")
	bound := "asserted"
	if !w.ordered() {
		bound = "not promised: with several servers, or where GitHub's pace makes check runs wait, each commit has its own"
	}
	t.add("repositories whose check runs came in the order of the pushes", fmt.Sprintf("%d of %d", w.Repositories-disordered, w.Repositories), bound)
	return nil
}

// ordered reports whether the check runs of a repository must come in the order of its pushes.
func (w *world) ordered() bool { return len(w.servers) == 1 && !w.GitHubPace }

// checksOf asserts that each pushed commit has one concluded check run, and reports whether they came in the order of the pushes.
func (w *world) checksOf(r *repository) (inOrder bool, err error) {
	var heads []string
	for _, run := range r.CheckRuns("") {
		want := "success"
		if w.leaks[run.HeadSHA] != nil {
			want = "failure"
		}
		if run.Status != "completed" || run.Conclusion != want {
			return false, fmt.Errorf("the check run on %s of %s is %s %s, want %s", run.HeadSHA, r.FullName(), run.Status, run.Conclusion, want)
		}
		// The first push was made before there were servers: they find it in GitHub's log of deliveries, or have read it as history.
		if run.HeadSHA != r.commits[0] {
			heads = append(heads, run.HeadSHA)
		}
	}
	want := r.commits[1:r.next]
	if !slices.Equal(slices.Sorted(slices.Values(heads)), slices.Sorted(slices.Values(want))) {
		return false, fmt.Errorf("%s has %d check runs, want one on each of %d commits:%s", r.FullName(), len(heads), len(want), differences(heads, want))
	}
	return slices.Equal(heads, want), nil
}

// differences says what there is too much or too little of.
func differences(got, want []string) string {
	n := map[string]int{}
	for _, sha := range got {
		n[sha]++
	}
	for _, sha := range want {
		n[sha]--
	}
	var text strings.Builder
	for sha, more := range n {
		if more != 0 {
			fmt.Fprintf(&text, " %+d on %s", more, sha)
		}
	}
	return text.String()
}

// worked waits until all deliveries are worked off and all issues are filed, and demands that no job was given up.
func (w *world) worked(ctx context.Context) error {
	return w.eventually(ctx, "the queue to be empty", func() (bool, error) {
		time.Sleep(time.Second) // the gauges are counted anew each ten
		found, err := w.alive()[0].gauges(ctx, "rekey_")
		if err != nil {
			return false, err
		}
		busy := found["rekey_unfinished_deliveries"]
		for name, value := range found {
			if !strings.HasPrefix(name, "rekey_queue_jobs{") || strings.Contains(name, `"backfill"`) {
				continue
			}
			if strings.Contains(name, "given_up") && value > 0 {
				return false, fmt.Errorf("%s is %g", name, value)
			}
			busy += value
		}
		for _, r := range w.leaks {
			if len(r.Issues()) == 0 {
				busy++
			}
		}
		return busy == 0, nil
	})
}

// idle measures what servers use that have nothing to do.
func (w *world) idle(ctx context.Context, t *table) error {
	const settled, watched = 15 * time.Second, 30 * time.Second
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(settled):
	}
	m := w.measure()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(watched):
	}
	m.stop()
	var lines []string
	for i, s := range w.alive() {
		now := s.use()
		lines = append(lines, fmt.Sprintf("%.2f %% of a core, %s", 100*(now.cpu-m.use[i].cpu).Seconds()/m.passed().Seconds(), mebibytes(now.resident)))
	}
	t.add("each server, with nothing to do after all that", strings.Join(lines, "; "), "under 1 %")
	return nil
}
