package pack

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/budget"
)

// Pack is a packfile held ready for reading. It is not safe for concurrent use; its methods use all Workers inside.
type Pack struct {
	opts  Options
	spool *spool
	file  *packfile
	quota *quota
}

// Open reads a packfile of version 2 from r to its end, verifies its trailer, and finds its entries. The pack must be
// self-contained (no thin pack). r is not closed. Errors wrap [ErrCorrupt], [ErrLimit] or what r returned; nothing is
// left on disk then.
func Open(ctx context.Context, r io.Reader, opts Options) (*Pack, error) {
	opts = opts.withDefaults()
	s := newStream(ctx, r, opts)
	p := &Pack{opts: opts, spool: &s.spool, file: s.pack, quota: &s.quota}
	err := s.read()
	if err == nil {
		s.pack.link()
		err = s.pack.resolve(ctx, opts, s.waiting)
	}
	if err == nil {
		err = s.pack.assignKinds()
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Close removes what Open spilled. The pack cannot be used afterwards.
func (p *Pack) Close() error {
	p.file = &packfile{}
	p.quota.free()
	return p.spool.close()
}

// Scan hands every blob, commit message and annotated tag once to s and reports where the findings stand. Trees are
// read only after a finding. A damaged object ends the scan with an error: it never passes for clean. What is over a limit
// is left out and named in [Report.Skipped], with what is made from it.
func (p *Pack) Scan(ctx context.Context, s *detect.Scanner, r Range) (Report, error) {
	return p.scan(ctx, s.Within(hiddenWork(int64(len(p.file.data)))), r)
}

// hiddenWork is the budget of a scan for all that is encoded or packed in objects, for packs of that many bytes.
func hiddenWork(size int64) *budget.Work {
	return budget.NewWork(budget.RunSteps + size*budget.RunStepsPerByte)
}

func (p *Pack) scan(ctx context.Context, e examiner, r Range) (Report, error) {
	begin := time.Now()
	st := p.store()
	sc := scan{opts: p.opts, examiner: e, each: st.each, fetch: st.fetch, again: func() { st.inflated.Store(0) }, keepIDs: func() {
		if p.file.ids == nil {
			p.file.ids = make([]id, len(p.file.offsets))
		}
	}}
	report, err := sc.run(ctx, r)
	if err != nil {
		return Report{}, err
	}
	report.Skipped = append(report.Skipped, st.over.list()...)
	report.Stats.Trees = p.file.count(treeKind)
	report.Stats.PackBytes = int64(len(p.file.data))
	report.Stats.Duration = time.Since(begin)
	return report, nil
}

// store has no need of the checksums behind each entry: they were verified, and those of the whole pack too.
func (p *Pack) store() *store {
	return &store{opts: p.opts, packs: []*packfile{p.file}, verified: true}
}

// Visit calls visit with the content of one object, a commit's or tag's too, valid until it returns: the text, or where that
// is nil, since the object is over [Options.MaxObject], a reader. An object that is not in the pack is an error that wraps
// [ErrNotFound].
func (p *Pack) Visit(ctx context.Context, name string, visit func(text []byte, large io.Reader) error) error {
	wanted, ok := parseID(name)
	if !ok {
		return fmt.Errorf("object %q: %w: no object id of 40 hexadecimal digits", name, ErrNotFound)
	}
	return p.store().visit(ctx, wanted, setOf(blobKind, commitKind, tagKind), visit)
}

// Blob returns the content of one object, a commit's or tag's too, for reading a key again. An object over limit is an error that wraps [ErrLimit],
// one that is not in the pack an error that wraps [ErrNotFound].
func (p *Pack) Blob(name string, limit int64) ([]byte, error) {
	wanted, ok := parseID(name)
	if !ok {
		return nil, fmt.Errorf("object %q: %w: no object id of 40 hexadecimal digits", name, ErrNotFound)
	}
	return p.store().fetch(context.Background(), wanted, setOf(blobKind, commitKind, tagKind), limit)
}
