package dotenv_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest"
	"github.com/rekey-app/rekey/app/rotate/destination/dotenv"
	"github.com/rekey-app/rekey/detect"
	parser "github.com/rekey-app/rekey/detect/audit/dotenv"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// tracked are the files that git tracks.
type tracked map[string]string

func (f tracked) List() []string {
	var list []string
	for path := range f {
		list = append(list, path)
	}
	return list
}

func (f tracked) Read(path string) ([]byte, bool) {
	text, ok := f[path]
	return []byte(text), ok
}

// clone makes a working tree of git with files that git tracks and with files that it does not.
func clone(t *testing.T, committed, others map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for path, text := range committed {
		write(t, filepath.Join(dir, path), text)
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A", "-f"}} {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
	}
	for path, text := range others {
		write(t, filepath.Join(dir, path), text)
	}
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func person(t *testing.T) *destination.Machine {
	t.Helper()
	return &destination.Machine{Environ: []string{"HOME=" + t.TempDir(), "GIT_CONFIG_NOSYSTEM=1"}, Now: time.Now}
}

func project(dir string, files tracked, judge func(string) destination.Holding) destination.Project {
	return destination.Project{
		Dir: dir, Files: files, Variables: []string{"CLERK_SECRET_KEY"}, Environment: detect.Live, Judge: judge,
	}
}

func TestDriver(t *testing.T) {
	t.Parallel()
	destinationtest.Run(t, func(t *testing.T, judge func(string) destination.Holding, compromised string) *destinationtest.World {
		t.Helper()
		files := tracked{"package.json": "{}", ".gitignore": ".env*\n", "apps/web/package.json": "{}"}
		dir := clone(t, files, map[string]string{
			".env.local":               "# ours\nCLERK_SECRET_KEY=\"" + compromised + "\" # of production\nDATABASE_URL='postgres://localhost/shop'\n",
			"apps/web/.env":            "PORT=3000\n",
			"apps/web/.env.production": "NEXT_PUBLIC_NAME=shop",
		})
		empty := clone(t, files, map[string]string{".env": "PORT=3000\n"})
		m := person(t)
		return &destinationtest.World{
			Machine: m,
			Driver:  func(m *destination.Machine) destination.Driver { return dotenv.New(m) },
			Project: project(dir, files, judge), Unused: project(empty, files, judge),
			Values: func() map[string]string {
				values := map[string]string{}
				for _, path := range []string{".env.local", "apps/web/.env", "apps/web/.env.production"} {
					for _, e := range parser.Parse(read(t, filepath.Join(dir, path))) {
						values[path+" "+e.Name] = e.Value
					}
				}
				return values
			},
			Key:      func(p destination.Place) string { return p.Title + " " + p.Variable },
			Requests: func() int { return 0 },
			Seen:     func() string { return everythingBut(t, dir, ".env.local") },
			Overwrite: func(p destination.Place, value string) {
				write(t, filepath.Join(dir, p.Title), p.Variable+"="+value+"\n")
			},
			Readable: true,
			Refuses: func(value string) bool {
				return strings.Contains(value, "$") || strings.Contains(value, `'`) && strings.Contains(value, `"`)
			},
		}
	})
}

// everythingBut is the names and texts of all files but one.
func everythingBut(t *testing.T, dir, name string) string {
	t.Helper()
	var text strings.Builder
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && e.Name() != name {
			text.WriteString(path + "\n" + read(t, path) + "\n")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// judge knows one compromised value.
func judge(compromised string) func(string) destination.Holding {
	return func(value string) destination.Holding {
		switch {
		case value == compromised:
			return destination.Compromised
		case strings.HasPrefix(value, "sk_live_"):
			return destination.Same
		case value == "":
			return destination.Nothing
		}
		return destination.Other
	}
}

// TestLine edits files in which OLD stands for the compromised value, and NEW for the one that is written.
func TestLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"alone":             {"CLERK_SECRET_KEY=OLD", "CLERK_SECRET_KEY=NEW"},
		"CRLF":              {"A=1\r\nCLERK_SECRET_KEY=OLD\r\nB=2\r\n", "A=1\r\nCLERK_SECRET_KEY=NEW\r\nB=2\r\n"},
		"CR":                {"A=1\rCLERK_SECRET_KEY=OLD\rB=2", "A=1\rCLERK_SECRET_KEY=NEW\rB=2"},
		"byte order mark":   {"\ufeffCLERK_SECRET_KEY=OLD\n", "\ufeffCLERK_SECRET_KEY=NEW\n"},
		"export":            {"  export  CLERK_SECRET_KEY = OLD  \n", "  export  CLERK_SECRET_KEY = NEW  \n"},
		"colon":             {"CLERK_SECRET_KEY: OLD\n", "CLERK_SECRET_KEY: NEW\n"},
		"comment":           {"CLERK_SECRET_KEY=OLD # of ada, not OLD's\n", "CLERK_SECRET_KEY=NEW # of ada, not OLD's\n"},
		"comment at once":   {"CLERK_SECRET_KEY=OLD#ada\n", "CLERK_SECRET_KEY='NEW'#ada\n"},
		"double quotes":     {"CLERK_SECRET_KEY=\"OLD\"\t# x\nB=2", "CLERK_SECRET_KEY=\"NEW\"\t# x\nB=2"},
		"single quotes":     {"CLERK_SECRET_KEY='OLD'\n", "CLERK_SECRET_KEY='NEW'\n"},
		"backquotes":        {"CLERK_SECRET_KEY=`OLD`\n", "CLERK_SECRET_KEY=`NEW`\n"},
		"behind several":    {"KEY='-----BEGIN\nCLERK_SECRET_KEY=no\n-----END'\nCLERK_SECRET_KEY=OLD", "KEY='-----BEGIN\nCLERK_SECRET_KEY=no\n-----END'\nCLERK_SECRET_KEY=NEW"},
		"twice":             {"CLERK_SECRET_KEY=OLD\nCLERK_SECRET_KEY=OLD\n", "CLERK_SECRET_KEY=NEW\nCLERK_SECRET_KEY=NEW\n"},
		"one of two":        {"CLERK_SECRET_KEY=OLD\nCLERK_SECRET_KEY=placeholder\n", "CLERK_SECRET_KEY=NEW\nCLERK_SECRET_KEY=placeholder\n"},
		"other name":        {"CLERK_KEY=OLD\nOLD_KEY=1\n", "CLERK_KEY=NEW\nOLD_KEY=1\n"},
		"comments only":     {"# CLERK_SECRET_KEY=OLD\nCLERK_SECRET_KEY=\n", "# CLERK_SECRET_KEY=OLD\nCLERK_SECRET_KEY=\n"},
		"longer":            {"CLERK_SECRET_KEY=OLDx\n", "CLERK_SECRET_KEY=OLDx\n"},
		"not UTF-8":         {"NAME=\xff\xfe\nCLERK_SECRET_KEY=OLD\n", "NAME=\xff\xfe\nCLERK_SECRET_KEY=NEW\n"},
		"open quote before": {"A=\"open\nCLERK_SECRET_KEY=OLD\n", "A=\"open\nCLERK_SECRET_KEY=NEW\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			old, next := detecttest.Key(1, detect.Live), detecttest.Key(2, detect.Live)
			keys := func(s string) string {
				s = regexp.MustCompile(`\bOLD`).ReplaceAllString(s, old)
				return strings.ReplaceAll(strings.ReplaceAll(s, old+"_", "OLD_"), "NEW", next)
			}
			files := tracked{".gitignore": ".env\n"}
			dir := clone(t, files, map[string]string{".env": keys(c.text)})
			path := filepath.Join(dir, ".env")
			if err := os.Chmod(path, 0o640); err != nil {
				t.Fatal(err)
			}
			d := dotenv.New(person(t))
			for _, place := range d.Look(t.Context(), project(dir, files, judge(old))).Places {
				if place.Holding != destination.Compromised {
					continue
				}
				if err := d.Write(t.Context(), place, detect.NewSecret(next)); err != nil {
					t.Error(err)
				}
				if proof, err := d.Check(t.Context(), place, detect.NewSecret(next), time.Now()); proof != destination.ReadBack || err != nil {
					t.Errorf("%s, %v", proof, err)
				}
			}
			if got := read(t, path); got != keys(c.want) {
				t.Errorf("got\n%q\nwant\n%q", got, keys(c.want))
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
				t.Errorf("%v, %v", info.Mode(), err)
			}
		})
	}
}

