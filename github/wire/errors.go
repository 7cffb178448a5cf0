package wire

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// ErrNoCommonHave means that the server knows none of the request's haves, and that the request said so must not become
// a fetch of the whole history ([Request.RequireCommon]). Nothing was transferred: ask again with tips that the server
// has, or with no haves if the whole history is meant.
var ErrNoCommonHave = errors.New("the server knows none of the commits that need not be sent")

// ErrSHA256 means that an object id has 64 digits: the repository uses SHA-256, which is not supported.
var ErrSHA256 = errors.New("repositories with SHA-256 object ids are not supported")

// Texts of servers are cut to these lengths, in bytes, before they go into errors.
const (
	maxErrorBody    = 512
	maxErrorMessage = 1024
)

// StatusError is an HTTP answer other than 200. Header holds the rate limit's fields.
type StatusError struct {
	URL    string
	Status int
	Header http.Header
	Body   string // its first 512 bytes
}

func (e *StatusError) Error() string {
	s := fmt.Sprintf("POST %s: %d %s", e.URL, e.Status, http.StatusText(e.Status))
	if where := e.Header.Get("Location"); where != "" && e.Status/100 == 3 {
		return s + ": not followed to " + strconv.Quote(where)
	}
	if body := strings.TrimSpace(e.Body); body != "" && !strings.HasPrefix(body, "<") {
		s += ": " + strconv.Quote(body)
	}
	return s
}

// ServerError is what the git server said instead of a pack.
type ServerError struct{ URL, Message string }

func (e *ServerError) Error() string {
	return fmt.Sprintf("POST %s: the git server says %s", e.URL, strconv.Quote(e.Message))
}

// NotOurRef means that the server does not have a wanted object (yet): "upload-pack: not our ref".
func (e *ServerError) NotOurRef() bool { return strings.Contains(e.Message, "not our ref") }

// ProtocolError is an answer that is not git's protocol version 2: a web page in place of an answer, a section nobody
// asked for, a packet with an impossible length. It says what was wrong.
type ProtocolError struct{ URL, Detail string }

func (e *ProtocolError) Error() string { return fmt.Sprintf("POST %s: %s", e.URL, e.Detail) }
