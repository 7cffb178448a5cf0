package pack

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/pack/gitdir"
)

// Repository is a git repository on disk: all its packs, mapped, its loose objects, and those of its alternates. It is
// not safe for concurrent use; its methods use all Workers inside. Grafts and replacements (refs/replace) are not
// applied: what is stored is what is read.
type Repository struct {
	opts    Options
	dir     gitDir
	refs    map[string]id
	head    id
	store   *store
	partial bool
	skipped []Skipped
	unmap   []func() error
}

// OpenRepository opens the repository that path is in: a working tree or a directory below one, a linked working tree,
// a .git directory, a bare repository. Nothing is written. Errors wrap [ErrNoRepository] or [ErrSHA256]. A pack that
// cannot be read at all is named in [Report.Skipped].
func OpenRepository(ctx context.Context, path string, opts Options) (*Repository, error) {
	dir, err := findGitDir(path)
	if err != nil {
		return nil, fmt.Errorf("open repository: %w", err)
	}
	r := &Repository{opts: opts.withDefaults(), dir: dir, partial: dir.partial}
	r.store = &store{opts: r.opts, tolerant: true}
	var refs sync.WaitGroup
	refs.Go(func() { r.refs, r.head = dir.refs() })
	dirs, skipped := dir.objectDirs()
	r.skipped = skipped
	err = r.openObjects(ctx, dirs)
	refs.Wait()
	if err != nil {
		r.Close()
		return nil, fmt.Errorf("open repository %s: %w", path, err)
	}
	if cut := dir.shallow(); len(cut) > 0 {
		r.skipped = append(r.skipped, Skipped{
			Object: cut[0].String(), Reason: "shallow clone: what is before this commit is not here", Absent: ShallowClone, Count: len(cut),
		})
	}
	if dir.reftable {
		r.skipped = append(r.skipped, Skipped{Object: "refs", Reason: "refs are stored as a reftable: which of them hold a finding is not known"})
	}
	return r, nil
}

// OpenObjects opens a directory of objects, loose and in packs, and leaves out its alternates: a quarantine, where git keeps what is
// pushed until its hooks have accepted it. A pack may hold objects besides that others are stored as deltas of. Refs are not
// known. Nothing is written.
func OpenObjects(ctx context.Context, dir string, opts Options) (*Repository, error) {
	if !isDir(dir) {
		return nil, fmt.Errorf("open objects: %s is not a directory", dir)
	}
	r := &Repository{opts: opts.withDefaults(), dir: gitDir{Dir: gitdir.Dir{Top: dir, Own: dir, Common: dir}}}
	r.store = &store{opts: r.opts, tolerant: true}
	if err := r.openObjects(ctx, []string{dir}); err != nil {
		r.Close()
		return nil, fmt.Errorf("open objects %s: %w", dir, err)
	}
	return r, nil
}

// Close unmaps the packs. The repository cannot be used afterwards.
func (r *Repository) Close() error {
	var errs []error
	for _, unmap := range r.unmap {
		errs = append(errs, unmap())
	}
	r.unmap, r.store = nil, &store{opts: r.opts}
	return errors.Join(errs...)
}

func (r *Repository) openObjects(ctx context.Context, dirs []string) error {
	for _, dir := range dirs {
		packs, err := filepath.Glob(filepath.Join(escapeGlob(dir), "pack", "*.pack"))
		if err != nil {
			return err
		}
		for _, name := range packs {
			p, err := r.openPack(ctx, name)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				r.skipped = append(r.skipped, Skipped{Object: name, Reason: err.Error(), Damaged: true})
				continue
			}
			r.store.packs = append(r.store.packs, p)
			if isFile(strings.TrimSuffix(name, ".pack") + ".promisor") {
				r.partial = true
			}
		}
		loose, err := looseObjects(dir)
		if err != nil {
			return err
		}
		r.store.loose = append(r.store.loose, loose...)
	}
	r.dropCopies()
	return nil
}

func escapeGlob(dir string) string {
	return strings.NewReplacer(`*`, `[*]`, `?`, `[?]`, `[`, `[[]`).Replace(dir)
}

// openPack maps a pack and reads its entries' headers. A pack whose index is missing or wrong is read without.
func (r *Repository) openPack(ctx context.Context, name string) (*packfile, error) {
	data, err := r.mapPath(name)
	if err != nil {
		return nil, err
	}
	if len(data) < packHeader+packTrailer {
		return nil, fmt.Errorf("%w: %d bytes are no pack", ErrCorrupt, len(data))
	}
	p := &packfile{name: name, data: data}
	idx, err := r.mapPath(strings.TrimSuffix(name, ".pack") + ".idx")
	if err == nil {
		var offsets []int64
		p.index, offsets, err = readIndex(idx, int64(len(data)))
		if err == nil {
			err = p.readEntries(offsets, r.opts.Workers)
		}
	}
	if err == nil {
		for entry, err := range p.bad {
			r.store.name(p.index.id(entry), err)
		}
		return p, nil
	}
	return r.indexPack(ctx, name, data)
}

