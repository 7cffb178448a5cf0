package intake_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rekey-app/rekey/app/deliver"
	"github.com/rekey-app/rekey/app/intake"
	"github.com/rekey-app/rekey/app/texts"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// BenchmarkAcknowledge sends signed deliveries of 10 KiB over 64 connections and waits for each answer. On SQLite an
// answer means that the delivery and its job are on disk (WAL, synchronous=FULL), on PostgreSQL that the server says so.
//
//	go test -run '^$' -bench Acknowledge -benchtime 40000x ./app/intake
//
// REKEY_TEST_POSTGRES_URL adds PostgreSQL. Clients and server share the processors.
func BenchmarkAcknowledge(b *testing.B) {
	push := pushBody(10 << 10)
	b.Run("SQLite", func(b *testing.B) { benchmarkAcknowledge(b, ledgertest.SQLite(b), "push", push, intake.Reading{}) })
	b.Run("PostgreSQL", func(b *testing.B) { benchmarkAcknowledge(b, ledgertest.Postgres(b), "push", push, intake.Reading{}) })
}

// BenchmarkComments sends comments that hold nothing, of the size of GitHub's, as BenchmarkAcknowledge sends pushes: when they are answered they
// are read, and finished.
//
//	go test -run '^$' -bench Comments -benchtime 40000x ./app/intake
func BenchmarkComments(b *testing.B) {
	scanner := detect.New(detect.Options{})
	reading := intake.Reading{Redact: scanner.Redact, Find: texts.Finder{Scanner: scanner}.Find, Idle: deliver.Idle}
	body := fmt.Appendf(nil, `{"action":"created","issue":{"number":4,"html_url":"https://github.com/acme/shop/issues/4","body":%q},"comment":{"id":1,`+
		`"node_id":"IC_1","html_url":"https://github.com/acme/shop/issues/4#issuecomment-1","body":%[1]q,"user":{"login":"sam","type":"User"}},`+
		`"repository":{"id":9,"full_name":"acme/shop"},"installation":{"id":7},"sender":{"login":"sam","type":"User"}}`,
		strings.Repeat("Thanks, that helps. Where does the key go? ", 100))
	b.Run("SQLite", func(b *testing.B) { benchmarkAcknowledge(b, ledgertest.SQLite(b), "issue_comment", body, reading) })
	b.Run("PostgreSQL", func(b *testing.B) { benchmarkAcknowledge(b, ledgertest.Postgres(b), "issue_comment", body, reading) })
}

func benchmarkAcknowledge(b *testing.B, url, event string, body []byte, reading intake.Reading) {
	const connections = 64
	in, err := intake.New(intake.Config{
		Store:   ledgertest.Open(b, ledger.Options{URL: url}),
		Secrets: []string{secret}, Metrics: prometheus.NewRegistry(), Reading: reading,
	})
	if err != nil {
		b.Fatal(err)
	}
	router := mux.NewRouter()
	in.Routes(router)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: router}
	go func() { _ = server.Serve(listener) }()
	b.Cleanup(func() {
		_ = server.Close()
		_ = in.Close(b.Context())
	})
	// The client is as thin as can be: what is measured is the server.
	request := fmt.Sprintf("POST /webhook HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"+
		"User-Agent: GitHub-Hookshot/044aadd\r\nX-GitHub-Event: %s\r\nX-Hub-Signature-256: %s\r\n"+
		"Content-Length: %d\r\nX-GitHub-Delivery: ", event, webhook.Sign(secret, body), len(body))
	rest := append([]byte("-cc78-11e3-81ab-4c9367dc0958\r\n\r\n"), body...)

	var next atomic.Int64
	took := make([]time.Duration, b.N)
	send := func() error {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		answers := bufio.NewReader(conn)
		var out []byte
		for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
			out = append(fmt.Appendf(append(out[:0], request...), "%08x", uint32(i)*2654435761), rest...)
			begun := time.Now()
			if _, err := conn.Write(out); err != nil {
				return err
			}
			answer, err := http.ReadResponse(answers, nil)
			if err != nil {
				return err
			}
			if _, err := io.Copy(io.Discard, answer.Body); err != nil {
				return err
			}
			took[i-1] = time.Since(begun)
			if answer.StatusCode != http.StatusAccepted {
				return errors.New(answer.Status)
			}
		}
		return nil
	}
	var senders sync.WaitGroup
	b.ResetTimer()
	for range connections {
		senders.Go(func() {
			if err := send(); err != nil {
				b.Error(err)
			}
		})
	}
	senders.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(0, "ns/op")
}

// pushBody is shaped like a push event, of about size bytes.
func pushBody(size int) []byte {
	var commits []string
	for n := 0; n < size-600; n += 170 {
		commits = append(commits, fmt.Sprintf(`{"id":"%040x","message":"Change number %d","author":{"name":"Mona Lisa",`+
			`"email":"mona@example.com"},"added":[],"removed":[],"modified":["src/index.ts"]}`, n, n))
	}
	return []byte(`{"ref":"refs/heads/main","before":"` + strings.Repeat("a", 40) + `","after":"` + strings.Repeat("b", 40) +
		`","commits":[` + strings.Join(commits, ",") + `],"repository":{"id":9,"full_name":"acme/shop"},"installation":{"id":7}}`)
}
