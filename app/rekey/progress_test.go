package main

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/rekey-app/rekey/app/scan"
)

// screen is a terminal that several may write to.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func TestProgressIsShownAfterASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := new(screen)
		stop := drawProgress(out, meterLine(new(scan.Meter)), func() int { return 80 })
		time.Sleep(progressAfter - time.Millisecond)
		if out.String() != "" {
			t.Errorf("early: %q", out)
		}
		time.Sleep(2 * time.Second)
		if n := strings.Count(out.String(), "\r"); n < 15 || n > 25 || !strings.Contains(out.String(), "0 bytes read in 2.9 s") {
			t.Errorf("%d times: %q", n, out)
		}
		stop()
		stop()
		if !strings.HasSuffix(out.String(), "\r\x1b[K") {
			t.Errorf("not taken away: %q", out)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		out := new(screen)
		drawProgress(out, meterLine(new(scan.Meter)), func() int { return 80 })()
		if out.String() != "" {
			t.Errorf("a short scan: %q", out)
		}
	})
}

func TestProgressLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		p    scan.Progress
		want string
	}{
		{scan.Progress{Files: 12345, Bytes: 2_345_000_000, Done: 0.5}, "████████████░░░░░░░░░░░░  50 %  12 345 files, 2.2 GiB read in 7.0 s"},
		{scan.Progress{Bytes: 17_000_000, Done: -1}, "16 MiB read in 7.0 s"},
		{scan.Progress{Files: 1, Bytes: 0, Done: 1}, "████████████████████████ 100 %  0 bytes read in 7.0 s"},
	} {
		if got := progressLine(c.p, 7*time.Second, 100); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
		for width := range 70 {
			if got := progressLine(c.p, time.Second, width); utf8.RuneCountInString(got) >= max(1, width) {
				t.Errorf("%d columns: %q", width, got)
			}
		}
	}
}
