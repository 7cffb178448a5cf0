package app

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
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

// TestImportsGoOneWay holds the house: app → {respond, github, detect}, respond → detect, and detect on the standard library and what
// decompresses.
func TestImportsGoOneWay(t *testing.T) {
	t.Parallel()
	const module = "github.com/rekey-app/rekey/"
	mayImport := map[string][]string{
		"app":     {"app", "respond", "github", "detect"},
		"respond": {"respond", "detect"},
		"github":  {"github"},
		"detect":  {"detect"},
		"docs":    {"app", "respond", "github", "detect", "docs"},
	}
	decompressors := []string{"github.com/klauspost/compress", "github.com/ulikunitz/xz", "golang.org/x/sys"}
	// An audit proves what it says of JavaScript, TypeScript and lockfiles, which takes parsers of them: docs/architecture.md says why these. The
	// scanner of keys has none of it.
	parsers := []string{
		"github.com/evanw/esbuild/pkg/api", "github.com/dop251/goja/",
		"github.com/tidwall/gjson", "github.com/tidwall/jsonc", "github.com/BurntSushi/toml", "go.yaml.in/yaml", "golang.org/x/mod/",
	}
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
			if strings.HasPrefix(p.ImportPath, module+"detect/audit") && hasPrefixAny(imported, parsers) {
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

// jobs are the packages that do the queue's jobs, and which of each other they may import.
var jobs = map[string][]string{
	"outcome":  nil,
	"record":   nil,
	"policies": {"record"},
	"read":     {"outcome", "policies", "record"},
	"texts":    {"outcome", "policies", "record", "read"},
	"verify":   {"outcome", "policies", "record", "read", "texts"},
	"publish":  {"outcome", "policies", "record", "read"},
	"alerts":   {"policies", "record", "read"},
	"deliver":  {"outcome", "policies", "record", "read", "publish", "alerts", "texts"},
	"audit":    {"outcome", "policies", "record", "read", "publish"},
	"backfill": {"outcome", "policies", "record", "read", "publish"},
	"recovery": {"intake"},
}

// TestTheWorkersImportOneWay: deliveries and backfills stand on effects, effects and questions on what reads, and that on what
// records. Nobody but serve puts them together.
func TestTheWorkersImportOneWay(t *testing.T) {
	t.Parallel()
	const app = "github.com/rekey-app/rekey/app/"
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, app+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		imports := strings.Fields(line)
		pkg := strings.TrimPrefix(imports[0], app)
		may, does := jobs[pkg]
		if does {
			seen++
		}
		for _, imported := range imports[1:] {
			to, is := strings.CutPrefix(imported, app)
			_, toJobs := jobs[to]
			switch {
			case is && does && to != "observe" && !slices.Contains(may, to): // all of them may be observed
				t.Errorf("%s imports %s", imports[0], imported)
			case pkg == "online" && to == "texts": // its readers, which keep nothing
			case toJobs && !does && pkg != "serve":
				t.Errorf("%s imports %s: app/serve alone puts the workers together", imports[0], imported)
			}
		}
	}
	if seen != len(jobs) {
		t.Errorf("%d packages do jobs, want %d", seen, len(jobs))
	}
}

// TestTheWorkersSeeLittleOfTheLedger: each says by an interface which few methods of a transaction it uses.
func TestTheWorkersSeeLittleOfTheLedger(t *testing.T) {
	t.Parallel()
	for pkg := range jobs {
		files, err := filepath.Glob(pkg + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pkg, len(files), err)
		}
		asserted := false
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(text)) {
				asserted = asserted || line == "var _ Tx = (*ledger.Tx)(nil)\n"
				if containsAny(line, "*ledger.Store", "*ledger.Tx") && !strings.HasPrefix(line, "var _ ") {
					t.Errorf("%s: %s", file, strings.TrimSpace(line))
				}
			}
		}
		if !asserted {
			t.Errorf("%s does not assert that the ledger has what it uses", pkg)
		}
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

