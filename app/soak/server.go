package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/app/serve"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/queue"
)

const (
	// serveVariable makes this program a server.
	serveVariable = "SOAK_SERVE"
	// pauseVariable is what a server keeps between two writes of an installation; empty: what GitHub asks for.
	pauseVariable = "SOAK_SERVE_PAUSE"
)

// serveFromEnvironment does what `rekey serve` does.
func serveFromEnvironment(ctx context.Context) error {
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
	options := serve.Options{Log: log, Version: "soak", Memory: memory}
	if pause, err := time.ParseDuration(os.Getenv(pauseVariable)); err == nil {
		options.Tune = func(c *github.Config, _ *queue.Config) { c.WritePause = pause }
	}
	server, err := serve.New(ctx, cfg, options)
	if err != nil {
		return err
	}
	return server.Run(ctx)
}

// server is a process that serves.
type server struct {
	cmd  *exec.Cmd
	host string // of its address, with the port
	log  *os.File
	gone bool
}

// startServer starts a server, and waits until it takes deliveries.
func startServer(ctx context.Context, environment []string, logFile string) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &server{cmd: exec.CommandContext(ctx, self)}
	s.cmd.Env = append(append(os.Environ(), serveVariable+"=1"), environment...)
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if s.log, err = os.Create(filepath.Clean(logFile)); err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	address := make(chan string, 1)
	go s.copyLog(stderr, address)
	host, ok := <-address
	if !ok {
		return nil, fmt.Errorf("the server did not start: see %s", logFile)
	}
	s.host = host
	return s, nil
}

// copyLog writes the log to its file, and the address that it names to address.
func (s *server) copyLog(stderr io.Reader, address chan<- string) {
	var once sync.Once
	lines := bufio.NewScanner(stderr)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if _, rest, found := strings.Cut(lines.Text(), `"address":"`); found {
			host, _, _ := strings.Cut(rest, `"`)
			once.Do(func() { address <- host })
		}
		_, _ = s.log.Write(append(lines.Bytes(), '\n'))
	}
	close(address)
}

// stop stops the server in good order.
func (s *server) stop() {
	if s.gone {
		return
	}
	s.gone = true
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
	_ = s.log.Close()
}

// kill is kill -9.
func (s *server) kill() {
	s.gone = true
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// use is what a process has used: processor time since its start, memory that it holds and at most held. All is 0 where /proc is not.
type use struct {
	cpu           time.Duration
	resident, top int64 // bytes
	own           int64 // bytes of what it holds that no file backs: the kernel can't drop them
}

func (s *server) use() use { return useOf(s.cmd.Process.Pid) }

func useOf(pid int) use {
	var u use
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	if stat, err := os.ReadFile(filepath.Join(dir, "stat")); err == nil {
		_, rest, _ := strings.Cut(string(stat), ") ")
		if fields := strings.Fields(rest); len(fields) > 12 {
			user, _ := strconv.Atoi(fields[11])
			system, _ := strconv.Atoi(fields[12])
			const tick = time.Second / 100 // on every Linux
			u.cpu = time.Duration(user+system) * tick
		}
	}
	if status, err := os.ReadFile(filepath.Join(dir, "status")); err == nil {
		for line := range strings.Lines(string(status)) {
			fields := strings.Fields(line)
			if len(fields) < 2 {
				continue
			}
			kib, _ := strconv.ParseInt(fields[1], 10, 64)
			switch fields[0] {
			case "VmHWM:":
				u.top = kib << 10
			case "VmRSS:":
				u.resident = kib << 10
			case "RssAnon:":
				u.own = kib << 10
			}
		}
	}
	return u
}

// forgetTop lets the memory that the process held at most count from now on.
func (s *server) forgetTop() {
	_ = os.WriteFile(filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), "clear_refs"), []byte("5"), 0)
}

// gauges reads the server's metrics whose names begin so, by name with labels.
func (s *server) gauges(ctx context.Context, prefix string) (map[string]float64, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.host+"/metrics", http.NoBody)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	found := map[string]float64{}
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), " "); ok && strings.HasPrefix(name, prefix) {
			if found[name], err = strconv.ParseFloat(value, 64); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}
