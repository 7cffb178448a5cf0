package local

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rekey-app/rekey/app/excerpt"
	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit"
	"github.com/rekey-app/rekey/detect/audit/routes"
	"github.com/rekey-app/rekey/respond/sarif/sariftest"
)

// update writes the goldens of testdata: go test ./app/audit/local -update.
var update = flag.Bool("update", false, "write the goldens of testdata")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(file, got, 0o644)); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
	}
}

// result has a finding with an edit, one about a file's name, and what else a result may hold.
func result() Result {
	protect := audit.Check{
		ID: "T1", Title: "auth.protect() is not awaited", Severity: detect.CriticalSeverity, Tier: audit.Default, Frameworks: []string{"Next.js"},
		Fix: "Write `await auth.protect()`: without it, the request goes on.", Link: "https://clerk.com/docs/reference/nextjs/app-router/auth", Why: "It throws.",
		Before: []audit.Example{{Path: "a.ts", Text: "auth.protect();\n"}}, After: []audit.Example{{Path: "a.ts", Text: "await auth.protect();\n"}},
	}
	named := audit.Check{ID: "T2", Title: "The middleware's name is wrong", Severity: detect.HighSeverity, Tier: audit.All, Fix: "Rename it.", Link: "https://clerk.com/docs"}
	text := []byte("größe();\n  auth.protect();\n")
	unawaited := Finding{
		Finding: audit.Finding{
			ID: "T1", Severity: detect.CriticalSeverity, Path: "src/proxy.ts", Seen: "nothing waits for what auth.protect() decides", Fix: protect.Fix,
			Range: audit.Range{Line: 2, Column: 3, EndLine: 2, EndColumn: 17, Start: 13, End: 27},
			Edit:  &audit.Edit{Replacements: []audit.Replacement{{Start: 13, End: 13, Text: "await "}}},
		},
		Check: protect, Name: "src/proxy.ts", Column: 3, EndColumn: 17, Text: text, EditName: "src/proxy.ts", EditText: text,
		Excerpt: excerpt.Marked{Before: "if (x) ", Inside: "auth.protect()", After: ";"},
	}
	again := unawaited
	again.Name, again.Edit = "src/über.ts", nil
	misnamed := Finding{
		Finding: audit.Finding{
			ID: "T2", Severity: detect.MediumSeverity, Path: "midleware.ts", Seen: "Next.js doesn't run midleware.ts", Fix: "Rename it to middleware.ts.",
			Edit: &audit.Edit{Rename: "middleware.ts"},
		},
		Check: named, Name: "midleware.ts", Text: []byte("x"), EditName: "midleware.ts", EditText: []byte("x"),
	}
	accepted := unawaited
	accepted.Name = "src/team.ts"
	return Result{
		Findings: []Finding{misnamed, unawaited, again},
		Allowed:  []Allowed{{Finding: accepted, Line: 1, Reason: "the team page is public"}},
		Packages: []audit.Package{{Name: "@clerk/nextjs", Version: "6.21.0", Locked: true, Path: "pnpm-lock.yaml", Line: 12, Root: "web"}, {Name: "next", Version: "^15", Path: "package.json"}},
		Problems: []Problem{{Name: ".env", Reason: "permission denied"}, {Name: "a.js", Reason: "minified", Part: true}},
		Files:    1234, Level: audit.All, Elapsed: 20 * time.Millisecond,
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	for name, style := range map[string]Style{
		"wide.txt":   {},
		"narrow.txt": {Style: terminal.Style{Width: 50}},
		"quiet.txt":  {Quiet: true},
	} {
		var b bytes.Buffer
		if err := WriteText(&b, result(), style); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
	}
	var nothing bytes.Buffer
	if err := WriteText(&nothing, Result{}, Style{}); err != nil || !strings.HasPrefix(nothing.String(), "no mistakes found; read 0 files in ") {
		t.Errorf("%q, %v", nothing.String(), err)
	}
}

func TestManyPlacesAreFew(t *testing.T) {
	t.Parallel()
	r := result()
	for range 40 {
		r.Findings = append(r.Findings, r.Findings[1])
	}
	var b bytes.Buffer
	if err := WriteText(&b, r, Style{}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "src/proxy.ts:2:3\n"); n > mostPlaces || !strings.Contains(b.String(), "  and 32 more places; --format json lists them all\n") {
		t.Errorf("%d places in\n%s", n, b.String())
	}
}

func valid(t *testing.T, schema string, text []byte) {
	t.Helper()
	compiled, err := jsonschema.NewCompiler().Compile(filepath.Join("../../../docs", schema))
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(document); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestJSONKeepsItsSchema(t *testing.T) {
	t.Parallel()
	for _, r := range []Result{result(), {}} {
		var b bytes.Buffer
		if err := WriteJSON(&b, r); err != nil {
			t.Fatal(err)
		}
		valid(t, "audit.schema.json", b.Bytes())
		if len(r.Findings) > 0 {
			golden(t, "result.json", b.Bytes())
		}
	}
}

func TestSARIF(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]Result{"nothing": {}, "result": result()} {
		var b bytes.Buffer
		if err := WriteSARIF(&b, r, SARIFOptions{Version: "v1.2.3", Dir: "/srv/shop"}); err != nil {
			t.Fatal(err)
		}
		sariftest.Validate(t, name, b.Bytes())
		if name == "result" {
			golden(t, "result.sarif", b.Bytes())
		}
	}
}

func routeMap() RouteMap {
	return RouteMap{
		Map: routes.Map{Routes: []routes.Route{
			{
				Framework: "Next.js", App: "web", Kind: routes.Page, Path: "/dashboard", File: "web/app/dashboard/page.tsx", Line: 3, State: routes.Protected,
				Evidence: []routes.Evidence{{What: "auth.protect()", File: "web/app/dashboard/page.tsx", Line: 4}, {What: "auth.protect()", File: "web/proxy.ts", Line: 9}},
			},
			{Framework: "Next.js", App: "web", Kind: routes.Handler, Method: "POST", Path: "/api/a|b", File: "web/app/api/route.ts", Line: 1, State: routes.Unknown},
			{
				Framework: "Express", Kind: routes.Handler, Method: "GET", Path: "/", File: "server.js", Line: 7, State: routes.Middleware,
				Evidence: []routes.Evidence{{What: "requireAuth()", File: "server.js", Line: 5}},
			},
		}},
		Problems: []Problem{{Name: "a.js", Reason: "minified", Part: true}}, Files: 12, Elapsed: time.Second,
	}
}

func TestRouteTables(t *testing.T) {
	t.Parallel()
	for name, style := range map[string]Style{
		"routes-wide.txt":   {},
		"routes-80.txt":     {Style: terminal.Style{Width: 80}},
		"routes-narrow.txt": {Style: terminal.Style{Width: 40}},
	} {
		var b bytes.Buffer
		if err := WriteRoutes(&b, routeMap(), name == "routes-80.txt", style); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
	}
	for _, m := range []RouteMap{routeMap(), {}} {
		var b bytes.Buffer
		if err := WriteRoutesJSON(&b, m); err != nil {
			t.Fatal(err)
		}
		valid(t, "routes.schema.json", b.Bytes())
	}
}

// TestJSONKeepsItsOrder: scripts and people read the fields in the order of the schema.
func TestJSONKeepsItsOrder(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := WriteJSON(&b, result()); err != nil {
		t.Fatal(err)
	}
	decoder, last := json.NewDecoder(&b), -1
	want := []string{"findings", "allowed", "packages", "unread", "level", "files"}
	depth := 0
	for {
		token, err := decoder.Token()
		if err != nil {
			break
		}
		switch token := token.(type) {
		case json.Delim:
			if token == '{' || token == '[' {
				depth++
			} else {
				depth--
			}
		case string:
			if depth != 1 {
				continue
			}
			for i, name := range want {
				if token == name {
					if i != last+1 {
						t.Errorf("%s is no. %d", name, i)
					}
					last = i
				}
			}
		}
	}
	if last != len(want)-1 {
		t.Errorf("the last field is no. %d", last)
	}
}