func TestWhere(t *testing.T) {
	t.Parallel()
	old, next := detecttest.Key(1, detect.Live), detecttest.Key(2, detect.Live)
	line := "CLERK_SECRET_KEY=" + old + "\n"
	files := tracked{
		".gitignore": ".env*.local\n.dev.vars\n!apps/docs/.env.local\n", "apps/web/package.json": "{}", "apps/docs/package.json": "{}", "apps/edge/wrangler.toml": "",
		"apps/linked/package.json": "{}", "apps/our app/.env": line, "node_modules/x/package.json": "{}", "tools/notes.txt": "", "apps/docs/.env": line, ".env.example": "CLERK_SECRET_KEY=sk_live_...\n",
	}
	dir := clone(t, files, map[string]string{
		".env.local": line, "apps/web/.env.production.local": line, "apps/docs/.env.local": line, "apps/edge/.dev.vars": line,
		"node_modules/x/.env": line, "tools/.env.local": line, "apps/web/.env.local": "PORT=1\n", "apps/web/.envrc": line,
	})
	outside := filepath.Join(t.TempDir(), "shared.env")
	write(t, outside, line)
	for link, to := range map[string]string{"apps/linked/.env.local": "../../.env.local", "apps/linked/.env": outside, "apps/linked/.env.gone": "nowhere"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	d := dotenv.New(person(t))
	s := d.Look(t.Context(), project(dir, files, judge(old)))
	var got []string
	for _, p := range s.Places {
		note := ""
		if p.Note != "" {
			note = " !"
		}
		got = append(got, strings.TrimSpace(p.Title+" "+string(p.Scope))+note)
		if err := d.Write(t.Context(), p, detect.NewSecret(next)); err != nil {
			t.Error(err)
		}
	}
	if want := ".env.local, apps/docs/.env.local !, apps/edge/.dev.vars development, apps/web/.env.production.local production"; strings.Join(got, ", ") != want {
		t.Errorf("places %s", strings.Join(got, ", "))
	}
	var problems []string
	for _, p := range s.Problems {
		problems = append(problems, p.What)
	}
	want := "apps/docs/.env holds the compromised value, and git tracks it: a new one must not be written there; apps/linked/.env is a link to a file outside of this clone; " +
		"apps/our app/.env holds the compromised value, and git tracks it: a new one must not be written there"
	if last := s.Problems[len(s.Problems)-1].Next; last != "run git rm --cached 'apps/our app/.env', add it to .gitignore, and run this again" {
		t.Error(last)
	}
	if strings.Join(problems, "; ") != want || !s.Used || s.Because != ".env.local" {
		t.Errorf("%+v", s)
	}
	for _, kept := range []string{"apps/docs/.env", "node_modules/x/.env", "tools/.env.local", "apps/web/.envrc"} {
		if read(t, filepath.Join(dir, kept)) != line {
			t.Errorf("%s was written", kept)
		}
	}
	if read(t, outside) != line {
		t.Error("a file outside of the clone was written")
	}
	if info, err := os.Lstat(filepath.Join(dir, "apps/linked/.env.local")); err != nil || info.Mode().Type() != fs.ModeSymlink {
		t.Errorf("the link is %v, %v", info, err)
	}
	if left := everythingBut(t, dir, ""); strings.Contains(left, ".rekey") {
		t.Error("something was left behind")
	}
}

// TestAfterACrash finds what a write left that was killed before its end.
func TestAfterACrash(t *testing.T) {
	t.Parallel()
	old, next := detecttest.Key(1, detect.Live), detecttest.Key(2, detect.Live)
	files := tracked{".gitignore": ".env*\n"}
	dir := clone(t, files, map[string]string{".env": "CLERK_SECRET_KEY=" + old, ".env.rekey.local": "CLERK_SECRET_KEY=" + next[:20]})
	d := dotenv.New(person(t))
	places := d.Look(t.Context(), project(dir, files, judge(old))).Places
	if len(places) != 1 || places[0].Title != ".env" {
		t.Fatalf("%+v", places)
	}
	if err := d.Write(t.Context(), places[0], detect.NewSecret(next)); err != nil {
		t.Fatal(err)
	}
	if got := everythingBut(t, dir, ""); !strings.Contains(got, next) || strings.Contains(got, ".rekey") {
		t.Error("something is left behind")
	}
}

// TestMeanwhile changes the world between the plan and the write.
func TestMeanwhile(t *testing.T) {
	t.Parallel()
	old, next := detecttest.Key(1, detect.Live), detecttest.Key(2, detect.Live)
	for name, c := range map[string]struct {
		change func(t *testing.T, dir string)
		said   string
	}{
		"tracked": {func(t *testing.T, dir string) {
			t.Helper()
			cmd := exec.CommandContext(t.Context(), "git", "add", "-f", ".env")
			cmd.Dir = dir
			if err := cmd.Run(); err != nil {
				t.Fatal(err)
			}
		}, "git tracks it; run git rm --cached .env"},
		"gone":    {func(t *testing.T, dir string) { t.Helper(); rename(t, dir, "elsewhere") }, "no such file"},
		"renamed": {func(t *testing.T, dir string) { t.Helper(); write(t, filepath.Join(dir, ".env"), "OTHER="+old) }, "it was changed meanwhile"},
		"a link": {func(t *testing.T, dir string) {
			t.Helper()
			to := filepath.Join(t.TempDir(), "x")
			write(t, to, "CLERK_SECRET_KEY="+old)
			rename(t, dir, "elsewhere")
			if err := os.Symlink(to, filepath.Join(dir, ".env")); err != nil {
				t.Fatal(err)
			}
		}, "outside of this clone"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := tracked{".gitignore": ".env\n"}
			dir := clone(t, files, map[string]string{".env": "CLERK_SECRET_KEY=" + old})
			d := dotenv.New(person(t))
			places := d.Look(t.Context(), project(dir, files, judge(old))).Places
			if len(places) != 1 {
				t.Fatalf("%+v", places)
			}
			c.change(t, dir)
			err := d.Write(t.Context(), places[0], detect.NewSecret(next))
			if err == nil || !strings.Contains(err.Error(), c.said) || strings.Contains(everythingBut(t, dir, ""), next) {
				t.Errorf("%v", err)
			}
		})
	}
}

func rename(t *testing.T, dir, to string) {
	t.Helper()
	if err := os.Rename(filepath.Join(dir, ".env"), filepath.Join(dir, to)); err != nil {
		t.Fatal(err)
	}
}
