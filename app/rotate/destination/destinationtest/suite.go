// Package destinationtest is the suite that every driver passes, and what stand-ins for vendors are made of.
package destinationtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// Run runs the suite. Each test starts a world of its own, whose project's Judge is given.
func Run(t *testing.T, start func(t *testing.T, judge func(string) destination.Holding, compromised string) *World) {
	t.Helper()
	begin := func(t *testing.T) *run {
		t.Helper()
		r := &run{old: detecttest.Key(1, detect.Live), next: detecttest.Key(2, detect.Live)}
		r.World = start(t, r.judge, r.old)
		r.wire = &wire{inner: r.Machine.Transport}
		r.Machine.Transport = r.wire
		r.Machine.Pause = time.Millisecond
		r.driver = r.World.Driver(r.Machine)
		t.Cleanup(func() { r.secretIsKept(t) })
		return r
	}
	for name, test := range map[string]func(*testing.T, *run){
		"Finds": finds, "Unused": unused, "LoggedOut": loggedOut, "Writes": writes, "Twice": twice, "Awkward": awkward, "Troubles": troubles,
		"Strange": strange, "Checks": checks, "Deploys": deploys, "Cancelled": cancelled,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, begin(t))
		})
	}
}

type run struct {
	*World

	driver    destination.Driver
	wire      *wire
	old, next string
	mu        sync.Mutex
	said      []string // errors and whatever else a person sees
}

func (r *run) judge(value string) destination.Holding {
	switch {
	case value == r.old:
		return destination.Compromised
	case strings.HasPrefix(value, "sk_live_"):
		return destination.Same
	case value == "":
		return destination.Nothing
	}
	return destination.Other
}

func (r *run) say(v ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, fmt.Sprintf("%+v", v))
}

// place is the one of production that holds the compromised key.
func (r *run) place(t *testing.T) destination.Place {
	t.Helper()
	s := r.driver.Look(t.Context(), r.Project)
	r.say(s)
	if !s.Used || s.Because == "" || len(s.Problems) > 0 {
		t.Fatalf("the project uses it: %+v", s)
	}
	for _, p := range s.Places {
		if p.Variable == "CLERK_SECRET_KEY" && (p.Holding == destination.Compromised || p.Holding == destination.Unreadable) && (p.Scope == destination.Production || p.Scope == "") {
			return p
		}
	}
	t.Fatalf("no place holds the compromised key: %+v", s.Places)
	return destination.Place{}
}

func finds(t *testing.T, r *run) {
	before := r.Values()
	p := r.place(t)
	if p.Driver != r.driver.Name() || p.ID == "" || p.Title == "" {
		t.Errorf("%+v", p)
	}
	if r.Readable != (p.Holding == destination.Compromised) {
		t.Errorf("holding %q, readable %t", p.Holding, r.Readable)
	}
	seen := map[string]bool{}
	again := r.driver.Look(t.Context(), r.Project)
	for _, p := range again.Places {
		if seen[p.ID] {
			t.Errorf("two places are called %s", p.ID)
		}
		seen[p.ID] = true
		if (p.Unit.ID == "") != (p.Unit.Takes == "") || p.Unit.ID != "" && (p.Unit.Title == "" || p.Unit.Driver != p.Driver) {
			t.Errorf("unit of %s: %+v", p.ID, p.Unit)
		}
		if (p.Unit.Takes == destination.TakesByHand) != (p.Unit.ByHand != "") || (p.Unit.Takes == destination.TakesByRedeploy) != (p.Unit.Redeploys != "") {
			t.Errorf("unit of %s does not say how it takes the value: %+v", p.ID, p.Unit)
		}
	}
	if !maps.Equal(r.Values(), before) {
		t.Error("a look changed something")
	}
	if other := r.World.Driver(r.Machine).Look(t.Context(), r.Project); !reflect.DeepEqual(other.Places, again.Places) {
		t.Errorf("another look:\n%+v\n%+v", other.Places, again.Places)
	}
}

