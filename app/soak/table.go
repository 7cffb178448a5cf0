package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// table is what was measured, as Markdown.
type table struct{ rows [][3]string }

func (t *table) add(what, measured, bound string) {
	t.rows = append(t.rows, [3]string{what, measured, bound})
}

func (t *table) print(to io.Writer) {
	fmt.Fprint(to, "| what | measured | bound |\n| --- | --- | --- |\n")
	for _, row := range t.rows {
		fmt.Fprintf(to, "| %s | %s | %s |\n", row[0], row[1], row[2])
	}
}

// durations are measured times, in any order.
type durations []time.Duration

// at is the time that so many of a thousand did not exceed.
func (d durations) at(permille int) time.Duration {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return d[min(len(d)*permille/1000, len(d)-1)]
}

func (d durations) String() string {
	return fmt.Sprintf("median %s, p99 %s, most %s (of %d)", short(d.at(500)), short(d.at(990)), short(d.at(1000)), len(d))
}

func short(d time.Duration) string {
	if d < 10*time.Second {
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}

func perSecond(n int, d time.Duration) string {
	return fmt.Sprintf("%.0f a second", float64(n)/d.Seconds())
}

func mebibytes(bytes int64) string { return fmt.Sprintf("%.0f MiB", float64(bytes)/(1<<20)) }

// machine names what the figures were measured on, and how busy it was.
func machine() string {
	model := runtime.GOARCH
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		load = []byte("unknown")
	}
	return fmt.Sprintf("%d × %s, shared with the stand-in; load before: %.14s", runtime.NumCPU(), model, load)
}
