package pack

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/budget"
)

// TestPanicEndsOneScan: a fault in a worker is that scan's error, says nothing of what was read, and takes nothing else along.
func TestPanicEndsOneScan(t *testing.T) {
	t.Parallel()
	b := newBuilder(2)
	b.addBlob("secret text")
	b.addBlob(mark(1))
	p := open(t, b.done(), Options{Workers: 2})
	var faulty finder = func(text []byte) detect.Result {
		if strings.HasPrefix(string(text), "secret") {
			panic("at " + string(text))
		}
		return findMarks(text)
	}
	_, err := p.scan(context.Background(), faulty, Range{})
	var fault *PanicError
	if !errors.As(err, &fault) || strings.Contains(err.Error(), "secret") || !strings.Contains(fault.Stack, "contain_test.go") {
		t.Errorf("%v", err)
	}
	if report, err := p.scan(context.Background(), findMarks, Range{}); err != nil || len(report.Sightings) != 1 {
		t.Errorf("the next scan: %v, %v", report.Sightings, err)
	}
}

func TestRoom(t *testing.T) {
	t.Parallel()
	all := budget.NewMemory(5 * roomStep)
	a, b := room{budget: all, limit: 3 * roomStep}, room{budget: all, limit: 3 * roomStep}
	if !a.take(roomStep+1) || !a.take(roomStep-1) || all.Used() != 2*roomStep+1 {
		t.Errorf("%d taken", all.Used())
	}
	if a.take(2*roomStep) || !b.take(5*roomStep/2) || b.take(roomStep) {
		t.Errorf("%d taken", all.Used())
	}
	a.free()
	b.free()
	if all.Used() != 0 {
		t.Errorf("%d left", all.Used())
	}
}
