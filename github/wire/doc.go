// Package wire speaks git's smart HTTP, protocol version 2, as far as fetching needs it: it asks for exactly what was
// pushed and hands back the packfile. No refs are listed for that, nothing is cloned, no git binary runs.
//
// Start with [Client.Fetch]. Sources: git's Documentation/gitprotocol-v2 and gitprotocol-common.
package wire

import (
	"context"
	"io"
	"net/http"
)

// Client fetches from git servers. It is safe for concurrent use.
type Client struct {
	HTTP      *http.Client // carries the authorization; must not follow redirects to another host with it
	UserAgent string
}

// Request says what to fetch.
type Request struct {
	Wants []string // object ids; need not be tips of refs
	Haves []string // object ids that need not be sent, with all that they reach; unknown ones are ignored by servers
	// Deepen, if positive, cuts history that many commits below each want.
	Deepen int
}

// Fetch asks the repository at url (https://github.com/owner/name.git) for the request in one POST and returns the
// packfile as it comes; the caller reads it to its end, where errors of the server also surface, and closes it. Errors
// are [*StatusError] for an HTTP status, [*ServerError] for the server's own words (ERR packets, sideband 3).
func (c *Client) Fetch(ctx context.Context, url string, req Request) (io.ReadCloser, error) {
	panic("building")
}

// Ref is a ref that a server lists. Peeled is the object that an annotated tag names in the end, or "".
type Ref struct{ Name, ID, Peeled string }

// Refs lists refs under the prefixes (refs/heads/, refs/tags/) in one POST.
func (c *Client) Refs(ctx context.Context, url string, prefixes ...string) ([]Ref, error) {
	panic("building")
}

// StatusError is an HTTP answer other than 200. Header holds the rate limit's fields.
type StatusError struct {
	URL    string
	Status int
	Header http.Header
	Body   string // its first 512 bytes
}

func (e *StatusError) Error() string { panic("building") }

// ServerError is what the git server said instead of a pack.
type ServerError struct{ URL, Message string }

func (e *ServerError) Error() string { panic("building") }

// NotOurRef tells that the server does not have a wanted object (yet): "upload-pack: not our ref".
func (e *ServerError) NotOurRef() bool { panic("building") }
