package pack

import (
	"crypto/sha1" // git's object ids are SHA-1
	"encoding/hex"
	"strconv"
)

// id is a git object id.
type id [sha1.Size]byte

func (i id) String() string { return hex.EncodeToString(i[:]) }

// parseID reads 40 hexadecimal digits.
func parseID[T string | []byte](s T) (id, bool) {
	var i id
	if len(s) != 2*len(i) {
		return i, false
	}
	_, err := hex.Decode(i[:], []byte(s))
	return i, err == nil
}

// kind is the type of an object as the pack format numbers it.
type kind uint8

const (
	commitKind kind = 1
	treeKind   kind = 2
	blobKind   kind = 3
	tagKind    kind = 4
	// The next two appear in entry headers only; the object takes the kind of its base.
	ofsDelta kind = 6
	refDelta kind = 7
)

func (k kind) String() string {
	switch k {
	case commitKind:
		return "commit"
	case treeKind:
		return "tree"
	case blobKind:
		return "blob"
	case tagKind:
		return "tag"
	}
	return "type " + strconv.Itoa(int(k))
}

// kinds is a set of kinds.
type kinds uint8

func setOf(ks ...kind) kinds {
	var s kinds
	for _, k := range ks {
		s |= 1 << k
	}
	return s
}

func (s kinds) has(k kind) bool { return s&(1<<k) != 0 }

// hashObject returns the id of an object.
func hashObject(k kind, text []byte) id {
	h := sha1.New() // git's object ids are SHA-1
	var head [40]byte
	b := append(head[:0], k.String()...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(len(text)), 10)
	b = append(b, 0)
	h.Write(b)
	h.Write(text)
	var i id
	h.Sum(i[:0])
	return i
}
