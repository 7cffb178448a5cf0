package pack

import (
	"bytes"
	"context"
	"crypto/sha1" // the pack format's trailer
	"errors"
	"strings"
	"testing"
)

// small bounds what a fuzzer can make the reader do.
var small = Options{Workers: 2, SpillOver: 1 << 10, Memory: 1 << 10, MaxObject: 1 << 20, MaxInflated: 1 << 24, MaxObjects: 1 << 12, MaxSightings: 100}

func FuzzPack(f *testing.F) {
	b := newBuilder(6)
	at := b.object(blobKind, "base "+mark(1))
	b.ofs(at, delta(5+len(mark(1)), "more"))
	b.ref(hashObject(blobKind, []byte("base "+mark(1))), delta(5+len(mark(1)), mark(2)))
	blob := hashObject(blobKind, []byte("base "+mark(1)))
	tree := "100644 name\x00" + string(blob[:])
	b.object(treeKind, tree)
	commit := "tree " + hashObject(treeKind, []byte(tree)).String() + "\nauthor A <a@x> 1 +0000\ncommitter A <a@x> 1 +0000\n\n" + mark(3)
	b.object(commitKind, commit)
	b.object(tagKind, "object "+hashObject(commitKind, []byte(commit)).String()+"\ntype commit\ntag v\ntagger A <a@x> 1 +0000\n\nmessage")
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		sum := sha1.Sum(data) // the pack format's trailer
		p, err := Open(context.Background(), bytes.NewReader(append(data[:len(data):len(data)], sum[:]...)), small)
		if err == nil {
			defer p.Close()
			_, err = p.scan(context.Background(), findMarks, Range{})
		}
		if err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrLimit) {
			t.Fatalf("unforeseen error: %v", err)
		}
	})
}

func FuzzDelta(f *testing.F) {
	f.Add([]byte("a base of some length, longer than what is copied inline"), delta(55, "more"))
	f.Add([]byte("base"), []byte{4, 8, 0x90, 4, 0x91, 0, 4})
	f.Add(bytes.Repeat([]byte("0123456789"), 30), []byte{172, 2, 20, 0xb1, 3, 10, 0, 0x91, 200, 10})
	f.Fuzz(func(t *testing.T, base, delta []byte) {
		from, size, ops, err := deltaSizes(delta)
		if err != nil || size > 1<<20 {
			return
		}
		// Guards around the result must survive what is copied in words.
		quota := bytes.Repeat([]byte{0xa5}, int(size)+64)
		dst := quota[32 : 32+size : 32+size]
		copied, err := applyDelta(dst, base, ops, nil)
		var plain bytes.Buffer
		plainErr := applyDeltaTo(&plain, size, base, ops)
		if (err == nil) != (plainErr == nil) {
			t.Fatalf("errors differ: %v, %v", err, plainErr)
		}
		if err == nil && !bytes.Equal(dst, plain.Bytes()) {
			t.Fatalf("results differ: %q, %q", dst, plain.Bytes())
		}
		for _, c := range copied {
			if err == nil && !bytes.Equal(dst[c.To:c.To+c.Len], base[c.From:c.From+c.Len]) {
				t.Fatalf("%+v is not the same in both", c)
			}
		}
		if err != nil && !errors.Is(err, ErrCorrupt) {
			t.Fatalf("unforeseen error: %v", err)
		}
		whole, wholeErr := ApplyDelta(base, delta, 1<<20)
		if (wholeErr == nil) != (err == nil && from == uint64(len(base))) || wholeErr == nil && !bytes.Equal(whole, dst) {
			t.Fatalf("ApplyDelta: %q, %v", whole, wholeErr)
		}
		for i, c := range quota {
			if c != 0xa5 && (i < 32 || i >= 32+int(size)) {
				t.Fatalf("byte %d outside the result was written", i-32)
			}
		}
	})
}

func FuzzTree(f *testing.F) {
	f.Add([]byte("100644 name\x00" + string(make([]byte, 20)) + "40000 dir\x00" + string(make([]byte, 20))))
	f.Add([]byte("777777777 x\x00"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for len(text) > 0 {
			e, rest, err := nextEntry(text)
			if err != nil {
				if !errors.Is(err, ErrCorrupt) {
					t.Fatalf("unforeseen error: %v", err)
				}
				return
			}
			if len(rest) >= len(text) || len(e.name()) == 0 || bytes.IndexByte(e.name(), 0) >= 0 {
				t.Fatalf("entry %q of %q leaves %q", e.name(), text, rest)
			}
			text = rest
		}
	})
}

func FuzzCommit(f *testing.F) {
	f.Add([]byte("tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nparent 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A <a> 1 +0100\ncommitter B <b> 2 -0100\n\nmessage"))
	f.Add([]byte("object 4b825dc642cb6eb9a060e54bf8d69288fbee4904\ntype tree\ntag x\ntagger A <a>b> 99999999999999999999 +9999\n\nmessage"))
	f.Add([]byte("Proper <proper@x> Commit <commit@x>\n# comment\n<a@x> <b@x>\nName <b@x>\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := parseCommit(id{}, text)
		if err == nil && !bytes.HasPrefix(text, []byte("tree ")) {
			t.Fatalf("no commit: %q", text)
		}
		g, _ := parseTag(id{}, text)
		m := parseMailmap(string(text))
		for _, p := range []Person{ParsePerson(c.author), g.tagger} {
			if strings.Contains(p.Name+p.Email, "\n") {
				t.Fatalf("person over two lines: %q", p)
			}
			m.apply(p)
			_ = p.When.String()
		}
	})
}

func FuzzIndex(f *testing.F) {
	ids := []id{{1}, {0, 1}, {255}, {1, 2}}
	x := newIndex(ids)
	data := append([]byte("\xfftOc\x00\x00\x00\x02"), x.fanout...)
	data = append(data, x.ids...)
	data = append(data, make([]byte, 4*4)...)
	for offset := range 4 {
		data = append(data, 0, 0, 0, byte(20+offset))
	}
	data = append(data, make([]byte, 40)...)
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		x, offsets, err := readIndex(data, 1000)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Fatalf("unforeseen error: %v", err)
			}
			return
		}
		x.invert()
		for entry := range offsets {
			x.find(x.id(int32(entry)))
		}
	})
}
