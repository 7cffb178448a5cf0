//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/respond/clerk/clerktest"
)

// TestRotateAtATerminal: the real program, a person, and stand-ins. The key that is pasted is never shown.
func TestRotateAtATerminal(t *testing.T) {
	t.Parallel()
	r := newRotation(t)
	key := r.newKey()
	report := filepath.Join(r.home, "rotation.md")
	got := r.terminal(100, r.willing(key), "--guided", "--report", report, r.issue)
	if got.status != 0 {
		t.Fatalf("status %d:\n%s", got.status, got.out)
	}
	r.everywhere(key.Reveal())
	r.told()
	r.noKey(got.out, key)
	if calls := r.calls(); strings.Contains(calls, "/bin/git ") || strings.Contains(calls, "TOKEN=") || !strings.Contains(calls, "/bin/xdg-open https://dashboard.clerk.com/") {
		t.Errorf("programs were run, or were told what they needn't know:\n%s", calls)
	}
	text, err := os.ReadFile(report)
	if err != nil || !strings.Contains(string(text), "Clerk refuses the old key") || strings.Contains(string(text), "## Left") {
		t.Errorf("%v\n%s", err, text)
	}
	if got = r.terminal(100, r.willing(key), r.issue); got.status != 0 || !strings.Contains(got.out, "To rotate once more, use --restart") || r.shop.Issues()[0].State != "closed" {
		t.Errorf("again: status %d\n%s", got.status, got.out)
	}
}

