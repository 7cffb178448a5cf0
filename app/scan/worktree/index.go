package worktree

import (
	"bytes"
	"crypto/sha1" // git's checksum
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"github.com/rekey-app/rekey/detect/pack/gitdir"
)

// ErrCorrupt is wrapped by errors about files of git that are not as git writes them.
var ErrCorrupt = errors.New("corrupt")

// ID is a git object's id, as bytes: 20 of them, or 32 in a repository of the SHA-256 format. "" stands for no object.
type ID string

// String is the id in hexadecimal digits.
func (i ID) String() string { return hex.EncodeToString([]byte(i)) }

// Mode is a git file mode.
type Mode uint32

// The modes' types.
const (
	typeMask    = 0o170000
	treeType    = 0o040000
	linkType    = 0o120000
	gitlinkType = 0o160000
)

func (m Mode) isTree() bool    { return m&typeMask == treeType }
func (m Mode) isLink() bool    { return m&typeMask == linkType }
func (m Mode) isGitlink() bool { return m&typeMask == gitlinkType }

// Entry is a file in the index.
type Entry struct {
	Path  string // any bytes but NUL
	ID    ID
	Mode  Mode
	Stage int  // 0, or 1 to 3 for a side of a conflict
	Later bool // git add --intent-to-add: a commit would not hold it
}

// The extended flags of an entry (gitformat-index(5)).
const (
	extendedFlag   = 0x4000
	intentToAdd    = 0x2000
	stageShift     = 12
	nameMask       = 0x0fff
	indexHead      = 12
	entryStatBytes = 40
)

// Index returns the index's entries in order. A repository in which nothing was ever staged has none.
func (t *Tree) Index() ([]Entry, error) {
	if t.index != nil {
		return t.index, nil
	}
	b, err := gitdir.Read(t.indexFile, gitdir.MaxLarge)
	if errors.Is(err, fs.ErrNotExist) {
		t.index = []Entry{}
		return t.index, nil
	}
	if err != nil {
		return nil, err
	}
	read := indexReader{hashSize: t.config.hashSize, shared: t.sharedIndex}
	if t.index, err = read.index(b); err != nil {
		return nil, fmt.Errorf("%s: %w", t.indexFile, err)
	}
	return t.index, nil
}

// indexReader reads index files.
type indexReader struct {
	hashSize int
	// shared returns the content of the index that a split index builds on. nil where none may be named.
	shared func(ID) ([]byte, error)
}

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w index: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}

func (r indexReader) index(b []byte) ([]Entry, error) {
	if len(b) < indexHead+r.hashSize || string(b[:4]) != "DIRC" {
		return nil, corrupt("no DIRC at its start")
	}
	body, sum := b[:len(b)-r.hashSize], b[len(b)-r.hashSize:]
	if !bytes.Equal(sum, make([]byte, r.hashSize)) && !bytes.Equal(sum, r.hash(body)) { // none with index.skipHash
		return nil, corrupt("its checksum is wrong")
	}
	version, count := binary.BigEndian.Uint32(b[4:]), int(binary.BigEndian.Uint32(b[8:]))
	if version < 2 || version > 4 {
		return nil, fmt.Errorf("index version %d is not supported, only 2 to 4 are", version)
	}
	entries := make([]Entry, 0, min(count, len(b)/(entryStatBytes+r.hashSize)))
	rest, last := body[indexHead:], ""
	for range count {
		e, n, err := r.entry(rest, version, last)
		if err != nil {
			return nil, err
		}
		last = e.Path
		rest = rest[n:]
		entries = append(entries, e)
	}
	return r.extensions(rest, entries)
}

func (r indexReader) hash(b []byte) []byte {
	if r.hashSize == sha256.Size {
		sum := sha256.Sum256(b)
		return sum[:]
	}
	sum := sha1.Sum(b) // git's checksum
	return sum[:]
}

// entry reads one entry, and returns how many bytes it took. last is the path before, which version 4 leaves out as far
// as they agree.
func (r indexReader) entry(b []byte, version uint32, last string) (e Entry, n int, err error) {
	flagsAt := entryStatBytes + r.hashSize
	if len(b) < flagsAt+2 {
		return e, 0, corrupt("an entry is cut")
	}
	e.Mode = Mode(binary.BigEndian.Uint32(b[24:]))
	e.ID = ID(b[entryStatBytes:flagsAt])
	flags := binary.BigEndian.Uint16(b[flagsAt:])
	e.Stage = int(flags >> stageShift & 3)
	n = flagsAt + 2
	if flags&extendedFlag != 0 {
		if version < 3 || len(b) < n+2 {
			return e, 0, corrupt("an entry's flags are cut")
		}
		e.Later = binary.BigEndian.Uint16(b[n:])&intentToAdd != 0
		n += 2
	}
	prefix := ""
	if version == 4 {
		strip, used := offsetVarint(b[n:])
		if used == 0 || strip > uint64(len(last)) {
			return e, 0, corrupt("an entry's path leaves out more than there is")
		}
		prefix = last[:len(last)-int(strip)]
		n += used
	}
	length := bytes.IndexByte(b[n:], 0)
	if length < 0 {
		return e, 0, corrupt("an entry's path is cut")
	}
	e.Path = prefix + string(b[n:n+length])
	if want := int(flags & nameMask); want < nameMask && want != len(e.Path) {
		return e, 0, corrupt("an entry's path has %d bytes, not %d", len(e.Path), want)
	}
	n += length + 1
	if version < 4 {
		n = (n + 7) &^ 7
		if n > len(b) {
			return e, 0, corrupt("an entry is cut")
		}
	}
	return e, n, nil
}

// offsetVarint reads git's variable-width number: 7 bits a byte, most first, each further byte counts one more.
func offsetVarint(b []byte) (v uint64, n int) {
	for n < len(b) && n < 9 {
		c := b[n]
		n++
		v = v<<7 | uint64(c&0x7f)
		if c < 0x80 {
			return v, n
		}
		v++
	}
	return 0, 0
}

// extensions reads what follows the entries. One whose name does not begin with a capital must be understood.
func (r indexReader) extensions(b []byte, entries []Entry) ([]Entry, error) {
	for len(b) > 0 {
		if len(b) < 8 {
			return nil, corrupt("an extension is cut")
		}
		name, size := string(b[:4]), uint64(binary.BigEndian.Uint32(b[4:]))
		if size > uint64(len(b)-8) {
			return nil, corrupt("extension %q is cut", name)
		}
		data := b[8 : 8+size]
		b = b[8+size:]
		switch {
		case name == "link":
			var err error
			if entries, err = r.split(data, entries); err != nil {
				return nil, err
			}
		case name == "sdir": // directories stand for what is in them
		case name[0] < 'A' || name[0] > 'Z':
			return nil, fmt.Errorf("unknown index extension %q", name)
		}
	}
	return entries, nil
}
