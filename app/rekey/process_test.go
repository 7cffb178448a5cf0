//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rekey-app/rekey/github/githubtest"
)

// serving prepares a real `rekey serve` that uses a data directory.
func serving(ctx context.Context, t *testing.T, gh *githubtest.Server, data string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(ctx, "rekey", "serve") // the test binary, see TestMain
	cmd.Env = append(os.Environ(), "REKEY_LISTEN=127.0.0.1:0", "REKEY_DATA="+data, "REKEY_GITHUB_URL="+gh.URL(), "REKEY_GITHUB_API_URL="+gh.APIURL(),
		"REKEY_APP_ID="+strconv.FormatInt(gh.AppID(), 10), "REKEY_PRIVATE_KEY="+string(gh.PrivateKeyPEM()), "REKEY_WEBHOOK_SECRET="+gh.WebhookSecret())
	return cmd
}

// TestServerProcess: SIGHUP is answered and ends nothing, a second process on the same data is refused at once and told which one
// has it, and a stop says when it begins and that it is over.
func TestServerProcess(t *testing.T) {
	t.Parallel()
	gh, err := githubtest.New(githubtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { gh.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	data := t.TempDir()
	first := serving(ctx, t, gh, data)
	stderr, err := first.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	log := bufio.NewScanner(stderr)
	says := func(words string) {
		t.Helper()
		for log.Scan() {
			if strings.Contains(log.Text(), words) {
				return
			}
		}
		t.Fatalf("it ended without saying %q", words)
	}
	says("accepts deliveries")
	var started struct{ Address string }
	if err := json.Unmarshal(log.Bytes(), &started); err != nil {
		t.Fatal(err)
	}
	asked := exec.CommandContext(ctx, "rekey", "status", "--url", "http://"+started.Address)
	if text, err := asked.CombinedOutput(); err != nil || !strings.Contains(string(text), ": ready\n") || !strings.Contains(string(text), "Open leaks\n  none\n") {
		t.Errorf("its status: %v\n%s", err, text)
	}

	refused := serving(ctx, t, gh, data)
	var told bytes.Buffer
	refused.Stderr = &told
	err = refused.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 2 {
		t.Errorf("the second process ended with %v", err)
	}
	for _, want := range []string{"REKEY_DATA is " + data + ", which another rekey", fmt.Sprintf("process %d on ", first.Process.Pid)} {
		if !strings.Contains(told.String(), want) {
			t.Errorf("the second process said %q, without %s", told.String(), want)
		}
	}
	for _, step := range []struct {
		signal syscall.Signal
		words  []string
	}{
		{syscall.SIGHUP, []string{"SIGHUP"}},
		{syscall.SIGTERM, []string{"stopping", "stopped"}},
	} {
		if err := first.Process.Signal(step.signal); err != nil {
			t.Fatal(err)
		}
		for _, words := range step.words {
			says(words)
		}
	}
	if err := first.Wait(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
}
