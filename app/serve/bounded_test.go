package serve

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestRepeatedErrorsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out lines
		log := slog.New(newBounded(slog.NewTextHandler(&out, nil), "leak found"))
		wrote := func(want int, what string) string {
			t.Helper()
			text := out.take()
			if n := strings.Count(text, "\n"); n != want {
				t.Errorf("%s: %d lines, want %d:\n%s", what, n, want, text)
			}
			return text
		}
		for i := range 1000 {
			log.With("job", i).Error("job failed", "error", i)
		}
		wrote(repeatBurst, "an error a thousand times")
		log.Warn("job failed")
		log.Error("another")
		wrote(2, "another level, and another message")
		for range 1000 {
			log.Info("delivery done")
			log.Warn("leak found")
		}
		wrote(2000, "information, and leaks")

		time.Sleep(repeatWindow)
		synctest.Wait()
		if text := wrote(1, "after the window"); !strings.Contains(text, `level=ERROR msg="job failed"`) || !strings.Contains(text, "left_out=980 within=1m0s") || strings.Contains(text, "job=") {
			t.Errorf("after the window: %s", text)
		}
		log.Error("job failed")
		wrote(1, "in the next window")
		time.Sleep(repeatWindow)
		synctest.Wait()
		wrote(0, "a window that left nothing out")
	})
}

// lines is what was logged: the end of a window logs in a goroutine of its own.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := l.b.String()
	l.b.Reset()
	return text
}
