package pack

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/rekey-app/rekey/detect/budget"
)

// pathOf joins the names of a path's directories and file. A path over [budget.Path] is given as a hash of it and its end:
// different paths stay different, and none takes more than that.
func pathOf(names []string) string {
	size := len(names) - 1
	for _, n := range names {
		size += len(n)
	}
	if size <= budget.Path {
		return strings.Join(names, "/")
	}
	hash := sha256.New()
	for i, n := range names {
		if i > 0 {
			hash.Write([]byte("/"))
		}
		hash.Write([]byte(n))
	}
	return cutPath(hash.Sum(nil), endOf(names))
}

// endOf returns the last bytes of a path, a little more than [budget.PathEnd].
func endOf(names []string) string {
	from, size := len(names), 0
	for from > 0 && size <= budget.PathEnd {
		from--
		size += 1 + len(names[from])
	}
	return strings.Join(names[from:], "/")
}

// cutPath stands for a path of that hash and end: whole names of it, where they are short enough.
func cutPath(hash []byte, end string) string {
	cut := end[max(0, len(end)-budget.PathEnd):]
	if _, whole, ok := strings.Cut(cut, "/"); ok {
		cut = whole
	}
	return "…" + hex.EncodeToString(hash[:8]) + "…/" + strings.ToValidUTF8(cut, "")
}

// shortName is a name of a tree's entry as it is kept.
func shortName(name []byte) string {
	if len(name) <= budget.Path {
		return string(name)
	}
	hash := sha256.Sum256(name)
	return "…" + hex.EncodeToString(hash[:8]) + "…" + strings.ToValidUTF8(string(name[len(name)-budget.PathEnd:]), "")
}
