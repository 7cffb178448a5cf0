package worktree

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zlib"

	"github.com/rekey-app/rekey/detect/pack/gitdir"
)

// ErrMissing is wrapped where a repository lacks an object, as a partial clone may.
var ErrMissing = errors.New("the object is not in this clone")

// Object is an object that is read as a stream. It must be closed.
type Object struct {
	Kind string // commit, tree, blob, tag
	Size int64
	io.ReadCloser
}

// objects are a repository's, in files of their own and in packs.
type objects struct {
	hashSize int
	dirs     []string
	packs    []*packFile
	listed   bool
}

// mostAlternates is how many directories of objects are read.
const mostAlternates = 1000

func openObjects(dir string, others []string, hashSize int) objects {
	o := objects{hashSize: hashSize}
	seen := map[string]bool{}
	var add func(dir string, depth int)
	add = func(dir string, depth int) {
		if seen[dir] || depth > gitdir.DeepestAlternates || len(o.dirs) >= mostAlternates {
			return
		}
		seen[dir] = true
		o.dirs = append(o.dirs, dir)
		for _, other := range gitdir.Alternates(dir) {
			add(other, depth+1)
		}
	}
	add(dir, 0)
	for _, dir := range others {
		add(dir, 0)
	}
	return o
}

func (o *objects) close() error {
	var errs []error
	for _, p := range o.packs {
		errs = append(errs, p.close())
	}
	o.packs = nil
	return errors.Join(errs...)
}

// Object opens an object of the repository. Errors wrap [ErrMissing] where there is none.
func (t *Tree) Object(id ID) (Object, error) {
	o, err := t.objects.open(id)
	if err != nil {
		return Object{}, fmt.Errorf("object %s: %w", id, err)
	}
	return o, nil
}

func (o *objects) open(id ID) (Object, error) {
	for _, dir := range o.dirs {
		name := id.String()
		object, err := openLoose(filepath.Join(dir, name[:2], name[2:]))
		if !errors.Is(err, fs.ErrNotExist) {
			return object, err
		}
	}
	if err := o.list(); err != nil {
		return Object{}, err
	}
	for i, p := range o.packs {
		offset, ok, err := p.find(id)
		if err != nil {
			return Object{}, err
		}
		if ok {
			o.packs[0], o.packs[i] = o.packs[i], o.packs[0] // the next is likely there, too
			return p.open(offset)
		}
	}
	return Object{}, ErrMissing
}

// list finds the packs, once.
func (o *objects) list() error {
	if o.listed {
		return nil
	}
	o.listed = true
	for _, dir := range o.dirs {
		dir = filepath.Join(dir, "pack")
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, e := range entries {
			name, isIndex := strings.CutSuffix(e.Name(), ".idx")
			if !isIndex {
				continue
			}
			p, err := openPack(filepath.Join(dir, name), o)
			if err != nil {
				return err
			}
			o.packs = append(o.packs, p)
		}
	}
	return nil
}

// looseObject reads an object from a file of its own.
type looseObject struct {
	io.Reader
	inflate io.Closer
	file    *os.File
}

func (l looseObject) Close() error { return errors.Join(l.inflate.Close(), l.file.Close()) }

func openLoose(name string) (Object, error) {
	info, err := os.Stat(name)
	if err != nil {
		return Object{}, err
	}
	if !info.Mode().IsRegular() {
		return Object{}, fmt.Errorf("%w: it is not a regular file", ErrCorrupt)
	}
	f, err := os.Open(name)
	if err != nil {
		return Object{}, err
	}
	inflate, err := zlib.NewReader(bufio.NewReader(f))
	if err != nil {
		f.Close()
		return Object{}, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	content := bufio.NewReader(inflate)
	head, err := content.ReadSlice(0)
	kind, digits, ok := bytes.Cut(bytes.TrimSuffix(head, []byte{0}), []byte(" "))
	size, sizeErr := strconv.ParseInt(string(digits), 10, 64)
	if err != nil || !ok || sizeErr != nil || size < 0 {
		f.Close()
		return Object{}, fmt.Errorf("%w: its header is malformed", ErrCorrupt)
	}
	return Object{string(kind), size, looseObject{&exact{r: content, left: size}, inflate, f}}, nil
}

// exact reads what a header announced: to end before or after that is an error. Reading to the end of zlib's stream
// checks its sum, too.
type exact struct {
	r    io.Reader
	left int64
}

func (e *exact) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // readers return it bare
		err = fmt.Errorf("%w object: %w", ErrCorrupt, err)
	}
	if int64(n) > e.left {
		return int(e.left), fmt.Errorf("%w object: it is longer than its header says", ErrCorrupt)
	}
	e.left -= int64(n)
	if err == io.EOF && e.left > 0 { //nolint:errorlint // readers return it bare
		err = fmt.Errorf("%w object: it is shorter than its header says", ErrCorrupt)
	}
	return n, err
}

// read returns all of a small object.
func (t *Tree) read(id ID, kind string, limit int64) ([]byte, error) {
	o, err := t.Object(id)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	if o.Kind != kind {
		return nil, fmt.Errorf("object %s: %w: it is a %s, not a %s", id, ErrCorrupt, o.Kind, kind)
	}
	if o.Size > limit {
		return nil, fmt.Errorf("object %s: a %s of %d bytes is over the limit", id, kind, o.Size)
	}
	b, err := io.ReadAll(o)
	if err != nil {
		return nil, fmt.Errorf("object %s: %w", id, err)
	}
	return b, nil
}
