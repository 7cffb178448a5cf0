package app

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/sarif"
)

func TestCodeScanning(t *testing.T) {
	together(t, map[string]func(*testing.T){
		"ShowsOpenLeaks":   testCodeScanningShowsOpenLeaks,
		"OffByDefault":     testCodeScanningIsOffByDefault,
		"PublicRepository": testCodeScanningInPublic,
		"Refused":          testCodeScanningRefused,
		"NoPermission":     testCodeScanningWithoutThePermission,
	})
}

// shown is what was uploaded last, as path:line of each result, with a + before what the branch's files hold, once there are n uploads.
func (w *world) shown(n int) (places []string, last githubtest.SARIF) {
	w.t.Helper()
	w.settle()
	w.hurry()
	w.settle()
	uploads := w.shop.SARIFs()
	if len(uploads) != n {
		w.t.Fatalf("%d uploads, want %d", len(uploads), n)
	}
	if n == 0 {
		return nil, githubtest.SARIF{}
	}
	last = uploads[n-1]
	var log sarif.Log
	if err := json.Unmarshal(last.Log, &log); err != nil {
		w.t.Fatal(err)
	}
	for _, r := range log.Runs[0].Results {
		at := r.Locations[0].PhysicalLocation
		mark := "+"
		if strings.Contains(r.Message.Text, "was removed") {
			mark = "-"
		}
		places = append(places, fmt.Sprintf("%s%s:%d", mark, at.ArtifactLocation.URI, at.Region.StartLine))
	}
	slices.Sort(places)
	return places, last
}

func testCodeScanningShowsOpenLeaks(t *testing.T) {
	w := newGuardedShop(t)
	w.policy("code_scanning: true")
	w.shown(0) // nothing is open, and nothing was
	sha, key, issue := w.leaked(930, detect.Live)
	got, last := w.shown(1)
	if !slices.Equal(got, []string{"+930.env:1"}) || last.Commit != sha || last.Ref != "refs/heads/main" || last.Tool != "rekey" {
		t.Errorf("%v, %+v", got, last)
	}
	// A push that changes nothing of it uploads nothing; one that moves the line does.
	w.pushed(map[string]string{"README.md": "# Shop\n"})
	w.shown(1)
	w.pushed(map[string]string{"930.env": "\n\n" + env(w.keys[0])})
	if got, _ := w.shown(2); !slices.Equal(got, []string{"+930.env:3"}) {
		t.Errorf("%v", got)
	}
	// A second one, then the first is removed from its file: it may work still.
	_, _, second := w.leaked(931, detect.Test)
	w.pushed(map[string]string{"930.env": "# moved\n"})
	w.hurry()
	w.settle()
	if got, _ := w.shown(len(w.shop.SARIFs())); !slices.Equal(got, []string{"+931.env:1", "-930.env:3"}) {
		t.Errorf("%v", got)
	}
	// What is closed disappears.
	n := len(w.shop.SARIFs())
	w.clerk.Delete(key)
	w.say(issue.Number, "/rekey rotated", w.ada)
	w.state(issue.Number, "closed", respond.Revoked)
	if got, _ := w.shown(n + 1); !slices.Equal(got, []string{"+931.env:1"}) {
		t.Errorf("%v", got)
	}
	w.say(second.Number, "/rekey ignore a fixture", w.ada)
	if got, _ := w.shown(n + 2); len(got) != 0 {
		t.Errorf("%v", got)
	}
	w.holdsNoKey()
}

func testCodeScanningIsOffByDefault(t *testing.T) {
	w := newGuardedShop(t)
	w.leaked(932, detect.Live)
	w.shown(0)
	// Switched on, what is open is shown; switched off, it disappears.
	w.policy("code_scanning: true")
	if got, _ := w.shown(1); !slices.Equal(got, []string{"+932.env:1"}) {
		t.Errorf("%v", got)
	}
	w.policy("code_scanning: false")
	if got, _ := w.shown(2); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func testCodeScanningInPublic(t *testing.T) {
	w := newGuardedShop(t)
	w.public()
	w.policy("code_scanning: true")
	text, key := w.secret(933, detect.Live)
	w.pushed(map[string]string{"x.env": env(text)})
	got, last := w.shown(1)
	if !slices.Equal(got, []string{"+x.env:1"}) || strings.Contains(string(last.Log), key.Redacted()) {
		t.Errorf("%v: %s", got, last.Log)
	}
}

func testCodeScanningRefused(t *testing.T) {
	w := newGuardedShop(t)
	w.shop.RefuseSARIF("Code Security must be enabled for this repository to use code scanning.")
	w.policy("code_scanning: true")
	w.leaked(934, detect.Live)
	w.shown(0)
	w.leaked(935, detect.Live)
	w.shown(0)
	asked, told := 0, 0
	for _, r := range w.github.Requests() {
		if strings.HasSuffix(r.Path, "/code-scanning/sarifs") {
			asked++
		}
	}
	for _, line := range w.lines() {
		if line["msg"] == "GitHub takes nothing for the Security tab: trying again tomorrow" {
			told++
		}
	}
	if asked != 1 || told != 1 || !slices.Contains(w.alertActivities(), "GitHub refused") {
		t.Errorf("asked %d times, told %d times, activity %v", asked, told, w.alertActivities())
	}
}

func testCodeScanningWithoutThePermission(t *testing.T) {
	options := guarded(t)
	delete(options.Permissions, "security_events")
	w := newWorld(t, options)
	w.policy("code_scanning: true")
	w.leaked(936, detect.Live)
	w.shown(0)
	for _, line := range w.lines() {
		if line["level"] == "ERROR" {
			t.Errorf("the log says %v", line)
		}
	}
}
