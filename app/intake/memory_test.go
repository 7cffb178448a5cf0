package intake_test

import (
	"fmt"
	"io"
	"testing"
	"testing/synctest"

	"github.com/rekey-app/rekey/app/intake"
)

// stalled is a body of which a few bytes come, and no more until it is cut off.
type stalled struct {
	sent   bool
	cutOff chan struct{}
}

func (s *stalled) Read(p []byte) (int, error) {
	if !s.sent {
		s.sent = true
		return copy(p, `{"zen": "Half measures are as bad as nothing at all, but `), nil
	}
	<-s.cutOff
	return 0, io.ErrUnexpectedEOF
}

func (s *stalled) Close() error { return nil }

// Connections that send next to nothing must not take the memory that deliveries need.
func TestStalledRequestsLeaveRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFront(t, intake.Config{Store: &store{}, MaxMemory: 4 << 20})
		cutOff := make(chan struct{})
		defer close(cutOff)
		for i := range 4100 {
			r := delivery(fmt.Sprintf("stalled-%d", i), "push", `{}`)
			r.Body, r.ContentLength = &stalled{cutOff: cutOff}, 60<<10
			go f.send(r)
		}
		synctest.Wait()
		if code, answer := f.send(delivery("honest", "push", `{}`)); code != 202 {
			t.Errorf("a delivery beside 4,100 stalled requests: %d %s", code, answer)
		}
	})
}

// One address must not take all the memory, however fast it sends; a proxy's address may.
func TestOneAddressLeavesRoom(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]int{"203.0.113.9:4711": 503, "10.0.0.2:4711": 202} {
		t.Run(remote, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &store{gate: make(chan struct{})}
				f := newFront(t, intake.Config{Store: s, MaxMemory: 1 << 20})
				defer close(s.gate)
				codes := make(chan int, 8)
				for i := range 2 {
					r := delivery(fmt.Sprintf("large-%d", i), "push", `{"a":"`+text(260<<10)+`"}`)
					r.RemoteAddr = remote
					go func() { code, _ := f.send(r); codes <- code }()
					synctest.Wait()
				}
				select {
				case code := <-codes:
					if code != want {
						t.Errorf("the second large delivery: %d", code)
					}
				default:
					if want == 503 {
						t.Error("the second large delivery was taken")
					}
				}
			})
		})
	}
}

func text(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'x'
	}
	return string(b)
}
