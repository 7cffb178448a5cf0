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
	all := budget.NewMemory(5 * quotaStep)
	a, b := quota{budget: all, limit: 3 * quotaStep}, quota{budget: all, limit: 3 * quotaStep}
	if !a.reserve(quotaStep+1) || !a.reserve(quotaStep-1) || all.Used() != 2*quotaStep+1 {
		t.Errorf("%d taken", all.Used())
	}
	if a.reserve(2*quotaStep) || !b.reserve(5*quotaStep/2) || b.reserve(quotaStep) {
		t.Errorf("%d taken", all.Used())
	}
	a.free()
	b.free()
	if all.Used() != 0 {
		t.Errorf("%d left", all.Used())
	}
}
