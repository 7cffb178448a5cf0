//go:build unix

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest"
	"github.com/rekey-app/rekey/app/rotate/destination/vercel/verceltest"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/detect/pack/gittest"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/clerk/clerktest"
	"github.com/rekey-app/rekey/respond/text"
)

const (
	rotatedInstance = "ins_2shop0production"
	rotatedHost     = "clerk.shop.example"
)

// appKey is the App's of all stand-ins for GitHub: making one takes a moment.
var appKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// rotation is a person's machine with a clone that leaked a key, and logins to stand-ins of GitHub, Vercel and Clerk. The program is the real one.
type rotation struct {
	t      *testing.T
	home   string
	clone  string
	env    []string
	github *githubtest.Server
	shop   *githubtest.Repository
	clerk  *clerktest.Server
	vercel *verceltest.Vercel
	proxy  *destinationtest.Proxy
	old    detect.Secret
	issue  string            // its address
	before map[string]string // what Vercel held

	mu       sync.Mutex
	requests int
	asked    []string
	at       int    // the request at which fall is called; 0: never
	after    bool   // once the request is done, and before it is answered
	fall     func() // ends the program
	closing  sync.WaitGroup
}

func newRotation(t *testing.T) *rotation {
	t.Helper()
	r := &rotation{t: t, home: t.TempDir(), old: detect.NewSecret(detecttest.Key(1, detect.Live))}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	key, err := appKey()
	check(err)
	r.github, err = githubtest.New(githubtest.Options{Quiet: true, PrivateKey: key})
	check(err)
	t.Cleanup(func() { r.closing.Wait(); _ = r.github.Close() })
	acme, ada := r.github.Organization("acme"), r.github.User("ada")
	r.shop, err = r.github.CreateRepository(acme, "shop", githubtest.RepositoryOptions{})
	check(err)
	r.github.AddOwner(acme, ada)
	r.shop.SetRole(ada, "admin")
	check(r.github.KeepSecret(githubtest.SecretStore{Kind: "actions", Repository: r.shop, Environment: "production"}, "CLERK_SECRET_KEY", r.old.Reveal(), ""))
	check(r.github.KeepSecret(githubtest.SecretStore{Kind: "actions", Repository: r.shop}, "NPM_TOKEN", "npm", ""))
	r.issue = r.open("Leaked Clerk production secret key " + r.old.Redacted())

	r.clerk = clerktest.New(time.Now)
	t.Cleanup(r.clerk.Close)
	r.clerk.Add(r.old, rotatedInstance, detect.Live)
	r.clerk.AddApplication(clerktest.Application{ID: "app_2shop", Name: "Shop", Instances: []clerktest.Instance{{ID: rotatedInstance, Environment: detect.Live, Host: rotatedHost}}})

	r.vercel = verceltest.Start(time.Now, verceltest.Project{
		ID: "prj_shop", Name: "shop", Team: verceltest.Team, Repo: "acme/shop", Env: []verceltest.Env{
			{ID: "env_production", Key: "CLERK_SECRET_KEY", Value: r.old.Reveal(), Target: []string{"production"}},
			{ID: "env_preview", Key: "CLERK_SECRET_KEY", Value: detecttest.Key(9, detect.Test), Target: []string{"preview"}},
			{ID: "env_database", Key: "DATABASE_URL", Value: "postgres://shop", Target: []string{"production"}},
		},
	})
	t.Cleanup(r.vercel.Close)
	r.before = r.vercel.Values()
	r.standIns(check)

	repo := gittest.New(t)
	r.clone = repo.Dir
	r.write("lib/clerk.js", "const secretKey = '"+r.old.Reveal()+"'\n")
	r.write(".gitignore", ".env.local\n.vercel\n")
	repo.Git("", "add", ".")
	repo.Git("", "remote", "add", "origin", r.shop.URL()+".git")
	r.write(".vercel/project.json", `{"projectId":"prj_shop","orgId":"`+verceltest.Team+`","projectName":"shop"}`)
	r.write(".env.local", "NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY="+detecttest.PublishableKey(detect.Live, rotatedHost)+"\nCLERK_SECRET_KEY="+r.old.Reveal()+" # for the export\n")
	for _, dir := range []string{"tmp", "bin"} {
		check(os.Mkdir(filepath.Join(r.home, dir), 0o700))
	}
	for _, name := range []string{"gh", "git", "vercel", "xdg-open"} { // none of them is logged in
		r.program(filepath.Join(r.home, "bin", name))
	}
	r.env = append([]string{
		"HOME=" + r.home, "TMPDIR=" + filepath.Join(r.home, "tmp"), "PATH=" + filepath.Join(r.home, "bin"), "TERM=xterm-256color", "VERCEL_TOKEN=" + verceltest.Token,
		"GH_HOST=" + strings.TrimPrefix(r.github.URL(), "http://"), "GH_ENTERPRISE_TOKEN=" + r.github.ClassicToken(ada, "repo", "admin:org"), "REKEY_CLERK_API_URL=" + r.clerk.URL,
		"DISPLAY=:7", "GODEBUG=http2debug=2,netdns=go+2",
	}, r.proxy.Environ()...)
	return r
}