// TestRotateByScripts: what scripts give and get, and what stops them before anything is changed.
func TestRotateByScripts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		with   func(r *rotation) (stdin string, args []string)
		status int
		says   []string // on either stream
		wrote  bool     // everything has the new key, else nothing has
	}{
		"key-stdin": {with: func(r *rotation) (string, []string) {
			return r.newKey().Reveal() + "\n", []string{"--yes", "--key-stdin", "--format", "json", r.issue}
		}, status: 1, says: []string{`"finished": false`, `Not yet: the old key has to keep working until the steps before this one are done.`}, wrote: true},
		"dry run": {
			with: func(r *rotation) (string, []string) { return "", []string{"--dry-run"} },
			says: []string{"Nothing has changed yet", ".env.local, which holds the old one", "Vercel project shop, production", "environment production", "/issues/1"},
		},
		"no yes":       {with: func(r *rotation) (string, []string) { return "", []string{r.issue} }, status: 2, says: []string{"nobody is there to say yes to the plan: --yes says it"}},
		"no key":       {with: func(r *rotation) (string, []string) { return "", []string{"--yes", r.issue} }, status: 2, says: []string{"--key-stdin reads it from standard input"}},
		"empty key":    {with: func(r *rotation) (string, []string) { return "\n", []string{"--yes", "--key-stdin"} }, status: 2, says: []string{"standard input is empty"}},
		"the old key":  {with: func(r *rotation) (string, []string) { return r.old.Reveal(), []string{"--yes", "--key-stdin"} }, status: 2, says: []string{"it is the old one"}},
		"unknown host": {with: func(*rotation) (string, []string) { return "", []string{"--only", "vercell"} }, status: 2, says: []string{"vercell is no host or store"}},
		"unknown place": {
			with: func(*rotation) (string, []string) { return "", []string{"--include", "vercel:nothing"} }, status: 2,
			says: []string{"--include vercel:nothing: rekey found no such place"},
		},
		"wrong environment": {
			with: func(r *rotation) (string, []string) {
				return detecttest.Key(5, detect.Test), []string{"--yes", "--key-stdin"}
			},
			status: 2, says: []string{"it is of development, and the old one of production"},
		},
		"unknown key": {
			with: func(*rotation) (string, []string) {
				return detecttest.Key(6, detect.Live), []string{"--yes", "--key-stdin"}
			},
			status: 2, says: []string{"Clerk doesn't know the new key"},
		},
		"wrong instance": {with: func(r *rotation) (string, []string) {
			other := detect.NewSecret(detecttest.Key(4, detect.Live))
			r.clerk.Add(other, "ins_another", detect.Live)
			return other.Reveal(), []string{"--yes", "--key-stdin"}
		}, status: 2, says: []string{"the new key is of the instance ins_another, and the old one of " + rotatedInstance, "Nothing was written"}},
		"other instance": {
			with:   func(r *rotation) (string, []string) { return "", []string{"--dry-run", "--instance", "ins_another"} },
			status: 2, says: []string{"--instance says ins_another, and the key is of " + rotatedInstance},
		},
		"fenced": {with: func(r *rotation) (string, []string) {
			key := r.newKey()
			r.clerk.Fence(key)
			return key.Reveal(), []string{"--yes", "--key-stdin"}
		}, status: 2, says: []string{"accepts the new key from certain addresses only", "Nothing was written"}},
		"no login": {with: func(r *rotation) (string, []string) {
			r.env = append(r.env, "GH_ENTERPRISE_TOKEN=", "VERCEL_TOKEN=")
			return "", []string{"--dry-run"}
		}, says: []string{"nobody is logged in to 127.0.0.1", "nobody is logged in to Vercel", "vercel login", ".env.local, which holds the old one"}},
		"expired token": {with: func(r *rotation) (string, []string) {
			r.env = append(r.env, "GH_ENTERPRISE_TOKEN=ghp_expired")
			return "", []string{r.issue}
		}, status: 2, says: []string{"the issue can't be read", "GH_ENTERPRISE_TOKEN"}},
		"api without a login": {with: func(r *rotation) (string, []string) { return "", []string{"--yes", "--api"} }, status: 2, says: []string{"log in by clerk auth login, or set CLERK_PLATFORM_API_KEY"}},
		"expired login to Clerk": {with: func(r *rotation) (string, []string) {
			r.env = append(r.env, "CLERK_PLATFORM_API_KEY="+detecttest.PlatformAPIKey(7))
			return "", []string{"--dry-run"}
		}, says: []string{"nobody is logged in to Clerk", "clerk auth login"}},
		"a login of another workspace": {with: func(r *rotation) (string, []string) {
			r.logIn()
			token := detect.NewSecret(detecttest.PlatformAPIKey(8))
			r.clerk.AddLogin(token, clerktest.Login{Workspace: "org_other"})
			r.env = append(r.env, "CLERK_PLATFORM_API_KEY="+token.Reveal())
			return "", []string{"--dry-run"}
		}, says: []string{"your login to Clerk doesn't see this instance"}},
		"several instances": {with: func(r *rotation) (string, []string) {
			r.logIn()
			r.clerk.AddApplication(clerktest.Application{ID: "app_blog", Name: "Blog", Instances: []clerktest.Instance{{ID: "ins_blog", Environment: detect.Live}}})
			r.write(".env.local", "CLERK_SECRET_KEY="+r.old.Reveal()+"\n")
			return "", []string{"--yes", "--api"}
		}, status: 2, says: []string{"choose by --instance", "ins_blog (Blog)", "(Shop)"}},
		"overlap of minutes": {with: func(*rotation) (string, []string) { return "", []string{"--api", "--overlap", "90m"} }, status: 2, says: []string{"write whole hours"}},
		"unknown kind":       {with: func(*rotation) (string, []string) { return "", []string{"--kind", "password"} }, status: 2, says: []string{"it is none of secret_key"}},
		"no subject":         {with: func(*rotation) (string, []string) { return "", []string{"something"} }, status: 2, says: []string{"neither the address of an issue"}},
		"no directory":       {with: func(*rotation) (string, []string) { return "", []string{"-C", "missing"} }, status: 2, says: []string{"missing can't be opened"}},
		"no key anywhere":    {with: func(r *rotation) (string, []string) { return "", []string{"-C", r.t.TempDir()} }, status: 2, says: []string{"no file of this clone holds a Clerk credential"}},
		"no home":            {with: func(r *rotation) (string, []string) { r.env = append(r.env, "HOME="); return "", []string{"--dry-run"} }, status: 2, says: []string{"set HOME, or XDG_STATE_HOME"}},
		"silent issue": {with: func(r *rotation) (string, []string) { // of a public repository: the clone says what it is about
			return "", []string{"--dry-run", r.open("Leaked credential")}
		}, says: []string{"Rotate the production secret key sk_live_…", "/issues/2"}},
		"exposed by advisory": {with: func(r *rotation) (string, []string) {
			r.write("lib/clerk.js", "")
			r.write(".env.local", "")
			return "", []string{"--dry-run", r.open("Clerk secret key exposed by GHSA-xxxx-yyyy-zzzz")}
		}, says: []string{"Rotate the production secret key\n", "environment production, whose value can't be read"}},
		"issue of another repository": {with: func(r *rotation) (string, []string) {
			return "", []string{"--dry-run", "-C", r.elsewhere(), r.issue}
		}, says: []string{"This clone is of acme/other, and the issue is in acme/shop"}},
		"without a remote": {with: func(r *rotation) (string, []string) {
			config := filepath.Join(r.clone, ".git", "config")
			if err := os.WriteFile(config, []byte("[core]\n\trepositoryformatversion = 0\n"), 0o600); err != nil {
				r.t.Fatal(err)
			}
			return "", []string{"--dry-run"}
		}, says: []string{".env.local, which holds the old one", "Vercel project shop, production"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRotation(t)
			stdin, args := c.with(r)
			report := filepath.Join(r.home, "report.json")
			got := r.script(stdin, append([]string{"--report", report}, args...)...)
			said := strings.Join(strings.Fields(got.out+got.err), " ")
			if got.status != c.status {
				t.Errorf("status %d:\n%s%s", got.status, got.out, got.err)
			}
			for _, want := range c.says {
				if !strings.Contains(said, strings.TrimSpace(want)) {
					t.Errorf("%q is not said:\n%s%s", want, got.out, got.err)
				}
			}
			key := detect.NewSecret(strings.TrimSpace(stdin))
			if c.wrote {
				r.everywhere(key.Reveal())
			} else if values := fmt.Sprint(r.vercel.Values()); values != fmt.Sprint(r.before) {
				t.Error("something was written")
			}
			if text, err := os.ReadFile(report); err == nil && !json.Valid(text) {
				t.Errorf("%s", text)
			}
			if name != "exposed by advisory" {
				r.noKey(got.out+got.err, key)
			}
		})
	}
}

