package crashtest

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// journal is what happened, in its order: what servers said, what they asked GitHub for and how that fared, what was delivered to
// them, and how they ended. The last of it is kept, and all of it in a file where CRASH_LOG names one.
type journal struct {
	mu    sync.Mutex
	file  *os.File
	lines []string
	look  func(process, line string) // at what servers say
}

// linesKept is enough for a round: see [world.round].
const linesKept = 150_000

// said writes a line of a server's log.
func (j *journal) said(process, line string) {
	if line = strings.TrimSpace(line); line == "" {
		return
	}
	j.write(process + " " + line)
	if j.look != nil {
		j.look(process, line)
	}
}

// note writes a line of the test's own.
func (j *journal) note(format string, args ...any) { j.write("# " + fmt.Sprintf(format, args...)) }

func (j *journal) write(line string) {
	line = time.Now().UTC().Format("15:04:05.000000 ") + line
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file != nil {
		_, _ = j.file.WriteString(line + "\n")
	}
	if j.lines = append(j.lines, line); len(j.lines) > 2*linesKept {
		j.lines = slices.Clone(j.lines[linesKept:])
	}
}

// forget empties the journal: all is well so far.
func (j *journal) forget() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = nil
}

func (j *journal) tail() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.lines[max(0, len(j.lines)-60):], "\n")
}

// about returns the lines that hold one of the texts, the first and the last of many.
func (j *journal) about(texts ...string) []string {
	const most = 120
	j.mu.Lock()
	defer j.mu.Unlock()
	var found []string
	for _, line := range j.lines {
		if slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(line, text) }) {
			found = append(found, line)
		}
	}
	if len(found) > most {
		left := fmt.Sprintf("… %d lines …", len(found)-most)
		found = slices.Concat(found[:most/2], []string{left}, found[len(found)-most/2:])
	}
	return found
}