// indexPack does for a pack without index what is done for one from a stream, and hashes all its objects.
func (r *Repository) indexPack(ctx context.Context, name string, data []byte) (*packfile, error) {
	s := newStream(ctx, bytes.NewReader(data), r.opts)
	s.discard = true
	if err := s.read(); err != nil {
		return nil, err
	}
	p := s.pack
	p.name, p.data = name, data
	p.link()
	if err := p.resolve(ctx, r.opts, s.waiting); err != nil {
		return nil, err
	}
	if err := p.assignKinds(); err != nil {
		return nil, err
	}
	p.ids = make([]id, len(p.offsets))
	all := store{opts: r.opts, packs: []*packfile{p}}
	err := all.each(ctx, setOf(commitKind, treeKind, blobKind, tagKind), func(o object) error { o.id(); return nil })
	if err != nil {
		return nil, err
	}
	p.index = newIndex(p.ids)
	p.ids = nil
	return p, nil
}

func (r *Repository) mapPath(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	data, unmap, err := mapFile(f, info.Size())
	if err == nil {
		r.unmap = append(r.unmap, unmap)
	}
	return data, err
}

// Blob returns the content of one object, a commit's or tag's too, for reading a key again. An object over limit is an
// error that wraps [ErrLimit], one that is not in the repository an error that wraps [ErrNotFound].
func (r *Repository) Blob(name string, limit int64) ([]byte, error) {
	wanted, ok := parseID(name)
	if !ok {
		return nil, fmt.Errorf("object %q: %w: no object id of 40 hexadecimal digits", name, ErrNotFound)
	}
	return r.store.fetch(context.Background(), wanted, setOf(blobKind, commitKind, tagKind), limit)
}

// dropCopies sees to it that an object that is stored more than once is visited once.
func (r *Repository) dropCopies() {
	packs := r.store.packs
	for _, p := range packs {
		p.index.invert()
	}
	slices.SortFunc(r.store.loose, func(a, b looseObject) int { return bytes.Compare(a.id[:], b.id[:]) })
	r.store.loose = slices.CompactFunc(r.store.loose, func(a, b looseObject) bool { return a.id == b.id })
	r.store.loose = slices.DeleteFunc(r.store.loose, func(l looseObject) bool { return r.inPack(l.id) })
	if len(packs) < 2 {
		return
	}
	type place struct {
		id       id
		pack     int
		position int
	}
	var same []place
	for first := range 256 {
		same = same[:0]
		for n, p := range packs {
			from, to := p.index.range256(byte(first))
			for position := from; position < to; position++ {
				same = append(same, place{id(p.index.at(position)), n, position})
			}
		}
		slices.SortFunc(same, func(a, b place) int { return cmp.Or(bytes.Compare(a.id[:], b.id[:]), cmp.Compare(a.pack, b.pack)) })
		for i := 1; i < len(same); i++ {
			if same[i].id != same[i-1].id {
				continue
			}
			p := packs[same[i].pack]
			if p.copies == nil {
				p.copies = make([]bool, len(p.offsets))
			}
			p.copies[p.index.entry[same[i].position]] = true
		}
	}
}

// has reports whether an object is there.
func (r *Repository) has(name id) bool {
	_, loose := r.store.findLoose(name)
	return loose || r.inPack(name)
}

func (r *Repository) inPack(name id) bool {
	return slices.ContainsFunc(r.store.packs, func(p *packfile) bool {
		_, ok := p.index.find(name)
		return ok
	})
}

// Scan hands every blob, commit message and annotated tag of the repository once to s, reachable or not, and reports
// where the findings stand. No Heads stand for HEAD. What is damaged or missing is named in [Report.Skipped] and the
// rest is read.
func (r *Repository) Scan(ctx context.Context, s *detect.Scanner, heads Range) (Report, error) {
	size := int64(0)
	for _, p := range r.store.packs {
		size += int64(len(p.data))
	}
	return r.scan(ctx, s.Within(hiddenWork(size)), heads)
}

func (r *Repository) scan(ctx context.Context, e examiner, heads Range) (Report, error) {
	begin := time.Now()
	r.store.inflated.Store(0)
	if len(heads.Heads) == 0 && r.head != (id{}) {
		heads.Heads = []string{r.head.String()}
	}
	looseTrees := -1
	sc := scan{opts: r.opts, examiner: e, refs: r.refs, again: func() { r.store.inflated.Store(0) }, fetch: r.store.fetch, each: func(ctx context.Context, wanted kinds, visit func(object) error) error {
		err := r.store.each(ctx, wanted, visit)
		if looseTrees < 0 {
			looseTrees = int(r.store.unwanted.Load())
		}
		return err
	}}
	if r.partial {
		sc.missing = newMissing(r.has, r.opts.Workers)
	}
	report, err := sc.run(ctx, heads)
	if err == nil && r.partial {
		err = sc.missing.rest(ctx, sc.each)
		report.Skipped = append(report.Skipped, sc.missing.report()...)
	}
	if err != nil {
		return Report{}, fmt.Errorf("scan repository %s: %w", r.dir.Common, err)
	}
	report.Stats.Trees = looseTrees
	for _, p := range r.store.packs {
		report.Stats.Trees += p.count(treeKind)
		report.Stats.PackBytes += int64(len(p.data))
	}
	report.Skipped = append(report.Skipped, r.skipped...)
	r.nameSkipped(&report)
	report.Stats.Duration = time.Since(begin)
	return report, nil
}

func (r *Repository) nameSkipped(report *Report) {
	var left []Skipped
	for object, reason := range r.store.skipped {
		left = append(left, Skipped{Object: object.String(), Reason: reason, Damaged: true})
	}
	slices.SortFunc(left, func(a, b Skipped) int { return cmp.Compare(a.Object, b.Object) })
	report.Skipped = append(report.Skipped, shorten(left, len(left))...)
}
