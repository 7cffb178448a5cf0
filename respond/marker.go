package respond

import (
	"fmt"
	"regexp"
	"strconv"
)

// CheckID is the external id by which a head commit's check run is found again.
func CheckID(repository int64, head string) string {
	return fmt.Sprintf("rekey:%d:%s", repository, head)
}

var leakMarker = regexp.MustCompile(`^<!-- rekey:leak:(\d+):(\w+) -->`)

// ParseMarker reads the [Marker] at the start of an issue's body.
func ParseMarker(body string) (repository int64, fingerprint string, ok bool) {
	m := leakMarker.FindStringSubmatch(body)
	if m == nil {
		return 0, "", false
	}
	repository, err := strconv.ParseInt(m[1], 10, 64)
	return repository, m[2], err == nil
}
