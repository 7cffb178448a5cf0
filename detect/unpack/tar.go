package unpack

import (
	"archive/tar"
	"errors"
	"io"
	"strings"
)

// tar visits the members of a tar archive, and of those that follow it directly. It reports whether there was any entry.
func (k *walk) tar(s source, l *level) bool {
	// A section is read by seeking, past the members, which are sections themselves.
	var in io.Reader = l.in
	var section *sectionReader
	if s.at != nil {
		section = &sectionReader{walk: k, source: s}
		in = section
	}
	entries := 0
	for k.going() {
		tr := tar.NewReader(in)
		err := k.tarEntries(s, tr, section, func() {
			if entries++; entries == 1 {
				l.commit()
			}
		})
		if err != nil {
			k.fail(s, classify(err))
			return entries > 0
		}
		if section != nil {
			l.in.Reset(section)
		}
		if !skipZeros(l) {
			break
		}
		head, _ := l.in.Peek(HeadSize)
		if Format(head) != "tar" {
			k.rest(s, l)
			break
		}
		if section != nil {
			section.pos -= int64(l.in.Buffered())
		}
	}
	return entries > 0
}

// skipZeros skips NUL bytes, and reports whether anything follows them.
func skipZeros(l *level) bool {
	for {
		head, _ := l.in.Peek(l.in.Size())
		if len(head) == 0 {
			return false
		}
		for i, c := range head {
			if c != 0 {
				l.in.Discard(i)
				return true
			}
		}
		l.in.Discard(len(head))
	}
}

// tarEntries visits the members of one archive.
func (k *walk) tarEntries(s source, tr *tar.Reader, section *sectionReader, seen func()) error {
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) && h == nil {
			return nil
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return err
		}
		seen()
		if !k.entry(s) {
			return nil
		}
		if h.Size == 0 {
			continue
		}
		m := source{name: join(s.name, h.Name), layers: s.layers}
		if section != nil && !sparse(h) {
			m = s.section(m.name, section.pos, min(h.Size, max(s.size-section.pos, 0)))
			k.source(m)
			continue
		}
		// What is not there of a sparse file reads as zeros without end: the budget pays.
		out := &output{walk: k, source: m, r: tr, free: !sparse(h)}
		m.stream = out
		k.source(m)
		if out.failed {
			return nil
		}
	}
}

// sparse reports whether the member's bytes do not stand in the archive as they are.
func sparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for name := range h.PAXRecords {
		if strings.HasPrefix(name, "GNU.sparse.") {
			return true
		}
	}
	return false
}
