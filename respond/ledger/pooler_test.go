//go:build unix

package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
	"github.com/rekey-app/rekey/respond/queue"
)

// TestPgBouncer: behind PgBouncer in session mode the ledger works, in transaction and statement mode it is refused by name.
func TestPgBouncer(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("pgbouncer"); err != nil {
		t.Skip("pgbouncer is not installed")
	}
	for _, mode := range []string{"session", "transaction", "statement"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s, err := queue.OpenStore(t.Context(), ledger.Options{URL: pgBouncer(t, ledgertest.Postgres(t), mode)})
			if s != nil {
				defer s.Close()
			}
			if mode != "session" {
				if !errors.Is(err, ledger.ErrPooler) || !strings.Contains(err.Error(), "pool_mode = session") {
					t.Errorf("%v, want that it is refused", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.Accept(t.Context(), []ledger.Delivery{{GUID: "a", Event: "push", Body: []byte("{}")}})
			if err != nil || len(got) != 1 {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

// pgBouncer starts a PgBouncer in front of a database, and returns the database's address through it.
func pgBouncer(t *testing.T, database, mode string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	host, port, err := net.SplitHostPort(u.Host)
	if err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_, own, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	dir := t.TempDir()
	password, _ := u.User.Password()
	config := fmt.Sprintf("[databases]\n* = host=%s port=%s\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port=%s\nunix_socket_dir=\nauth_type=trust\nauth_file=%s\npool_mode=%s\n",
		host, port, own, filepath.Join(dir, "users"), mode)
	for name, text := range map[string]string{"pgbouncer.ini": config, "users": fmt.Sprintf("%q %q\n", u.User.Username(), password)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{filepath.Join(dir, "pgbouncer.ini")}
	if os.Getuid() == 0 { // which it refuses to be
		for d := dir; d != filepath.Clean(os.TempDir()) && d != "/"; d = filepath.Dir(d) { // what t.TempDir made
			if err := os.Chmod(d, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		args = append([]string{"-u", "nobody"}, args...)
	}
	var log bytes.Buffer
	cmd := exec.Command("pgbouncer", args...)
	cmd.Stderr, cmd.Stdout = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for deadline := time.Now().Add(testTimeout); ; time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("PgBouncer does not listen: %s", log.String())
		}
	}
	u.Host = address
	return u.String()
}
