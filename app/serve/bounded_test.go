package serve

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestRepeatedErrorsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := slog.New(newBounded(slog.NewTextHandler(&out, nil), "leak found"))
		lines := func(want int, what string) {
			t.Helper()
			if n := strings.Count(out.String(), "\n"); n != want {
				t.Errorf("%s: %d lines, want %d:\n%s", what, n, want, out.String())
			}
			out.Reset()
		}
		for i := range 1000 {
			log.With("job", i).Error("job failed", "error", i)
		}
		lines(repeatBurst, "an error a thousand times")
		log.Warn("job failed")
		log.Error("another")
		lines(2, "another level, and another message")
		for range 1000 {
			log.Info("delivery done")
			log.Warn("leak found")
		}
		lines(2000, "information, and leaks")

		time.Sleep(repeatWindow)
		synctest.Wait()
		if text := out.String(); !strings.Contains(text, `level=ERROR msg="job failed"`) || !strings.Contains(text, "left_out=980 within=1m0s") || strings.Contains(text, "job=") {
			t.Errorf("after the window: %s", text)
		}
		lines(1, "after the window")
		log.Error("job failed")
		lines(1, "in the next window")
		time.Sleep(repeatWindow)
		synctest.Wait()
		lines(0, "a window that left nothing out")
	})
}
