package crashtest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"go.uber.org/goleak"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/app/serve"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/queue"
)

const (
	serveVariable = "REKEY_CRASHTEST_SERVE"
	// silence is after how long without a heartbeat a process is taken for dead. It is 30 seconds as shipped.
	silence = 6 * time.Second
)

// TestMain lets the test binary be `rekey serve`, with what no setting changes made quicker: a GitHub on loopback has no minutes.
func TestMain(m *testing.M) {
	if os.Getenv(serveVariable) == "" {
		goleak.VerifyTestMain(m) // ends the process
	}
	if err := serveProcess(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func serveProcess() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // as in app/rekey: a second signal ends the process
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
	log := serve.NewLogger(os.Stderr, cfg.LogLevel)
	memory := serve.LimitMemory(ctx, os.DirFS("/"), os.Getenv("GOMEMLIMIT"), debug.SetMemoryLimit, log)
	server, err := serve.New(ctx, cfg, serve.Options{
		Log: log, Version: "crashtest", Settle: settle, Memory: memory, RecoverEvery: 2 * time.Second,
		Tune: func(toGitHub *github.Config, work *queue.Config) {
			toGitHub.WritePause, toGitHub.RequestTimeout = time.Millisecond, 10*time.Second
			work.HeartbeatTimeout = silence
		},
	})
	if err != nil {
		return err
	}
	return server.Run(ctx)
}

// process is one server. It is started again whenever it has ended.
type process struct {
	w    *world
	name string

	mu     sync.Mutex
	cmd    *exec.Cmd
	url    string
	exited chan struct{}
}

func (p *process) start() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), p.w.environment...)
	cmd.Env = append(cmd.Env, serveVariable+"=1")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	address, exited := make(chan string, 1), make(chan struct{})
	go func() {
		p.follow(stderr, address)
		close(address)
		_ = cmd.Wait() // the signals are the test's own
		close(exited)
	}()
	host, ok := <-address
	if !ok {
		<-exited
		return fmt.Errorf("%s did not start:\n%s", p.name, p.w.log.tail())
	}
	p.mu.Lock()
	p.cmd, p.url, p.exited = cmd, "http://"+host, exited
	p.mu.Unlock()
	p.w.balancer.add(p.url)
	return nil
}

// follow reads the log of a process until its end, and sends its address.
func (p *process) follow(stderr io.Reader, address chan<- string) {
	lines := bufio.NewReader(stderr)
	for {
		line, err := lines.ReadString('\n')
		if _, rest, found := strings.Cut(line, `rekey accepts deliveries","address":"`); found {
			host, _, _ := strings.Cut(rest, `"`)
			address <- host
		}
		p.w.log.said(p.name, line)
		if err != nil {
			return
		}
	}
}

func (p *process) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.cmd.Process.Signal(s) // it may have ended by itself
}

// ended waits for the end of the process.
func (p *process) ended(within time.Duration) bool {
	select {
	case <-p.exited:
		p.w.balancer.remove(p.url)
		return true
	case <-time.After(within):
		return false
	}
}

// again ends the process in one of the ways in which processes end, and starts another one.
func (p *process) again(way string) error {
	p.w.log.note("%s: %s", p.name, way)
	switch way {
	case "SIGKILL":
		p.signal(syscall.SIGKILL)
	case "SIGTERM", "SIGTERM twice":
		p.signal(syscall.SIGTERM)
		began, within := time.Now(), serve.StopWithin
		if way == "SIGTERM twice" {
			within = 2 * time.Second
			for !p.ended(100*time.Millisecond) && time.Since(began) < within { // two signals at once count as one
				p.signal(syscall.SIGTERM)
			}
			within = time.Minute // on a busy machine
		}
		if !p.ended(within - time.Since(began)) {
			p.w.fault("%s: %s did not end the process within %s", p.name, way, within)
			p.signal(syscall.SIGKILL)
		}
	case "SIGSTOP":
		p.signal(syscall.SIGSTOP)
		time.Sleep(p.w.stopFor())
		p.signal(syscall.SIGCONT)
		return nil
	}
	if !p.ended(time.Minute) {
		return fmt.Errorf("%s does not end", p.name)
	}
	running := p.w.running()
	if err := p.start(); err != nil {
		return err
	}
	p.w.interrupt(running)
	p.w.log.note("%s runs again", p.name)
	return nil
}