func unused(t *testing.T, r *run) {
	before := r.Requests()
	if s := r.driver.Look(t.Context(), r.Unused); s.Used || len(s.Places) > 0 || len(s.Problems) > 0 {
		t.Errorf("%+v", s)
	}
	if n := r.Requests() - before; n > 0 {
		t.Errorf("%d requests for a project that does not use it", n)
	}
}

func loggedOut(t *testing.T, r *run) {
	if r.World.LoggedOut == nil {
		t.Skip("it needs no login")
	}
	s := r.World.Driver(r.World.LoggedOut).Look(t.Context(), r.Project)
	r.say(s)
	if !s.Used || len(s.Places) > 0 || len(s.Problems) == 0 {
		t.Fatalf("%+v", s)
	}
	for _, p := range s.Problems {
		if p.What == "" || p.Next == "" {
			t.Errorf("%+v", p)
		}
	}
}

func writes(t *testing.T, r *run) {
	p := r.place(t)
	before := r.Values()
	if err := r.driver.Write(t.Context(), p, detect.NewSecret(r.next)); err != nil {
		t.Fatal(err)
	}
	want := maps.Clone(before)
	want[r.Key(p)] = r.next
	if got := r.Values(); !maps.Equal(got, want) {
		t.Errorf("values are\n%q\nwant\n%q", got, want)
	}
	if !r.Readable {
		return
	}
	for _, again := range r.driver.Look(t.Context(), r.Project).Places {
		if again.ID == p.ID && again.Holding != destination.Same {
			t.Errorf("afterwards %+v", again)
		}
	}
}

