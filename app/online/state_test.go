package online

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestDamagedStates: a state that something else wrote over is no reason to fail, nor one to go on from.
func TestDamagedStates(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "state.json")
	now := time.Date(2026, 11, 3, 8, 0, 0, 0, time.UTC)
	of := identity{Web: "https://github.com", Owner: "acme", Include: Surfaces()}
	whole := &state{Version: stateVersion, Program: "p", Scan: of, Started: now, Repositories: []*repository{{ID: 1, Name: "acme/api", At: position{Step: "git"}}}}
	text, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	read := func(text []byte) (s *state, why string) {
		t.Helper()
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		s, why, err := resume(file, of, "p", now)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return s, why
	}
	if s, why := read(text); s == nil || why != "" || s.Repositories[0].At.Step != "git" {
		t.Errorf("%+v, %s", s, why)
	}
	for n := range text {
		if s, why := read(text[:n]); s != nil || why != file+" is damaged" {
			t.Errorf("%d bytes: %+v, %s", n, s, why)
		}
	}
	for _, other := range []string{"null", "{}", "[]", `{"version":1,"program":"p","repositories":[null]}`, `{"version":2}`} {
		if s, why := read([]byte(other)); s != nil || why == "" {
			t.Errorf("%s: %+v, %s", other, s, why)
		}
	}
}

// TestWhatIsInATextNow: a key that stands in a text counts once for each field, and not as one of an earlier version.
func TestWhatIsInATextNow(t *testing.T) {
	t.Parallel()
	at := func(former bool, line int) row {
		return row{Fingerprint: "f", Line: line, where: where{Place: "issue", URL: "u", Field: body, Former: former}}
	}
	for _, order := range [][]row{{at(false, 1), at(true, 2)}, {at(true, 2), at(false, 1)}, {at(true, 3), at(true, 2), at(false, 1)}} {
		var r repository
		for _, one := range order {
			r.add(one)
		}
		if len(r.Rows) != 1 || r.Rows[0].Former || r.Rows[0].Line != 1 {
			t.Errorf("%+v", r.Rows)
		}
	}
}

// TestAllGapsAreBounded: however much can't be read, what is said of it stays short.
func TestAllGapsAreBounded(t *testing.T) {
	t.Parallel()
	var r repository
	for i := range 3 * mostGaps {
		r.lacks(gap{Of: "git", Reason: time.Duration(i).String(), Count: 1})
	}
	if n := len(r.Gaps); n != mostGaps+1 || r.Gaps[mostGaps].Count != 2*mostGaps {
		t.Errorf("%d gaps, %+v", n, r.Gaps[n-1])
	}
}
