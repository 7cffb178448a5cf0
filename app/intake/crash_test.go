package intake_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/rekey-app/rekey/app/intake"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
	"github.com/rekey-app/rekey/respond/queue"
)

// childURL is set where the test binary runs as a server that will be killed.
const childURL = "REKEY_TEST_CHILD_URL"

func TestMain(m *testing.M) {
	if url := os.Getenv(childURL); url != "" {
		fmt.Println("error", serve(url))
		os.Exit(1) // it should have been killed
	}
	goleak.VerifyTestMain(m) // ends the process
}

func serve(url string) error {
	s, err := queue.OpenStore(context.Background(), ledger.Options{URL: url})
	if err != nil {
		return err
	}
	in, err := intake.New(intake.Config{
		Store: s, Secrets: []string{secret}, Metrics: prometheus.NewRegistry(), Reading: intake.Reading{Redact: detect.New(detect.Options{}).Redact},
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	r := mux.NewRouter()
	in.Routes(r)
	return (&http.Server{Handler: r}).Serve(listener)
}

// What was answered 202 is there after kill -9, with its job.
func TestAcknowledgedSurvivesKill(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		exe, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		server := exec.Command(exe)
		server.Env = append(os.Environ(), childURL+"="+url)
		out, err := server.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
		overdue := time.AfterFunc(time.Minute, func() { _ = server.Process.Kill() })
		defer overdue.Stop()
		address, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}

		acknowledged := make(chan string, 1000)
		var senders sync.WaitGroup
		for sender := range 8 {
			senders.Go(func() {
				for i := 0; ; i++ {
					guid := fmt.Sprintf("%d-%d", sender, i)
					if !post("http://"+strings.TrimSpace(address)+"/webhook", guid) {
						return
					}
					select {
					case acknowledged <- guid:
					default:
						return
					}
				}
			})
		}
		var guids []string
		for len(guids) < 100 {
			select {
			case guid := <-acknowledged:
				guids = append(guids, guid)
			case <-time.After(time.Minute):
				t.Fatal("the server does not answer")
			}
		}
		if err := server.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = server.Wait()
		senders.Wait()
		close(acknowledged)
		for guid := range acknowledged {
			guids = append(guids, guid)
		}

		s := ledgertest.Open(t, ledger.Options{URL: url})
		for _, guid := range guids {
			got, err := s.Accept(t.Context(), []ledger.Delivery{{GUID: guid, Event: "push"}})
			if err != nil || got[0] != ledger.Waiting {
				t.Errorf("%s, acknowledged before the kill, is %v (%v)", guid, got, err)
			}
		}
	})
}

// post reports whether a delivery was answered 202.
func post(url, guid string) bool {
	body := []byte(`{"ref":"refs/heads/main"}`)
	r, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return false
	}
	r.Header.Set("X-GitHub-Event", "push")
	r.Header.Set("X-GitHub-Delivery", guid)
	r.Header.Set("X-Hub-Signature-256", webhook.Sign(secret, body))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusAccepted
}
