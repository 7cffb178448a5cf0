package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/rekey-app/rekey/app/scan"
	"github.com/rekey-app/rekey/respond/format"
)

const (
	// progressAfter is how long a scan must last before its progress is shown, and progressEvery how often it is.
	progressAfter = time.Second
	progressEvery = 100 * time.Millisecond
)

// showProgress shows on a terminal how far a scan is, once it lasts over a second. The function it returns takes the bar
// away again, before the result is written. Where w is no terminal, nothing is shown.
func showProgress(w io.Writer, m *scan.Meter) (stop func()) {
	f, ok := drawable(w)
	if !ok {
		return func() {}
	}
	return drawProgress(w, meterLine(m), columnsOf(f))
}

func meterLine(m *scan.Meter) func(elapsed time.Duration, width int) string {
	return func(elapsed time.Duration, width int) string { return progressLine(m.Progress(), elapsed, width) }
}

// columnsOf returns how wide a terminal is.
func columnsOf(f *os.File) func() int {
	return func() int {
		width, _, err := term.GetSize(int(f.Fd()))
		if err != nil || width <= 0 { // serial lines and some build servers do not know it
			return 80
		}
		return width
	}
}

// drawable reports whether w is a terminal that can draw, and which.
func drawable(w io.Writer) (*os.File, bool) {
	f, ok := w.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// drawProgress draws on w, which is as many columns wide as width says.
func drawProgress(w io.Writer, line func(elapsed time.Duration, width int) string, width func() int) (stop func()) {
	quit := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		began := time.Now()
		timer := time.NewTimer(progressAfter)
		defer timer.Stop()
		drawn := false
		for {
			select {
			case <-quit:
				if drawn {
					fmt.Fprint(w, "\r\x1b[K")
				}
				return
			case <-timer.C:
			}
			fmt.Fprintf(w, "\r%s\x1b[K", line(time.Since(began), width()))
			drawn = true
			timer.Reset(progressEvery)
		}
	})
	return sync.OnceFunc(func() {
		close(quit)
		group.Wait()
	})
}

// progressLine is shorter than width.
func progressLine(p scan.Progress, elapsed time.Duration, width int) string {
	counts := fmt.Sprintf("%s read in %s", format.Size(p.Bytes), format.Duration(elapsed))
	if p.Files > 1 {
		unit := "files"
		if p.Objects {
			unit = "objects"
		}
		counts = fmt.Sprintf("%s %s, %s", format.Number(p.Files), unit, counts)
	}
	if p.Done >= 0 {
		const cells = 24
		full := int(p.Done * cells)
		bar := fmt.Sprintf("%s%s %3.0f %%  ", strings.Repeat("█", full), strings.Repeat("░", cells-full), p.Done*100)
		counts = bar + counts
	}
	return fitted(counts, width)
}

// fitted is a line cut to less than width, so that it never wraps.
func fitted(line string, width int) string {
	if r := []rune(line); len(r) >= width {
		line = string(r[:max(0, width-1)])
	}
	return line
}