func twice(t *testing.T, r *run) {
	p := r.place(t)
	for range 2 {
		if err := r.driver.Write(t.Context(), p, detect.NewSecret(r.next)); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.Values()[r.Key(p)]; got != r.next {
		t.Errorf("%q", got)
	}
}

func awkward(t *testing.T, r *run) {
	p := r.place(t)
	values := []string{
		"-starts-like-a-flag", `with "double" and 'single' quotes`, "a$HOME b${HOME} c`id` d$(id)", `back\slash\n`, "per%cent %20 +plus&amp=", "ünï©ødé 🔑", "# no comment",
		"@file", "file:///etc/hostname", " spaces at both ends ", "null", `{"json":"x"}`,
	}
	if !r.OneLine {
		values = append(values, "two\nlines", "-----BEGIN KEY-----\nMIIB\n-----END KEY-----\n")
	}
	for _, value := range values {
		before := r.Values()
		err := r.driver.Write(t.Context(), p, detect.NewSecret(value))
		if r.Refuses != nil && r.Refuses(value) {
			if err == nil || strings.Contains(err.Error(), value) || !maps.Equal(r.Values(), before) {
				t.Errorf("%q can't stand there: %v", value, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", value, err)
			continue
		}
		if got := r.Values()[r.Key(p)]; got != value {
			t.Errorf("%q is kept as %q", value, got)
		}
	}
}

func troubles(t *testing.T, r *run) {
	if r.World.Trouble == nil {
		t.Skip("nothing can go wrong on the way")
	}
	p := r.place(t)
	for _, trouble := range []Trouble{Expired, Forbidden, Down, Limited, Lost} {
		if slices.Contains(r.Unhandled, trouble) {
			continue
		}
		before := r.Values()
		r.World.Trouble(trouble)
		err := r.World.Driver(r.Machine).Write(t.Context(), p, detect.NewSecret(r.next))
		r.World.Trouble(None)
		if err != nil {
			r.say(err)
		}
		switch trouble {
		case Limited, Lost: // is tried again
			if got := r.Values()[r.Key(p)]; err != nil || got != r.next {
				t.Errorf("%s: %v, the value is %q", trouble, err, got)
			}
			continue
		}
		if err == nil {
			t.Errorf("%s: no error", trouble)
		} else if strings.Contains(err.Error(), "\n") || len(err.Error()) < 20 {
			t.Errorf("%s: %q", trouble, err)
		}
		if got := r.Values(); !maps.Equal(got, before) {
			t.Errorf("%s: values are\n%q\nwant\n%q", trouble, got, before)
		}
	}
	r.World.Trouble(Expired)
	s := r.World.Driver(r.Machine).Look(t.Context(), r.Project)
	r.say(s)
	if len(s.Problems) == 0 && !slices.Contains(r.Unhandled, Expired) {
		t.Errorf("with a login that expired: %+v", s)
	}
}

// strange has places as no look gives them: a state file may be of another version, or edited.
func strange(t *testing.T, r *run) {
	p := r.place(t)
	before := r.Values()
	for _, id := range []string{"", "x"} {
		other := p
		other.ID = id
		if err := r.driver.Write(t.Context(), other, detect.NewSecret(r.next)); err == nil {
			t.Errorf("%q was written to", id)
		}
		if proof, err := r.driver.Check(t.Context(), other, detect.NewSecret(r.next), r.Machine.Now()); err == nil && proof != destination.Stale {
			t.Errorf("%q has the value: %s", id, proof)
		}
	}
	if got := r.Values(); !maps.Equal(got, before) {
		t.Errorf("values are\n%q\nwant\n%q", got, before)
	}
}

func checks(t *testing.T, r *run) {
	p := r.place(t)
	start := r.Machine.Now()
	if err := r.driver.Write(t.Context(), p, detect.NewSecret(r.next)); err != nil {
		t.Fatal(err)
	}
	proof, err := r.driver.Check(t.Context(), p, detect.NewSecret(r.next), start)
	if err != nil || proof == destination.Stale || proof == "" || r.Readable != (proof == destination.ReadBack) {
		t.Errorf("%q, %v", proof, err)
	}
	if !r.Readable {
		return
	}
	r.Overwrite(p, r.old)
	if proof, err := r.driver.Check(t.Context(), p, detect.NewSecret(r.next), start); err != nil || proof != destination.Stale {
		t.Errorf("after somebody else set it: %q, %v", proof, err)
	}
}

func deploys(t *testing.T, r *run) {
	p := r.place(t)
	if p.Unit.Takes != destination.TakesByRedeploy {
		t.Skip("nothing is deployed by itself")
	}
	for _, works := range []bool{true, false} {
		if err := r.driver.Write(t.Context(), p, detect.NewSecret(r.next)); err != nil {
			t.Fatal(err)
		}
		d, err := r.driver.Redeploy(t.Context(), p.Unit)
		if err != nil || d.ID == "" || d.Unit != p.Unit {
			t.Fatalf("%+v, %v", d, err)
		}
		// The process may end here: another driver goes on.
		other := r.World.Driver(r.Machine)
		if got, err := other.Deployed(t.Context(), d); err != nil || got.State != destination.Deploying {
			t.Errorf("at first: %+v, %v", got, err)
		}
		r.World.Finish(works)
		got, err := other.Deployed(t.Context(), d)
		r.say(got)
		if want := map[bool]destination.DeploymentState{true: destination.Live, false: destination.Failed}[works]; err != nil || got.State != want {
			t.Errorf("in the end: %+v, %v, want %s", got, err, want)
		}
	}
}

func cancelled(t *testing.T, r *run) {
	p := r.place(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	before := r.Values()
	if err := r.driver.Write(ctx, p, detect.NewSecret(r.next)); !errors.Is(err, context.Canceled) {
		t.Errorf("write: %v", err)
	}
	if !maps.Equal(r.Values(), before) {
		t.Error("a cancelled write wrote")
	}
	asked := r.Requests()
	r.driver.Look(ctx, r.Project)
	if n := r.Requests() - asked; n > 0 {
		t.Errorf("a cancelled look made %d requests", n)
	}
}
