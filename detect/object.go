package detect

import (
	"context"
	"fmt"

	"github.com/rekey-app/rekey/detect/budget"
)

// object is one text or archive under examination, with all that it holds: what it may cost and what it has cost, and what
// was found in it how often. It belongs to one goroutine.
type object struct {
	ctx context.Context
	// work is on all of the object; hidden, within it and within the scan's, on what is encoded or packed. Plain text is
	// read also where hidden is used up.
	work, hidden *budget.Work
	// workPerByte and hiddenPerByte are what each further byte adds to them.
	workPerByte, hiddenPerByte int64

	memory  *budget.Memory // for decoders and windows
	wrapped int            // encodings around the text that is read, where that is a member of an encoded archive
	members [][2]int64     // of an archive, those that stand in it as they are: where each starts and ends, in order
	deep    bool           // something lay deeper than is looked

	due, hiddenDue   int  // steps that are not charged yet
	stopped, shallow bool // nothing more is read; nothing more is decoded
	archive          bool // all of it is hidden
	masking          bool // compressed files are left alone
	size             int64
	skipped          []Skipped // what the budgets left out
	tally            tally
}

// newObject returns the object of a text or archive of size bytes, as far as that is known.
func (s *Scanner) newObject(ctx context.Context, size int64, archive bool) *object {
	o := &object{ctx: ctx, archive: archive, memory: s.memory}
	if archive {
		o.work = budget.NewWork(budget.ArchiveSteps)
		o.hidden = budget.NewWork(budget.ArchiveSteps, o.work, s.work)
		o.workPerByte, o.hiddenPerByte = budget.ArchiveStepsPerByte, budget.ArchiveStepsPerByte
	} else {
		o.memory = s.memory.Part(budget.TextMemory)
		o.work = budget.NewWork(budget.ObjectSteps)
		o.hidden = budget.NewWork(budget.HiddenSteps, o.work, s.work)
		o.workPerByte, o.hiddenPerByte = budget.StepsPerByte, budget.HiddenStepsPerByte
	}
	o.grow(size)
	return o
}

// grow says that the object has n bytes more than was known.
func (o *object) grow(n int64) {
	o.size += n
	o.work.Allow(n * o.workPerByte)
	o.hidden.Allow(n * o.hiddenPerByte)
}

// step takes n steps of work on v, and reports whether there may be more.
func (o *object) step(v *view, n int) bool {
	if v.depth > 0 || o.archive {
		return o.hide(n)
	}
	if o.due += n; o.due+o.hiddenDue >= budget.CheckSteps {
		o.charge()
	}
	return !o.stopped
}

// hide takes n steps of work on what is encoded or packed, and reports whether there may be more.
func (o *object) hide(n int) bool {
	if o.hiddenDue += n; o.due+o.hiddenDue >= budget.CheckSteps {
		o.charge()
	}
	return !o.stopped && !o.shallow
}

// reads reports whether v is still read.
func (o *object) reads(v *view) bool { return !o.stopped && !(o.shallow && (v.depth > 0 || o.archive)) }

// charge charges the steps that were taken, and looks whether they were too many, and whether the context has ended.
func (o *object) charge() {
	o.work.Spend(int64(o.due))
	o.hidden.Spend(int64(o.hiddenDue))
	o.due, o.hiddenDue = 0, 0
	if o.stopped {
		return
	}
	if err := o.ctx.Err(); err != nil {
		o.stopped = true
		o.skip(fmt.Sprintf("not read to its end: %v", err))
		return
	}
	switch {
	case o.work.Left() == 0 && !o.archive:
		o.stopped = true
		o.skip(fmt.Sprintf("reading it takes more work than a file of %d bytes may: the rest was not read", o.size))
	case o.hidden.Left() == 0 && !o.shallow:
		o.shallow = true
		o.skip("its encoded or packed content takes more work than may be spent on it: not all of that was read")
	}
}

// asText lets an archive be read as the text it may be, whatever its members have cost.
func (o *object) asText() {
	o.charge()
	o.archive = false
	o.work.Allow(budget.ObjectSteps + o.size*budget.StepsPerByte)
}

// tooDeep reports whether what so many encodings lie around is not looked at, which it notes.
func (o *object) tooDeep(depth int) bool {
	if o.wrapped+depth <= budget.Depth {
		return false
	}
	if !o.deep {
		o.deep = true
		o.skip(fmt.Sprintf("text that is encoded more than %d times over: what lies deeper was not read", budget.Depth))
	}
	return true
}

// skip notes what a limit left out.
func (o *object) skip(reason string) {
	o.skipped = append(o.skipped, Skipped{Reason: reason, Limit: true})
}

// finish adds to a result what the budgets left out.
func (o *object) finish(r Result) Result {
	o.charge()
	r.Skipped = append(r.Skipped, o.skipped...)
	r.Skipped = append(r.Skipped, o.tally.left()...)
	return r
}
