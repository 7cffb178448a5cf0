package app

import (
	"fmt"
	"testing"
	"time"

	"github.com/rekey-app/rekey/github/githubtest"
)

// BenchmarkCleanPush times a clean push from its webhook to its check run, and counts what it costs at GitHub.
func BenchmarkCleanPush(b *testing.B) {
	w := newWorld(b, githubtest.Options{Quiet: true})
	w.check(w.shop, w.pushed(map[string]string{"README.md": "# Shop\n"}))
	var heads []string
	parent, err := w.shop.Tip("refs/heads/main")
	if err != nil {
		b.Fatal(err)
	}
	for i := range b.N {
		parent = w.commit(w.shop, githubtest.Change{Parents: []string{parent}, Files: map[string]string{
			"a.go": fmt.Sprintf("package a\n\nconst N = %d\n", i), "b.go": fmt.Sprint("package b // ", i), "c.txt": fmt.Sprint(i),
		}})
		heads = append(heads, parent)
	}
	w.github.ForgetRequests()
	var took time.Duration
	for b.Loop() {
		head := heads[0]
		if heads = heads[1:]; len(heads) == 0 {
			heads = append(heads, w.commit(w.shop, githubtest.Change{Parents: []string{head}}))
		}
		w.push(w.shop, "refs/heads/main", head)
		began := time.Now()
		for runs := w.shop.CheckRuns(head); len(runs) == 0; runs = w.shop.CheckRuns(head) {
			time.Sleep(200 * time.Microsecond)
		}
		took += time.Since(began)
	}
	n := float64(b.N)
	b.ReportMetric(float64(took.Microseconds())/1000/n, "ms-ack-to-check")
	b.ReportMetric(float64(w.github.Count(githubtest.Git))/n, "git-requests/push")
	b.ReportMetric(float64(w.github.Count(githubtest.REST))/n, "rest-requests/push")
	b.ReportMetric(float64(w.github.Count(githubtest.Token))/n, "tokens/push")
}
