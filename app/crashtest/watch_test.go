package crashtest

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// watch looks at every request for the API that GitHub takes: for keys, for what nobody pushed, and for when checks were concluded.
func (w *world) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		text := string(body) + " " + r.URL.String()
		if err == nil && w.holdsKey(text) {
			w.fault("%s %s holds a key", r.Method, r.URL.Path)
		}
		if strings.Contains(text, forgedMark) {
			w.fault("%s %s is about a commit that a stranger made up", r.Method, r.URL.Path)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(rw, r)
		if r.Method == http.MethodGet || strings.HasSuffix(r.URL.Path, "/access_tokens") {
			return
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.effects++
		if sha := headIn.FindStringSubmatch(text); sha != nil && w.concludedAt[sha[1]].IsZero() {
			w.concludedAt[sha[1]] = time.Now()
		}
	})
}

var headIn = regexp.MustCompile(`"head_sha":"([0-9a-f]{40})"`)

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

// listen notes what a server must never say.
func (w *world) listen(process, line string) {
	if w.holdsKey(line) {
		w.fault("the log of %s holds a key", process)
	}
	for _, never := range []string{"panic", "given up", "DATA RACE", "cannot decode"} {
		if strings.Contains(line, never) && strings.Contains(line, `"level":"ERROR"`) || strings.HasPrefix(line, "panic:") {
			if !w.excuse(line) {
				w.fault("%s said: %s", process, line)
			}
			return
		}
	}
}

var aboutIn = regexp.MustCompile(`"(?:installation|repository_id)":([0-9]+)`)

// excuse reports whether a line is about what is gone: what was still to be done there is given up until GitHub says that it is gone. So
// may be one that counts lines like those before, which do not stand in the log: see jobsGivenUp.
func (w *world) excuse(line string) bool {
	if strings.Contains(line, `"left_out":`) {
		return true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, found := range aboutIn.FindAllStringSubmatch(line, -1) {
		if id, _ := strconv.ParseInt(found[1], 10, 64); w.gone[id] {
			return true
		}
	}
	return false
}

// goes notes that an installation or a repository is about to be gone.
func (w *world) goes(id int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gone[id] = true
}
