package worktree

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Commit is a commit as it is stored.
type Commit struct {
	ID          ID
	Tree        ID
	Parents     []ID
	Author      string // name, as written
	Email       string
	Authored    time.Time
	committed   int64  // seconds since 1970
	Text        []byte // the whole object
	ParentsGone bool   // a shallow clone ends here
}

// Commit reads a commit.
func (t *Tree) Commit(id ID) (Commit, error) {
	c := Commit{ID: id}
	var err error
	if c.Text, err = t.read(id, "commit", maxCommit); err != nil {
		return c, err
	}
	head, _, _ := bytes.Cut(c.Text, []byte("\n\n"))
	for line := range strings.Lines(string(head)) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch key {
		case "tree":
			c.Tree, _ = t.parseID(value)
		case "parent":
			parent, ok := t.parseID(value)
			if !ok {
				return c, fmt.Errorf("commit %s: %w: a parent is not an object ID", id, ErrCorrupt)
			}
			c.Parents = append(c.Parents, parent)
		case "author":
			c.Author, c.Email, c.Authored = person(value)
		case "committer":
			_, _, at := person(value)
			c.committed = at.Unix()
		}
	}
	if len(c.Tree) != t.config.hashSize {
		return c, fmt.Errorf("commit %s: %w: it has no tree", id, ErrCorrupt)
	}
	if t.shallow == nil {
		t.shallow = map[ID]bool{}
		b, _ := readRegular(filepath.Join(t.common, "shallow"), maxSmallFile)
		for digits := range strings.FieldsSeq(string(b)) {
			if id, ok := t.parseID(digits); ok {
				t.shallow[id] = true
			}
		}
	}
	if t.shallow[id] {
		c.Parents, c.ParentsGone = nil, true
	}
	return c, nil
}

// person reads "Name <email> seconds zone". What is not there stays empty.
func person(line string) (name, email string, at time.Time) {
	name, rest, _ := strings.Cut(line, "<")
	end := strings.LastIndexByte(rest, '>')
	if end < 0 {
		return strings.TrimSpace(name), strings.TrimSpace(rest), time.Unix(0, 0).UTC()
	}
	fields := strings.Fields(rest[end+1:])
	at = time.Unix(0, 0).UTC()
	if len(fields) > 0 {
		if seconds, err := strconv.ParseInt(fields[0], 10, 40); err == nil {
			at = time.Unix(seconds, 0).UTC()
		}
	}
	if len(fields) > 1 {
		if zone, err := strconv.Atoi(fields[1]); err == nil && zone != 0 && zone > -2400 && zone < 2400 {
			at = at.In(time.FixedZone("", (zone/100*60+zone%100)*60))
		}
	}
	return strings.TrimSpace(name), strings.TrimSpace(rest[:end]), at
}
