package app

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

func containsAny(text string, parts ...string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// TestImportsGoOneWay holds the house: app → respond → {github, detect}, and detect on the standard library and what
// decompresses.
func TestImportsGoOneWay(t *testing.T) {
	t.Parallel()
	const module = "github.com/rekey-app/rekey/"
	mayImport := map[string][]string{
		"app":     {"app", "respond", "github", "detect"},
		"respond": {"respond", "github", "detect"},
		"github":  {"github"},
		"detect":  {"detect"},
		"docs":    {"app", "respond", "github", "detect", "docs"},
	}
	decompressors := []string{"github.com/klauspost/compress", "github.com/ulikunitz/xz", "golang.org/x/sys"}
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := 0
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; packages++ {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		room, _, _ := strings.Cut(strings.TrimPrefix(p.ImportPath, module), "/")
		for _, imported := range p.Imports {
			if ours, is := strings.CutPrefix(imported, module); is {
				to, _, _ := strings.Cut(ours, "/")
				if !containsAny(" "+strings.Join(mayImport[room], " ")+" ", " "+to+" ") {
					t.Errorf("%s imports %s", p.ImportPath, imported)
				}
				continue
			}
			if room == "detect" && strings.Contains(imported, ".") && !hasPrefixAny(imported, decompressors) {
				t.Errorf("%s imports %s: detect needs no more than the standard library and decompressors", p.ImportPath, imported)
			}
		}
	}
	if packages < 10 {
		t.Errorf("only %d packages were looked at", packages)
	}
}

func hasPrefixAny(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// TestTheProgramHoldsNoTestHelpers keeps stand-ins out of what people install.
func TestTheProgramHoldsNoTestHelpers(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", "github.com/rekey-app/rekey/app/rekey").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(out))
	if len(packages) < 100 {
		t.Errorf("only %d packages", len(packages))
	}
	for _, p := range packages {
		ours := strings.HasPrefix(p, "github.com/rekey-app/rekey/")
		if ours && strings.HasSuffix(p, "test") || p == "testing" || p == "net/http/httptest" {
			t.Errorf("rekey holds %s", p)
		}
	}
}
