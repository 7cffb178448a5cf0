package github

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

const (
	rawType     = "application/vnd.github.raw+json"
	maxContents = 1 << 20 // bytes
)

// ErrTooLarge is returned for a file of more than 1 MiB.
var ErrTooLarge = errors.New("the file is larger than 1 MiB")

// Contents reads one file of at most 1 MiB at ref ("" is the default branch). found is false where there is none: also
// for a directory, a submodule, an empty repository. A ref that GitHub does not know (yet) is [ErrNoCommit], a larger
// file [ErrTooLarge]. Symbolic links are followed by GitHub.
func (c *Client) Contents(ctx context.Context, path, ref string) (text []byte, found bool, err error) {
	at := make([]string, 0, 8)
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return nil, false, nil // git has no such path, and a URL would mean another one
		}
		at = append(at, url.PathEscape(segment))
	}
	address := c.path("/contents/") + strings.Join(at, "/")
	if ref != "" {
		address += "?" + url.Values{"ref": {ref}}.Encode()
	}
	var file boundedBuffer
	resp, err := c.get(ctx, "read file", address, rawType, &file)
	switch {
	case errors.Is(err, ErrNoCommit):
		return nil, false, err
	case errors.Is(err, ErrNotFound):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	}
	// Asked for the raw file, GitHub lists a directory as JSON. A file is never sent as that type.
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind == "application/json" {
		return nil, false, nil
	}
	return file.text, true, nil
}

// boundedBuffer takes what Contents may return. It has no ReadFrom, which io.Copy would call instead of Write.
type boundedBuffer struct{ text []byte }

func (b *boundedBuffer) Write(p []byte) (int, error) {
	if len(b.text)+len(p) > maxContents {
		return 0, ErrTooLarge
	}
	b.text = append(b.text, p...)
	return len(p), nil
}

// Permission returns a person's role name in the repository: admin, maintain, write, triage, read or none. An
// organisation's own roles are given as the one that they are built on.
func (c *Client) Permission(ctx context.Context, login string) (string, error) {
	const op = "read permission"
	if !isLogin(login) {
		return "", &Error{Op: op, About: c.calls.about, Err: &InvalidError{"login", fmt.Sprintf("%.80q is none", login)}}
	}
	var answer struct {
		Permission string `json:"permission"`
		RoleName   string `json:"role_name"`
		User       *struct {
			Permissions map[string]bool `json:"permissions"`
		} `json:"user"`
	}
	_, err := c.get(ctx, op, c.path("/collaborators/%s/permission", url.PathEscape(login)), "", &answer)
	if f, ok := failureOf(err); ok && f.status == http.StatusNotFound && f.mentions("is not a user") {
		return "none", nil // a bot, or an account that was deleted
	}
	if err != nil {
		return "", err
	}
	switch answer.RoleName {
	case "admin", "maintain", "write", "triage", "read", "none":
		return answer.RoleName, nil
	}
	if answer.User != nil {
		for _, role := range []struct{ name, permission string }{
			{"admin", "admin"}, {"maintain", "maintain"}, {"write", "push"}, {"triage", "triage"}, {"read", "pull"},
		} {
			if answer.User.Permissions[role.permission] {
				return role.name, nil
			}
		}
	}
	switch answer.Permission {
	case "admin", "write", "read", "none":
		return answer.Permission, nil
	}
	return "", &Error{Op: op, About: c.calls.about, Err: fmt.Errorf("GitHub answered with the role %q, which is none that it documents", answer.Permission)}
}

// Assignable reports whether issues of the repository can be assigned to the person.
func (c *Client) Assignable(ctx context.Context, login string) (bool, error) {
	if !isLogin(login) {
		return false, nil
	}
	_, err := c.get(ctx, "check assignee", c.path("/assignees/%s", url.PathEscape(login)), "", nil)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