// TestRotateByAPI: Clerk's API makes the key, the old ones have a day, and somebody else's use leaves them none.
func TestRotateByAPI(t *testing.T) {
	t.Parallel()
	r := newRotation(t)
	r.logIn()
	got := r.script("", "--api", "--yes", r.issue)
	runs, _ := r.vercel.Runs("prj_shop")
	key := detect.NewSecret(runs["CLERK_SECRET_KEY"])
	if got.status != 1 || r.rotations() != 1 || !r.clerk.Works(key) || !r.clerk.Works(r.old) || len(r.shop.Issues()[0].Comments) > 0 ||
		!strings.Contains(got.out, "ENDS ALL SECRET KEYS OF THIS INSTANCE, 24 HOURS LATER") {
		t.Fatalf("status %d, %d rotations:\n%s%s", got.status, r.rotations(), got.out, got.err)
	}
	r.everywhere(key.Reveal())
	r.noKey(got.out+got.err, key)
	again := r.script("", "--api", "--yes", r.issue)
	if again.status != 1 || r.rotations() != 1 || !strings.Contains(again.out, "Run the same command after that") {
		t.Errorf("before the old key has ended: status %d, %d rotations\n%s", again.status, r.rotations(), again.out)
	}

	r = newRotation(t)
	r.logIn()
	got = r.terminal(100, r.willing(r.old), "--api", "--abused", r.issue)
	runs, _ = r.vercel.Runs("prj_shop")
	key = detect.NewSecret(runs["CLERK_SECRET_KEY"])
	if got.status != 0 || r.rotations() != 1 || r.clerk.Works(r.old) || !strings.Contains(got.out, "STOPS WORKING AT ONCE") {
		t.Fatalf("abused: status %d, %d rotations:\n%s", got.status, r.rotations(), got.out)
	}
	r.everywhere(key.Reveal())
	r.told()
	r.noKey(got.out, key)
}

