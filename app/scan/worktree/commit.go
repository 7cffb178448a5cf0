package worktree

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/detect/pack/gitdir"
)

// Commit is a commit as it is stored.
type Commit struct {
	ID          ID
	Tree        ID
	Parents     []ID
	Author      pack.Person // as written
	committed   int64       // seconds since 1970
	Text        []byte      // the whole object
	ParentsGone bool        // a shallow clone ends here
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
			c.Tree, _ = t.ParseID(value)
		case "parent":
			parent, ok := t.ParseID(value)
			if !ok {
				return c, fmt.Errorf("commit %s: %w: a parent is not an object ID", id, ErrCorrupt)
			}
			c.Parents = append(c.Parents, parent)
		case "author":
			c.Author = pack.ParsePerson(value)
		case "committer":
			c.committed = pack.ParsePerson(value).When.Unix()
		}
	}
	if len(c.Tree) != t.config.hashSize {
		return c, fmt.Errorf("commit %s: %w: it has no tree", id, ErrCorrupt)
	}
	if t.shallow == nil {
		t.shallow = map[ID]bool{}
		b, _ := gitdir.Read(filepath.Join(t.Common, "shallow"), gitdir.MaxSmall)
		for digits := range strings.FieldsSeq(string(b)) {
			if id, ok := t.ParseID(digits); ok {
				t.shallow[id] = true
			}
		}
	}
	if t.shallow[id] {
		c.Parents, c.ParentsGone = nil, true
	}
	return c, nil
}
