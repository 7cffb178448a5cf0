package text

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// Markers are hidden lines by which our own texts are found again. They hold no word that somebody could search for.

// CheckID is the external id by which a head commit's check run is found again.
func CheckID(repository int64, head string) string {
	return fmt.Sprintf("rekey:%d:%s", repository, head)
}

// Marker is the hidden line by which a leak's issue is found again among the App's issues.
func Marker(repository int64, fingerprint string) string {
	return fmt.Sprintf("<!-- %016x%s -->", repository, fingerprint)
}

// SummaryMarker is the hidden line by which the summary issue is found again.
func SummaryMarker(repository int64) string {
	return Marker(repository, noFingerprint)
}

// AuditMarker is the hidden line by which the issue about the Clerk configuration is found again.
func AuditMarker(repository int64) string {
	return Marker(repository, auditFingerprint)
}

// What is in the place of a leak's fingerprint in issues that are about none.
var (
	noFingerprint    = strings.Repeat("0", 32)
	auditFingerprint = strings.Repeat("0", 31) + "1"
)

// CommentMarker is the hidden line by which a comment is found again that an action with this key writes.
func CommentMarker(key string) string {
	return fmt.Sprintf("<!-- %x -->", sha256.Sum256([]byte(key)))
}

var commentMarker = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`<!-- [0-9a-f]{64} -->$`) })

// FindCommentMarker reads the [CommentMarker] at the end of a comment.
func FindCommentMarker(body string) (marker string, ok bool) {
	marker = commentMarker().FindString(strings.TrimSpace(body))
	return marker, marker != ""
}

var leakMarker = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^<!-- ([0-9a-f]{16})([0-9a-f]{32}) -->`) })

// ParseMarker reads the [Marker] at the start of an issue's body.
func ParseMarker(body string) (repository int64, fingerprint string, ok bool) {
	m := leakMarker().FindStringSubmatch(body)
	if m == nil || m[2] == noFingerprint || m[2] == auditFingerprint {
		return 0, "", false
	}
	repository, err := strconv.ParseInt(m[1], 16, 64)
	return repository, m[2], err == nil
}
