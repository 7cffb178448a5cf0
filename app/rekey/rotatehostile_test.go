//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github/githubtest"
)

// TestRotateInAHostileClone: whoever writes the repository's files, or names things on GitHub, runs nothing on the machine of the person who rotates, sees no
// login, leads no request and no write elsewhere, and does nothing to the terminal.
func TestRotateInAHostileClone(t *testing.T) {
	t.Parallel()
	r := newRotation(t)
	programs := []string{"gh", "git", "vercel", "clerk", "netlify", "fly", "flyctl", "heroku", "railway", "doppler", "wrangler", "aws", "gcloud", "kubectl", "xdg-open"}
	for _, name := range programs {
		r.program(filepath.Join(r.clone, name))
		r.write("node_modules/.bin/"+name, "")
		r.program(filepath.Join(r.clone, "node_modules", ".bin", name))
	}
	r.env = append(r.env, "PATH=.:node_modules/.bin::"+r.t.TempDir(), "GH_ENTERPRISE_TOKEN=")
	outside := filepath.Join(t.TempDir(), "outside")
	was := "CLERK_SECRET_KEY=" + r.old.Reveal() + "\n"
	if err := os.WriteFile(outside, []byte(was), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".env.local", ".env.production", ".dev.vars", "wrangler.toml", "netlify.toml"} {
		_ = os.Remove(filepath.Join(r.clone, name))
		if err := os.Symlink(outside, filepath.Join(r.clone, name)); err != nil {
			t.Fatal(err)
		}
	}
	const escape = `\u001b]0;owned\u0007\u001b[2J\u202e`
	r.write(".vercel/project.json", `{"projectId":"prj_shop/../../../v1/owned","orgId":"team_acme&owned=1","projectName":"`+escape+`"}`)
	r.write("apps/web/.vercel/project.json", `{"projectId":"`+escape+`","orgId":"../../owned","projectName":"x"}`)
	r.write("apps/web/package.json", "{}")
	r.write(".netlify/state.json", `{"siteId":"../../owned?`+escape+`"}`)
	r.write("fly.toml", "app = \""+escape+"/../owned\"\n"+strings.Repeat("# much\n", 400_000))
	r.write("render.yaml", "services:\n- name: \"\x1b[2Jowned\"\n  type: web\n")
	r.write("lib/\x1b[2J\u202eowned.js", "const secretKey = '"+r.old.Reveal()+"'\n")
	if out, err := exec.CommandContext(t.Context(), "git", "-C", r.clone, "add", ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	got := r.script(r.newKey().Reveal(), "--yes", "--key-stdin", "--report", filepath.Join(r.home, "report.md"))
	report, err := os.ReadFile(filepath.Join(r.home, "report.md"))
	if err != nil || got.status == 0 {
		t.Errorf("status %d, %v:\n%s%s", got.status, err, got.out, got.err)
	}
	for where, text := range map[string]string{"the screen": got.out + got.err, "the report": string(report)} {
		if strings.ContainsAny(text, "\x1b\u202e\x07") {
			t.Errorf("%s has what a terminal obeys:\n%q", where, text)
		}
	}
	_, left, _ := strings.Cut(got.out, "is not fully rotated yet. Left:\n")
	if !strings.HasPrefix(left, "  - Netlify\n  - Cloudflare Workers\n  - Fly\n  - Render (render.yaml). ") {
		t.Errorf("what is left isn't said:\n%s", left)
	}
	if calls := r.calls(); calls != "" {
		t.Errorf("programs of the clone were run:\n%s", calls)
	}
	for _, asked := range []string{strings.Join(r.clerk.Requests(), "\n"), strings.Join(r.paths(), "\n"), r.proxy.Heard()} {
		if strings.Contains(asked, "/owned") || strings.Contains(asked, "&owned") || strings.Contains(asked, "?owned") {
			t.Errorf("a name led a request:\n%s", asked)
		}
	}
	if text, err := os.ReadFile(outside); err != nil || string(text) != was {
		t.Errorf("a file outside of the clone was written: %v", err)
	}
}

// TestRotateOnOtherTerminals: without colours nothing but text is written, and lines fit.
func TestRotateOnOtherTerminals(t *testing.T) {
	t.Parallel()
	for _, setting := range []string{"NO_COLOR=1", "TERM=dumb"} {
		r := newRotation(t)
		r.env = append(r.env, setting)
		no := []prompt{{"[y/N] ", answer("n")}}
		got := r.terminal(40, no, "--guided", "--only", "dotenv,vercel", r.issue)
		if got.status != 1 || !strings.Contains(got.out, "Nothing was changed.") || strings.Contains(got.out, "\x1b") || strings.Contains(got.out, "GitHub Actions") {
			t.Errorf("%s: status %d\n%q", setting, got.status, got.out)
		}
		for line := range strings.Lines(got.out) {
			if line = strings.TrimRight(line, "\n"); utf8.RuneCountInString(line) > 40 && !strings.Contains(line, "://") {
				t.Errorf("%s: too long for 40 columns: %q", setting, line)
			}
		}
	}
}

// TestRotateNarrowed: --skip leaves out, --include adds, and what isn't chosen keeps the old key and the old key's end open.
func TestRotateNarrowed(t *testing.T) {
	t.Parallel()
	r := newRotation(t)
	if err := r.github.KeepSecret(githubtest.SecretStore{Kind: "dependabot", Repository: r.shop}, "CLERK_SECRET_KEY", r.old.Reveal(), ""); err != nil {
		t.Fatal(err)
	}
	dry := r.script("", "--dry-run")
	_, rest, _ := strings.Cut(dry.out, "--include ")
	place, _, ok := strings.Cut(rest, "\n")
	if !ok || !strings.HasPrefix(place, "github:") {
		t.Fatalf("no place is in doubt:\n%s", dry.out)
	}
	key := r.newKey()
	got := r.script(key.Reveal(), "--yes", "--key-stdin", "--skip", "vercel", "--include", place)
	runs, _ := r.vercel.Runs("prj_shop")
	if got.status != 1 || runs["CLERK_SECRET_KEY"] != r.old.Reveal() {
		t.Errorf("status %d\n%s%s", got.status, got.out, got.err)
	}
	for where, value := range r.github.SecretValues() {
		if strings.HasSuffix(where, "/CLERK_SECRET_KEY") && value != key.Reveal() {
			t.Errorf("%s doesn't have the new key", where)
		}
	}
}

// TestRotateEveryKind: each kind that rekey rotates, by the real program in a script.
func TestRotateEveryKind(t *testing.T) {
	t.Parallel()
	r := newRotation(t)
	r.env = append(r.env, "VERCEL_TOKEN=")
	r.write("lib/clerk.js", "")
	for _, c := range []struct{ kind, variable, old, new string }{
		{"webhook_secret", "CLERK_WEBHOOK_SIGNING_SECRET", detecttest.WebhookSecret(1), detecttest.WebhookSecret(2)},
		{"machine_secret_key", "CLERK_MACHINE_SECRET_KEY", detecttest.MachineSecretKey(1), detecttest.MachineSecretKey(2)},
		{"oauth_client_secret", "CLERK_OAUTH_CLIENT_SECRET", detecttest.OAuthClientSecret(1), detecttest.OAuthClientSecret(2)},
		{"encryption_key", "CLERK_ENCRYPTION_KEY", detecttest.EncryptionKey(1), ""},
		{"platform_api_key", "CLERK_PLATFORM_API_KEY", detecttest.PlatformAPIKey(1), detecttest.PlatformAPIKey(2)},
		{"legacy_api_key", "CLERK_API_KEY", detecttest.LegacyKey(1, detect.Live), r.newKey().Reveal()},
	} {
		r.write(".env.local", "# of Clerk: CLERK_SECRET_KEY\n"+c.variable+"="+c.old+"\n")
		args := []string{"--yes", "--kind", c.kind, "--no-comment", "--instance", rotatedInstance}
		if c.new != "" {
			args = append(args, "--key-stdin")
		}
		got := r.script(c.new, args...)
		text, err := os.ReadFile(filepath.Join(r.clone, ".env.local"))
		_, now, _ := strings.Cut(string(text), c.variable+"=")
		now = strings.TrimSpace(now)
		if err != nil || got.status == 2 || now == c.old || c.new != "" && now != c.new || len(now) < 20 {
			t.Errorf("%s: status %d, %v\n%s%s", c.kind, got.status, err, got.out, got.err)
		}
		r.noKey(got.out+got.err, detect.NewSecret(c.old), detect.NewSecret(now))
	}
	got := r.script("", "--yes", "--kind", "claim_url", "--format", "json")
	if got.status != 1 || !strings.Contains(got.err, "claim link") {
		t.Errorf("claim_url: status %d\n%s%s", got.status, got.out, got.err)
	}
}