// TestRotateIsKilled kills the program at one request after the other, before it is done and once it is, and begins again each time: in the end all is done,
// and what must be done once was done once.
func TestRotateIsKilled(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"--guided", "--api"} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, answered %t", way, after), func(t *testing.T) {
				t.Parallel()
				r := newRotation(t)
				r.after = after
				key := r.newKey()
				args := []string{way, r.issue}
				if way == "--api" {
					r.clerk.Delete(key)
					r.logIn()
					args = append(args, "--abused")
				}
				var said strings.Builder
				killed := 0
				for at := 1; ; at += 3 {
					r.mu.Lock()
					r.at = at
					r.mu.Unlock()
					got := r.terminal(100, r.willing(key), args...)
					said.WriteString(got.out)
					if got.status == -1 {
						killed++
					} else if got.status == 0 {
						break
					}
					if at > 120 {
						t.Fatalf("it does not end:\n%s", got.out)
					}
				}
				runs, _ := r.vercel.Runs("prj_shop")
				now := detect.NewSecret(runs["CLERK_SECRET_KEY"])
				if killed < 6 || !r.clerk.Works(now) || r.clerk.Works(r.old) || way == "--guided" && now.Reveal() != key.Reveal() {
					t.Errorf("killed %d times; the new key works: %t, the old one: %t", killed, r.clerk.Works(now), r.clerk.Works(r.old))
				}
				if n := r.rotations(); way == "--api" && n != 1 {
					t.Errorf("%d rotations", n)
				}
				r.everywhere(now.Reveal())
				r.told()
				r.noKey(said.String(), now)
			})
		}
	}
}

// TestRotateIsKilledAfterEachStep kills the program when it says that a step is done: its state has just been written.
func TestRotateIsKilledAfterEachStep(t *testing.T) {
	t.Parallel()
	r := newRotation(t)
	key := r.newKey()
	var said strings.Builder
	killed, status := 0, -1
	for ; status == -1 && killed < 30; killed++ {
		steps := 0
		step := prompt{"[32m✓ ", func(_ *os.File, p *os.Process) string {
			if steps++; steps == 1 {
				_ = p.Kill()
			}
			return ""
		}}
		got := r.terminal(100, r.willing(key, step), "--guided", r.issue)
		status = got.status
		said.WriteString(got.out)
	}
	if status != 0 || killed < 5 {
		t.Fatalf("status %d, killed %d times:\n%s", status, killed, said.String())
	}
	for line := range strings.Lines(said.String()) {
		if strings.HasPrefix(line, "  - ") && utf8.RuneCountInString(line) > 102 {
			t.Errorf("too long for 100 columns: %q", line)
		}
	}
	r.everywhere(key.Reveal())
	r.told()
	r.noKey(said.String(), key)
}

// TestRotateIsInterrupted: Ctrl-C at each question. The terminal shows again what is typed, and the same command goes on.
func TestRotateIsInterrupted(t *testing.T) {
	t.Parallel()
	r := newRotation(t)
	key := r.newKey()
	for i, question := range []string{"Do this now?", "New key: ", "Done? [y/N] ", "Is it deleted? [y/N] "} {
		hidden, shown := false, false
		stop := prompt{question, func(tty *os.File, p *os.Process) string {
			hidden = !echoes(t, tty)
			_ = p.Signal(syscall.SIGINT)
			return ""
		}}
		var tty *os.File
		keep := stop.types
		stop.types = func(f *os.File, p *os.Process) string { tty = f; return keep(f, p) }
		got := r.terminalThen(100, r.willing(key, stop), func(f *os.File) { shown = echoes(t, f) }, "--guided", r.issue)
		if got.status != 2 || !strings.Contains(got.out, "stopped; nothing") || strings.Contains(got.out, "context") || tty == nil {
			t.Errorf("%s: status %d\n%s", question, got.status, got.out)
		}
		if !shown || hidden != (i == 1) {
			t.Errorf("%s: hidden %t, and afterwards shown %t", question, hidden, shown)
		}
	}
	got := r.terminal(40, r.willing(key), "--guided", r.issue)
	if got.status != 0 {
		t.Fatalf("status %d\n%s", got.status, got.out)
	}
	r.everywhere(key.Reveal())
	r.told()
}

// echoes reports whether a terminal shows what is typed.
func echoes(t *testing.T, tty *os.File) bool {
	t.Helper()
	settings, err := unix.IoctlGetTermios(int(tty.Fd()), getTermios)
	if err != nil {
		t.Fatal(err)
	}
	return settings.Lflag&unix.ECHO != 0
}
