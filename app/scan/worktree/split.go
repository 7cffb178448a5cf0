package worktree

import (
	"cmp"
	"encoding/binary"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect/pack/gitdir"
)

// sharedIndex reads the index that a split index builds on. It lies beside the index itself.
func (t *Tree) sharedIndex(id ID) ([]byte, error) {
	b, err := gitdir.Read(filepath.Join(filepath.Dir(t.indexFile), "sharedindex."+id.String()), gitdir.MaxLarge)
	if err != nil && filepath.Dir(t.indexFile) != t.Own {
		return gitdir.Read(filepath.Join(t.Own, "sharedindex."+id.String()), gitdir.MaxLarge)
	}
	return b, err
}

// split puts the entries of a split index and those of the index that it builds on together.
func (r indexReader) split(link []byte, entries []Entry) ([]Entry, error) {
	if len(link) < r.hashSize {
		return nil, corrupt("its link to a shared index is cut")
	}
	id := ID(link[:r.hashSize])
	if strings.Trim(string(id), "\x00") == "" {
		return entries, nil
	}
	if r.shared == nil {
		return nil, corrupt("a shared index is split itself")
	}
	b, err := r.shared(id)
	if err != nil {
		return nil, err
	}
	base, err := indexReader{hashSize: r.hashSize}.index(b)
	if err != nil {
		return nil, err
	}
	link = link[r.hashSize:]
	var deleted, replaced []bool
	if len(link) > 0 {
		if deleted, link, err = bitmap(link, len(base)); err != nil {
			return nil, err
		}
		if replaced, _, err = bitmap(link, len(base)); err != nil {
			return nil, err
		}
	}
	var all []Entry
	for i, e := range base {
		if at := i; at < len(replaced) && replaced[at] {
			if len(entries) == 0 || entries[0].Path != "" {
				return nil, corrupt("it replaces more entries than it has")
			}
			path := e.Path
			e, entries = entries[0], entries[1:]
			e.Path = path
		}
		if i >= len(deleted) || !deleted[i] {
			all = append(all, e)
		}
	}
	all = append(all, entries...)
	slices.SortStableFunc(all, func(a, b Entry) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Stage, b.Stage))
	})
	return all, nil
}

// bitmap reads an EWAH bitmap as git stores it: runs of equal words, and words as they are. Bits from limit on are
// left out.
func bitmap(b []byte, limit int) (bits []bool, rest []byte, err error) {
	short := errors.Join(ErrCorrupt, errors.New("a bitmap of the index is truncated"))
	if len(b) < 8 {
		return nil, nil, short
	}
	words := int(binary.BigEndian.Uint32(b[4:]))
	b = b[8:]
	if words > (len(b)-4)/8 {
		return nil, nil, short
	}
	bits = make([]bool, limit)
	at := 0
	set := func(word uint64) {
		for i := 0; i < 64 && at+i < limit; i++ {
			bits[at+i] = word>>i&1 != 0
		}
		at = min(at+64, limit)
	}
	for n := 0; n < words; {
		marker := binary.BigEndian.Uint64(b[8*n:])
		n++
		run, literal := marker>>1&(1<<32-1), int(marker>>33)
		var word uint64
		if marker&1 != 0 {
			word = ^word
		}
		for ; run > 0 && at < limit; run-- {
			set(word)
		}
		for ; literal > 0 && n < words; literal-- {
			set(binary.BigEndian.Uint64(b[8*n:]))
			n++
		}
	}
	return bits, b[8*words+4:], nil
}
