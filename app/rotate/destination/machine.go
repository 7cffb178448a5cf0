package destination

import (
	"cmp"
	"net/http"
	"time"
)

// Machine is what a driver needs of the machine that it runs on. Tests give their own.
type Machine struct {
	Environ   []string          // as of [os.Environ]
	Home      string            // the person's home directory; "" where there is none
	Clone     string            // root of the clone, behind links: no program in it is run; "" without one
	Transport http.RoundTripper // nil: http.DefaultTransport
	Now       func() time.Time
	Pause     time.Duration // before what failed is tried again, longer before each further time; 0 for the usual one
}

// Getenv returns the value of a variable, "" where it is not set.
func (m *Machine) Getenv(name string) string { return lookup(m.Environ, name) }

// Tools returns the runner of programs.
func (m *Machine) Tools() *Tools {
	t := &Tools{environ: m.Environ, pause: cmp.Or(m.Pause, toolPause)}
	if m.Clone != "" && !within(m.Clone, m.Home) { // settings of a home directory may be in git: its programs are the person's own
		t.clone = m.Clone
	}
	return t
}
