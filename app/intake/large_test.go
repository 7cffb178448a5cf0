package intake_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// TestLargeDeliveriesTakeBoundedMemory sends many deliveries of the largest size at once to a real process, and reads how much
// memory it took at its peak.
func TestLargeDeliveriesTakeBoundedMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("a gigabyte is sent")
	}
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("the system does not tell the memory of a process")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command(exe)
	server.Env = append(os.Environ(), childURL+"="+ledgertest.SQLite(t))
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Process.Kill(); _ = server.Wait() }()
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	body := largeBody()
	signature := webhook.Sign(secret, body)
	var senders sync.WaitGroup
	var taken atomic.Int64
	for i := range 24 {
		senders.Go(func() {
			r, err := http.NewRequest(http.MethodPost, "http://"+strings.TrimSpace(address)+"/webhook", bytes.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			r.Header.Set("X-GitHub-Event", "push")
			r.Header.Set("X-GitHub-Delivery", fmt.Sprint(i))
			r.Header.Set("X-Hub-Signature-256", signature)
			answer, err := (&http.Client{Timeout: time.Minute}).Do(r)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusAccepted {
				taken.Add(1)
			}
		})
	}
	senders.Wait()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", server.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	var peak int64
	if _, rest, found := strings.Cut(string(status), "VmHWM:"); found {
		_, _ = fmt.Sscan(rest, &peak)
	}
	t.Logf("%d of 24 deliveries of %d MiB taken, %d MiB at the peak", taken.Load(), len(body)>>20, peak>>10)
	if peak>>10 > 400 || peak == 0 {
		t.Errorf("the process took %d MiB", peak>>10)
	}
	if taken.Load() == 0 {
		t.Error("none was taken")
	}
}

// largeBody is a delivery of almost the largest size, with commit messages that do not pack well.
func largeBody() []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	b.WriteString(`{"ref":"refs/heads/main","commits":[`)
	for b.Len() < 24<<20 {
		if b.Len() > 1000 {
			b.WriteByte(',')
		}
		b.WriteString(`{"message":"`)
		for range 2000 {
			b.WriteByte("abcdefghijklmnopqrstuvwxyz      "[r.IntN(32)])
		}
		b.WriteString(`\u00e9"}`)
	}
	b.WriteString(`]}`)
	return b.Bytes()
}
