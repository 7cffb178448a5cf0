// Package push reads what a push brings before it is accepted: on the pusher's machine as git's pre-push hook, and on a server as its
// pre-receive hook.
//
// lines.go reads what git tells the hooks, local.go and received.go look through the objects, message.go says what was found.
package push

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Update is a ref that a push changes. An id is "" where there is none: of a ref that is new, or deleted.
type Update struct {
	Ref      string // on the server: refs/heads/main
	Old, New string // ids of 40 or 64 hexadecimal digits
	Local    string // what the pusher named, in the pre-push hook: a ref, an id, or another revision; "" for a deletion
}

// What git may say to a hook. A push of every branch of the largest repositories has some hundred thousand lines.
const (
	mostLines = 1_000_000
	mostBytes = 256 << 20
)

// ParsePrePush reads what git tells its pre-push hook: "local-ref local-id remote-ref remote-id" in each line.
func ParsePrePush(r io.Reader) ([]Update, error) {
	return parse(r, "pre-push", func(line string) (u Update, ok bool) {
		// A local name may hold blanks, as in HEAD@{2 days ago}: the last three fields don't.
		fields := strings.Split(line, " ")
		if len(fields) < 4 {
			return u, false
		}
		n := len(fields)
		u = Update{Local: strings.Join(fields[:n-3], " "), New: fields[n-3], Ref: fields[n-2], Old: fields[n-1]}
		if u.Local == "(delete)" {
			u.Local = ""
		}
		return u, u.Ref != "" && (u.Local != "" || isZero(u.New))
	})
}

// ParsePreReceive reads what git tells a server's pre-receive hook: "old-id new-id ref" in each line.
func ParsePreReceive(r io.Reader) ([]Update, error) {
	return parse(r, "pre-receive", func(line string) (u Update, ok bool) {
		old, rest, _ := strings.Cut(line, " ")
		id, ref, _ := strings.Cut(rest, " ")
		return Update{Ref: ref, Old: old, New: id}, ref != ""
	})
}

// FromPreCommit returns what the program of pre-commit.com says of a push: it reads git's lines itself, and hands one of them on in the
// environment, with the remote's name and address.
func FromPreCommit(getenv func(string) string) (u Update, remote, url string, ok bool) {
	u = Update{Ref: getenv("PRE_COMMIT_REMOTE_BRANCH"), New: getenv("PRE_COMMIT_TO_REF"), Local: getenv("PRE_COMMIT_LOCAL_BRANCH")}
	if getenv("PRE_COMMIT") == "" || !isID(u.New) || isZero(u.New) {
		return Update{}, "", "", false
	}
	return u, getenv("PRE_COMMIT_REMOTE_NAME"), getenv("PRE_COMMIT_REMOTE_URL"), true
}

// ErrInput is wrapped where what came is not from git.
var ErrInput = errors.New("standard input is not what git gives this hook")

// parse reads lines to the end of the input: one that never ends is an error.
func parse(r io.Reader, hook string, line func(string) (Update, bool)) (updates []Update, err error) {
	limited := &io.LimitedReader{R: r, N: mostBytes + 1}
	lines := bufio.NewScanner(limited)
	for n := 1; lines.Scan(); n++ {
		if n > mostLines {
			return nil, fmt.Errorf("%s: %w: over %d lines", hook, ErrInput, mostLines)
		}
		u, ok := line(lines.Text())
		if !ok || !isID(u.Old) || len(u.New) != len(u.Old) || !isID(u.New) {
			return nil, fmt.Errorf("%s: %w: line %d is malformed", hook, ErrInput, n)
		}
		u.Old, u.New = unlessZero(u.Old), unlessZero(u.New)
		updates = append(updates, u)
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("%s: %w: a line is too long", hook, ErrInput)
	} else if err != nil {
		return nil, fmt.Errorf("%s: reading standard input: %w", hook, err)
	}
	if limited.N <= 0 {
		return nil, fmt.Errorf("%s: %w: over %d bytes", hook, ErrInput, mostBytes)
	}
	return updates, nil
}

// isID reports whether a text is an object id, of SHA-1 or SHA-256, as git writes it.
func isID(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}

func isZero(id string) bool { return strings.Trim(id, "0") == "" }

func unlessZero(id string) string {
	if isZero(id) {
		return ""
	}
	return id
}