// standIns puts what watches in front of the stand-ins, and a proxy that has Vercel and the instance under their own names.
func (r *rotation) standIns(check func(error)) {
	r.github.Inject(func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		r.meet(w, req, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			body, _ := io.ReadAll(req.Body)
			req.Body = io.NopCloser(bytes.NewReader(body))
			next.ServeHTTP(w, req)
			if req.Method == http.MethodPost && strings.HasSuffix(req.URL.Path, "/comments") && bytes.Contains(body, []byte("/rekey rotated")) && !r.clerk.Works(r.old) {
				r.closing.Go(func() { _, _ = r.shop.CloseIssue(context.Background(), 1, "completed", r.github.Bot()) })
			}
		}))
	})
	r.clerk.Wrap(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { r.meet(w, req, next) })
	})
	address, err := url.Parse(r.vercel.URL)
	check(err)
	forward := httputil.NewSingleHostReverseProxy(address)
	forward.ErrorLog = log.New(io.Discard, "", 0) // of programs that are killed
	vercel := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.meet(w, req, forward)
		r.vercel.Finish(true) // a deployment takes no time
	})
	r.proxy, err = destinationtest.NewProxy(r.home, map[string]http.Handler{"api.vercel.com": vercel, rotatedHost: r.clerk})
	check(err)
	r.t.Cleanup(r.proxy.Close)
}

// meet passes a request on, and has the program fall where it should.
func (r *rotation) meet(w http.ResponseWriter, req *http.Request, next http.Handler) {
	r.mu.Lock()
	r.requests++
	r.asked = append(r.asked, req.Method+" "+req.URL.String())
	falls := r.requests == r.at
	fall, after := r.fall, r.after
	r.mu.Unlock()
	switch {
	case !falls:
		next.ServeHTTP(w, req)
	case after:
		next.ServeHTTP(httptest.NewRecorder(), req)
		fallthrough
	default:
		fall()
		panic(http.ErrAbortHandler)
	}
}

// paths are those of all requests that stand-ins met.
func (r *rotation) paths() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.asked...)
}

// open opens an issue of rekey's about the key.
func (r *rotation) open(title string) string {
	r.t.Helper()
	n, _ := r.shop.OpenIssue(r.t.Context(), title, text.Marker(r.shop.ID(), r.old.Fingerprint())+"\nIt leaked.", r.github.Bot())
	return fmt.Sprintf("%s/issues/%d", r.shop.URL(), n)
}

// elsewhere is a clone of another repository.
func (r *rotation) elsewhere() string {
	r.t.Helper()
	other := gittest.New(r.t)
	other.Git("", "remote", "add", "origin", r.github.URL()+"/acme/other.git")
	return other.Dir
}

