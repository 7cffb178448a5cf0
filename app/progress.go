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
)

// progressBar shows on a terminal how far a scan is, once it lasts over a second. It is safe for concurrent use.
type progressBar struct {
	out io.Writer
	now func() time.Time

	mu           sync.Mutex
	began, drawn time.Time
	width        int // of what is drawn; 0: nothing
}

// newProgressBar draws on w if it is a terminal, and nothing otherwise.
func newProgressBar(w io.Writer, now func() time.Time) *progressBar {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		w = nil
	}
	return &progressBar{out: w, now: now, began: now()}
}

func (b *progressBar) show(p scan.Progress) {
	if b.out == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	if now.Sub(b.began) < time.Second || now.Sub(b.drawn) < 100*time.Millisecond {
		return
	}
	b.drawn = now
	b.draw(progressLine(p, now.Sub(b.began)))
}

func (b *progressBar) draw(line string) {
	fmt.Fprintf(b.out, "\r%s%s", line, strings.Repeat(" ", max(0, b.width-len(line))))
	b.width = len(line)
}

// clear removes the bar before the result is written.
func (b *progressBar) clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.out != nil && b.width > 0 {
		b.draw("")
		fmt.Fprint(b.out, "\r")
	}
}

func progressLine(p scan.Progress, elapsed time.Duration) string {
	rate := float64(p.Bytes) / 1e6 / elapsed.Seconds()
	if p.Total > 0 {
		const width = 30
		done := int(min(p.Files, p.Total) * width / p.Total)
		return fmt.Sprintf("[%s%s] %d%%  %.0f MB  %.0f MB/s", strings.Repeat("#", done), strings.Repeat(".", width-done),
			p.Files*100/p.Total, float64(p.Bytes)/1e6, rate)
	}
	return fmt.Sprintf("%d files  %.0f MB  %.0f MB/s", p.Files, float64(p.Bytes)/1e6, rate)
}
