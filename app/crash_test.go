package app

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"go.uber.org/goleak"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/app/serve"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/queue"
)

// TestMain lets the test binary be `rekey serve` where REKEY_TEST_RUN is set, for tests that kill a real process.
func TestMain(m *testing.M) {
	if os.Getenv("REKEY_TEST_RUN") == "" {
		manyAtOnce()
		goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
			if err := dropMigrated(); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
			os.Exit(code)
		}))
	}
	if group := os.Getenv("REKEY_TEST_CGROUP"); group != "" {
		if err := os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	if err := serveFromEnvironment(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

// manyAtOnce lets more tests run at once than there are processors, unless -parallel says how many: they wait more than they
// work.
func manyAtOnce() {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", strconv.Itoa(3*runtime.GOMAXPROCS(0)))
	}
}

func serveFromEnvironment() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var flags config.Flags
	parser, err := kong.New(&flags)
	if err != nil {
		return err
	}
	if _, err := parser.Parse(nil); err != nil {
		return err
	}
	cfg, err := flags.Resolve()
	if err != nil {
		return err
	}
	settle, err := time.ParseDuration(os.Getenv("REKEY_TEST_SETTLE"))
	if err != nil {
		return err
	}
	log := serve.NewLogger(os.Stderr, cfg.LogLevel)
	memory := serve.LimitMemory(ctx, os.DirFS("/"), os.Getenv("GOMEMLIMIT"), debug.SetMemoryLimit, log)
	server, err := serve.New(ctx, cfg, serve.Options{
		Log: log, Version: "test", Settle: settle, Memory: memory, Tune: func(_ *github.Config, work *queue.Config) {
			work.HeartbeatTimeout, _ = time.ParseDuration(os.Getenv("REKEY_TEST_SILENCE")) // none: as usual
		},
	})
	if err != nil {
		return err
	}
	return server.Run(ctx)
}

// process is a real server, which can be killed.
type process struct {
	*exec.Cmd
	url string
}

// spawn starts the server of a world as a process of its own.
func (w *world) spawn() *process {
	w.t.Helper()
	self, err := os.Executable()
	if err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "REKEY_TEST_RUN=1", "REKEY_LISTEN=127.0.0.1:0", "REKEY_DATA="+w.flags.Data,
		"REKEY_GITHUB_URL="+w.flags.GitHubURL, "REKEY_GITHUB_API_URL="+w.flags.GitHubAPIURL, "REKEY_APP_ID=4711",
		"REKEY_PRIVATE_KEY="+w.flags.PrivateKey, "REKEY_WEBHOOK_SECRET="+w.flags.WebhookSecret,
		"REKEY_DATABASE_URL="+w.flags.DatabaseURL, "REKEY_CLERK_API_URL="+w.flags.ClerkAPIURL, "REKEY_LOG=debug", "REKEY_TEST_SETTLE="+w.settled.String())
	cmd.Env = append(cmd.Env, w.environment...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	p := &process{Cmd: cmd}
	w.t.Cleanup(p.kill)
	address := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(stderr)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			if _, rest, found := strings.Cut(lines.Text(), `"address":"`); found {
				host, _, _ := strings.Cut(rest, `"`)
				address <- host
			}
			w.logs.Write(append(lines.Bytes(), '\n'))
		}
		close(address)
	}()
	host, ok := <-address
	if !ok {
		w.t.Fatalf("the server did not start:\n%s", w.logs.tail())
	}
	p.url = "http://" + host
	w.github.SetWebhookURL(p.url + "/webhook")
	return p
}

// end ends the server in good order.
func (p *process) end(t testing.TB) {
	t.Helper()
	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Fatal(err)
	}
}

// kill is kill -9.
func (p *process) kill() {
	_ = p.Process.Kill()
	_ = p.Wait()
}

// TestKilledBetweenEffectAndRecord kills the server with SIGKILL when GitHub has done what it was asked for, and before it
// has answered: after the next start there is one check run and one issue all the same.
func TestKilledBetweenEffectAndRecord(t *testing.T) {
	t.Parallel()
	for name, effect := range map[string]string{"issue": "/issues", "check run": "/check-runs"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, githubtest.Options{})
			w.stop()
			first := w.spawn()
			died := make(chan struct{})
			var once sync.Once
			w.github.Inject(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
				if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, effect) {
					next.ServeHTTP(rw, r)
					return
				}
				hit := false
				once.Do(func() { hit = true })
				if !hit {
					next.ServeHTTP(rw, r)
					return
				}
				defer close(died)
				defer first.kill()
				githubtest.CutAfter(rw, r, next)
			})
			sha := w.pushed(map[string]string{".env": env(w.key(20, detect.Live))})
			<-died
			w.start()
			if run := w.check(w.shop, sha); run.Conclusion != "failure" || len(run.Annotations) != 1 {
				t.Errorf("check run: %s with %d annotations", run.Conclusion, len(run.Annotations))
			}
			w.issues(1)
			w.holdsNoKey()
		})
	}
}

// TestKilledBeforeTheScan kills the server right after it has acknowledged a delivery.
func TestKilledBeforeTheScan(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	w.stop()
	first := w.spawn()
	hold := make(chan struct{})
	asked := make(chan struct{})
	var once sync.Once
	w.github.Inject(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/git-upload-pack") {
			once.Do(func() { close(asked) })
			<-hold
		}
		next.ServeHTTP(rw, r)
	})
	sha := w.pushed(map[string]string{".env": env(w.key(21, detect.Live))})
	<-asked
	first.kill()
	close(hold)
	w.start()
	if run := w.check(w.shop, sha); run.Conclusion != "failure" {
		t.Errorf("check run: %s", run.Conclusion)
	}
	w.issues(1)
}