func (r *rotation) write(name, content string) {
	r.t.Helper()
	file := filepath.Join(r.clone, name)
	err := os.MkdirAll(filepath.Dir(file), 0o700)
	if err == nil {
		err = os.WriteFile(file, []byte(content), 0o600)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// program is one that writes down what everybody on the machine could see of it, and fails.
func (r *rotation) program(file string) {
	r.t.Helper()
	script := "#!/bin/sh\n{ echo \"$0\" \"$@\"; /usr/bin/env; } >> '" + filepath.Join(r.home, "calls") + "'\nexit 1\n"
	if err := os.WriteFile(file, []byte(script), 0o700); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rotation) calls() string {
	content, err := os.ReadFile(filepath.Join(r.home, "calls"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.t.Fatal(err)
	}
	return string(content)
}

// newKey is one that the person makes in Clerk's dashboard.
func (r *rotation) newKey() detect.Secret {
	key := detect.NewSecret(detecttest.Key(2, detect.Live))
	r.clerk.Add(key, rotatedInstance, detect.Live)
	return key
}

func (r *rotation) logIn() {
	token := detect.NewSecret(detecttest.PlatformAPIKey(3))
	r.clerk.AddLogin(token, clerktest.Login{})
	r.env = append(r.env, "CLERK_PLATFORM_API_KEY="+token.Reveal())
}

// ended is how the program ended, and all that it wrote.
type ended struct {
	status   int // -1: killed
	out, err string
}

func (r *rotation) command(args ...string) *exec.Cmd {
	r.t.Helper()
	exe, err := os.Executable()
	if err != nil {
		r.t.Fatal(err)
	}
	cmd := exec.CommandContext(r.t.Context(), exe)
	cmd.Args = append([]string{"rekey", "rotate"}, args...)
	cmd.Dir, cmd.Env = r.clone, r.env
	return cmd
}

// script runs the program where nobody answers.
func (r *rotation) script(stdin string, args ...string) ended {
	r.t.Helper()
	cmd := r.command(args...)
	var out, errOut bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errOut
	started := r.falls(cmd)
	err := cmd.Start()
	started()
	if err == nil {
		err = cmd.Wait()
	}
	if status := (*exec.ExitError)(nil); err != nil && !errors.As(err, &status) {
		r.t.Fatal(err)
	}
	return ended{cmd.ProcessState.ExitCode(), out.String(), errOut.String()}
}

// falls has the program end where it should. started is to be called once it runs.
func (r *rotation) falls(cmd *exec.Cmd) (started func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = 0
	runs := make(chan struct{})
	r.fall = func() {
		<-runs
		_ = cmd.Process.Kill()
		for cmd.Process.Signal(syscall.Signal(0)) == nil { // until it is gone: what it gets for an answer is nothing
			time.Sleep(time.Millisecond)
		}
	}
	return func() { close(runs) }
}

// prompt is a question, by a part of it, and what is typed. It may be answered by nothing: then it is a signal's turn.
type prompt struct {
	asks  string
	types func(tty *os.File, p *os.Process) string
}

func answer(with string) func(*os.File, *os.Process) string {
	return func(*os.File, *os.Process) string { return with + "\n" }
}

// willing is a person who makes a key, deletes the old one, and says yes to all.
func (r *rotation) willing(key detect.Secret, before ...prompt) []prompt {
	return append(before,
		prompt{"Is it deleted? [y/N] ", func(*os.File, *os.Process) string { r.clerk.Delete(r.old); return "y\n" }},
		prompt{"[y/N] ", answer("y")}, prompt{"Number (", answer("1")}, prompt{"…" + key.Reveal()[len(key.Reveal())-4:] + ": ", answer(key.Reveal())}, prompt{"New key: ", answer(key.Reveal())},
	)
}

// terminal runs the program on a pseudo-terminal that is so many characters wide. What it writes and the terminal echoes comes back.
func (r *rotation) terminal(width uint16, prompts []prompt, args ...string) ended {
	r.t.Helper()
	return r.terminalThen(width, prompts, func(*os.File) {}, args...)
}

// terminalThen looks at the terminal once the program has ended.
func (r *rotation) terminalThen(width uint16, prompts []prompt, then func(tty *os.File), args ...string) ended {
	r.t.Helper()
	cmd := r.command(args...)
	started := r.falls(cmd)
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: width, Rows: 40})
	started()
	if err != nil {
		r.t.Fatal(err)
	}
	defer tty.Close()
	var all strings.Builder
	fresh := ""
	buffer := make([]byte, 8<<10)
	for {
		n, err := tty.Read(buffer)
		all.Write(buffer[:n])
		fresh += string(buffer[:n])
		for p, rest := next(prompts, fresh); p != nil; p, rest = next(prompts, fresh) {
			fresh = rest
			_, _ = io.WriteString(tty, p.types(tty, cmd.Process))
		}
		if err != nil { // the program has ended
			break
		}
	}
	_ = cmd.Wait()
	then(tty)
	return ended{status: cmd.ProcessState.ExitCode(), out: strings.ReplaceAll(all.String(), "\r\n", "\n")}
}

// next returns the first prompt of those that a text has, and what is behind it.
func next(prompts []prompt, text string) (p *prompt, rest string) {
	at := len(text)
	for i := range prompts {
		if n := strings.Index(text, prompts[i].asks); n >= 0 && n+len(prompts[i].asks) <= at && (p == nil || n+len(prompts[i].asks) < at) {
			p, at = &prompts[i], n+len(prompts[i].asks)
		}
	}
	return p, text[at:]
}

// everywhere fails where a place doesn't hold what it should after the rotation.
func (r *rotation) everywhere(want string) {
	r.t.Helper()
	for where, value := range r.github.SecretValues() {
		if is := strings.HasSuffix(where, "/CLERK_SECRET_KEY"); is && value != want || !is && value != "npm" {
			r.t.Errorf("%s doesn't hold what it should", where)
		}
	}
	runs, _ := r.vercel.Runs("prj_shop")
	if runs["CLERK_SECRET_KEY"] != want || runs["DATABASE_URL"] != "postgres://shop" {
		r.t.Error("what runs on Vercel doesn't have what it should")
	}
	local, err := os.ReadFile(filepath.Join(r.clone, ".env.local"))
	if wanted := "\nCLERK_SECRET_KEY=" + want + " # for the export\n"; err != nil || !strings.HasSuffix(string(local), wanted) {
		r.t.Errorf(".env.local doesn't hold what it should: %v", err)
	}
	for id, value := range r.vercel.Values() {
		if !strings.HasPrefix(id, "prj_shop/env_production") && value != r.before[id] {
			r.t.Errorf("%s was touched", id)
		}
	}
}

// told fails unless the comment was written once, and the issue is closed.
func (r *rotation) told() {
	r.t.Helper()
	for _, i := range r.shop.Issues() {
		n := 0
		for _, c := range i.Comments {
			if c.Body == "/rekey rotated" {
				n++
			}
		}
		if i.Number == 1 && (n != 1 || i.State != "closed") {
			r.t.Errorf("%d comments, and the issue is %s", n, i.State)
		}
	}
}

// noKey looks for keys in every byte that is left: files, what children saw, what a proxy saw, what was said.
func (r *rotation) noKey(said string, keys ...detect.Secret) {
	r.t.Helper()
	found := func(where, content string) {
		for _, k := range append(keys, r.old) {
			if body := k.Reveal(); body != "" && strings.Contains(content, body[len(body)-20:]) {
				r.t.Errorf("a key is in %s", where)
			}
		}
	}
	found("what was said", said)
	found("arguments or environments of children", r.calls())
	found("what the proxy heard", r.proxy.Heard())
	for _, dir := range []string{r.home, r.clone} {
		err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || file == filepath.Join(r.clone, ".env.local") || file == filepath.Join(r.clone, "lib", "clerk.js") {
				return err
			}
			content, err := os.ReadFile(file)
			found(file, string(content))
			return err
		})
		if err != nil {
			r.t.Fatal(err)
		}
	}
	if entries, err := os.ReadDir(filepath.Join(r.home, "tmp")); err != nil || len(entries) > 0 {
		r.t.Errorf("TMPDIR has %d files, %v", len(entries), err)
	}
}

// rotations are the requests that had Clerk make a key.
func (r *rotation) rotations() int {
	return strings.Count(strings.Join(r.clerk.Requests(), "\n"), "/rotate_secret_keys")
}