// TestTheServerRotatesNothing: what acts with an owner's login is for the command line; a server that held such a login could open every
// application of a workspace.
func TestTheServerRotatesNothing(t *testing.T) {
	t.Parallel()
	const module = "github.com/rekey-app/rekey/"
	out, err := exec.Command("go", "list", "-deps", module+"app/serve").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(out))
	for _, p := range packages {
		if ours, is := strings.CutPrefix(p, module); is && hasPrefixAny(ours, []string{"respond/clerk/manage", "app/rotate"}) {
			t.Errorf("app/serve holds %s", p)
		}
	}
	if !slices.Contains(packages, module+"respond/clerk") {
		t.Error("app/serve asks Clerk nothing: this test looks at the wrong package")
	}
}

// TestTheDomainStandsAtTheCentre: respond decides with no more than detect and the standard library, and of that nothing that
// reaches a network or a database; its words need Markdown besides.
func TestTheDomainStandsAtTheCentre(t *testing.T) {
	t.Parallel()
	const module = "github.com/rekey-app/rekey/"
	deps := func(pkg string) []string {
		out, err := exec.Command("go", "list", "-deps", module+pkg).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.Fields(string(out))
	}
	detected := deps("detect")
	for pkg, also := range map[string][]string{
		"respond": {"respond"},
		"respond/text": {
			"respond", "respond/text", "respond/format", "respond/guide", "respond/markdown", "github.com/yuin/goldmark", "go.yaml.in/yaml",
		},
	} {
		for _, dep := range deps(pkg) {
			ours, isOurs := strings.CutPrefix(dep, module)
			switch {
			case slices.Contains(detected, dep) || slices.Contains(also, ours):
			case isOurs || strings.Contains(dep, ".") && !hasPrefixAny(dep, also) && !strings.HasPrefix(dep, "vendor/") && !strings.HasPrefix(dep, "crypto/"),
				dep == "net" || strings.HasPrefix(dep, "net/http"), strings.HasPrefix(dep, "database/"):
				t.Errorf("%s reaches %s", pkg, dep)
			}
		}
	}
	for pkg, forbidden := range map[string][]string{
		"respond/...": {module + "github", module + "app"},
		"github/...":  {module + "respond", "github.com/riverqueue"},
		"app/intake":  {"github.com/riverqueue"},
		"app/config":  {"github.com/riverqueue"},
	} {
		out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, module+pkg).Output()
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(out)) {
			imports := strings.Fields(line)
			for _, imported := range imports[1:] {
				if hasPrefixAny(imported, forbidden) {
					t.Errorf("%s imports %s", imports[0], imported)
				}
			}
		}
	}
}

// TestRiverIsKnownToFew: River is imported by the queue, by the kinds of jobs, and by those that work them; the store does not
// know it. Its tables and its inside are named in one file, which riverinternal_test.go holds against the River that is installed.
func TestRiverIsKnownToFew(t *testing.T) {
	t.Parallel()
	const module = "github.com/rekey-app/rekey/"
	knows := []string{
		"respond/queue", "respond/job",
		"app/audit", "app/backfill", "app/deliver", "app/outcome", "app/publish", "app/read", "app/record", "app/serve", "app/texts", "app/verify",
	}
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,Imports", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	inside := regexp.MustCompile(`\briver_(job|leader|queue|client|notification|migration)\b|river/(rivershared|riverdriver)"|river/rivershared/`)
	var found []string
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath, Dir string
			GoFiles         []string
			Imports         []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(p.ImportPath, module)
		for _, imported := range p.Imports {
			if strings.HasPrefix(imported, "github.com/riverqueue") && !slices.Contains(knows, name) {
				t.Errorf("%s imports %s", name, imported)
			}
		}
		for _, file := range p.GoFiles {
			text, err := os.ReadFile(filepath.Join(p.Dir, file))
			if err != nil {
				t.Fatal(err)
			}
			if inside.Match(text) {
				found = append(found, name+"/"+file)
			}
		}
	}
	if want := []string{"respond/queue/riverinternal.go"}; !slices.Equal(found, want) {
		t.Errorf("River's tables or its inside are named in %v, not in %v", found, want)
	}
}
