package crashtest

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// watch looks at every request for the API for keys.
func (w *world) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil && w.holdsKey(string(body)+" "+r.URL.String()) {
			w.fault("%s %s holds a key", r.Method, r.URL.Path)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(rw, r)
	})
}

// holdsKey reports whether a key stands in the text, with or without its prefix.
func (w *world) holdsKey(text string) bool {
	const body = 42 // characters
	w.mu.Lock()
	defer w.mu.Unlock()
	for word := range strings.FieldsFuncSeq(text, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	}) {
		if len(word) >= body && (w.keys[word] || w.keys[word[len(word)-body:]] || w.keys[word[:body]]) {
			return true
		}
	}
	return false
}

// holdsNoKey looks through what the servers left on disk.
func (w *world) holdsNoKey() {
	files, err := os.ReadDir(w.data)
	w.must(err)
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(w.data, file.Name()))
		w.must(err)
		if w.holdsKey(string(text)) {
			w.fault("%s holds a key", file.Name())
		}
	}
}

// logs is what the servers say. Only the end is kept, and all of it in a file where CRASH_LOG names one.
type logs struct {
	mu    sync.Mutex
	file  *os.File
	lines []string
	look  func(process, line string)
}

const linesKept = 4000

func (l *logs) write(process, line string) {
	if strings.TrimSpace(line) == "" {
		return
	}
	l.mu.Lock()
	if l.file != nil {
		_, _ = l.file.WriteString(process + " " + line)
	}
	if l.lines = append(l.lines, process+" "+line); len(l.lines) > 2*linesKept {
		l.lines = append([]string(nil), l.lines[linesKept:]...)
	}
	look := l.look
	l.mu.Unlock()
	if look != nil {
		look(process, line)
	}
}

func (l *logs) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines[max(0, len(l.lines)-60):], "")
}

// about returns the last lines that hold a text.
func (l *logs) about(text string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []string
	for _, line := range l.lines {
		if strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return strings.Join(found[max(0, len(found)-25):], "")
}

// listen notes what a server must never say.
func (w *world) listen(process, line string) {
	if w.holdsKey(line) {
		w.fault("the log of %s holds a key", process)
	}
	for _, never := range []string{"panic", "given up", "DATA RACE", "cannot decode"} {
		if strings.Contains(line, never) && strings.Contains(line, `"level":"ERROR"`) || strings.HasPrefix(line, "panic:") {
			w.fault("%s said: %s", process, strings.TrimSpace(line))
			return
		}
	}
}
