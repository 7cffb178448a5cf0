package pack

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rekey-app/rekey/detect/budget"
)

// commit is what history needs of a commit.
type commit struct {
	id        id
	tree      id
	parents   []id
	author    string // the line, for parsePerson
	committed int64  // seconds since 1970
}

// parseCommit reads a commit. Persons that are written wrong are taken as far as they can be read, as git does.
func parseCommit(i id, text []byte) (commit, error) {
	c := commit{id: i}
	line, rest := nextLine(text)
	value, ok := bytes.CutPrefix(line, []byte("tree "))
	if !ok {
		return c, fmt.Errorf("%w: commit %v does not begin with its tree", ErrCorrupt, i)
	}
	if c.tree, ok = parseID(value); !ok {
		return c, fmt.Errorf("%w: commit %v names a tree that is no object id", ErrCorrupt, i)
	}
	for {
		line, rest = nextLine(rest)
		value, ok := bytes.CutPrefix(line, []byte("parent "))
		if !ok {
			break
		}
		parent, ok := parseID(value)
		if !ok {
			return c, fmt.Errorf("%w: commit %v names a parent that is no object id", ErrCorrupt, i)
		}
		if len(c.parents) < budget.Parents {
			c.parents = append(c.parents, parent)
		}
	}
	for ; len(line) > 0; line, rest = nextLine(rest) {
		if value, ok := bytes.CutPrefix(line, []byte("author ")); ok && c.author == "" {
			c.author = cutPerson(value)
		}
		if value, ok := bytes.CutPrefix(line, []byte("committer ")); ok {
			c.committed = ParsePerson(cutPerson(value)).When.Unix()
			break
		}
	}
	return c, nil
}

// memory is about how many bytes are kept of the commit.
func (c *commit) memory() int64 { return int64(160 + len(c.parents)*len(id{}) + len(c.author)) }

// cutPerson returns a line with a name and an address; of one that is too long the start of the name, and the end with the
// time.
func cutPerson(line []byte) string {
	if len(line) <= budget.Person {
		return string(line)
	}
	end := line[len(line)-budget.Person/4:]
	if at := bytes.LastIndexByte(end, '>'); at >= 0 {
		end = end[at:]
	}
	return string(line[:budget.Person*3/4]) + " <" + string(end)
}

// tag is what is kept of an annotated tag.
type tag struct {
	id     id
	target id
	kind   string // of the target
	tagger Person
}

func parseTag(i id, text []byte) (tag, error) {
	t := tag{id: i}
	line, rest := nextLine(text)
	value, ok := bytes.CutPrefix(line, []byte("object "))
	if ok {
		t.target, ok = parseID(value)
	}
	if !ok {
		return t, fmt.Errorf("%w: tag %v does not begin with its object", ErrCorrupt, i)
	}
	for {
		line, rest = nextLine(rest)
		if len(line) == 0 {
			return t, nil
		}
		if value, ok := bytes.CutPrefix(line, []byte("type ")); ok {
			t.kind = string(value[:min(len(value), len("commit"))])
		}
		if value, ok := bytes.CutPrefix(line, []byte("tagger ")); ok {
			t.tagger = ParsePerson(cutPerson(value))
			return t, nil
		}
	}
}

func nextLine(text []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(text, []byte("\n"))
	return line, rest
}

// ParsePerson reads what a commit says of its author, "Name <email> seconds zone". What is not there stays empty.
func ParsePerson(line string) Person {
	var p Person
	p.When = time.Unix(0, 0).UTC()
	open := strings.IndexByte(line, '<')
	if open < 0 {
		p.Name = strings.TrimSpace(line)
		return p
	}
	p.Name = strings.TrimSpace(line[:open])
	line = line[open+1:]
	email, _, closed := strings.Cut(line, ">")
	p.Email = strings.TrimSpace(email)
	if !closed {
		return p
	}
	// As git: the time stands behind the last '>', whatever the e-mail address holds.
	fields := strings.Fields(line[strings.LastIndexByte(line, '>')+1:])
	if len(fields) == 0 {
		return p
	}
	seconds, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil || seconds < 0 || seconds > 1<<40 {
		return p
	}
	zone := time.UTC
	if len(fields) > 1 {
		zone = parseZone(fields[1])
	}
	p.When = time.Unix(seconds, 0).In(zone)
	return p
}

// parseZone reads "+hhmm" or "-hhmm".
func parseZone(text string) *time.Location {
	n, err := strconv.Atoi(text)
	if err != nil || len(text) != 5 || n < -2400 || n > 2400 || n == 0 {
		return time.UTC
	}
	return time.FixedZone("", (n/100*60+n%100)*60)
}

// treeEntry is one line of a tree. It is valid as long as the tree's text, and small enough to be kept in registers.
type treeEntry struct {
	mode uint32
	line []byte // name, 0, id
}

func (e treeEntry) name() []byte { return e.line[:len(e.line)-len(id{})-1] }
func (e treeEntry) id() *id      { return (*id)(e.line[len(e.line)-len(id{}):]) }

// The modes that matter here. All others, known to git or not, are files.
const (
	treeMode    = 0o040000
	linkMode    = 0o120000
	gitlinkMode = 0o160000
	formatMask  = 0o170000
)

func (e treeEntry) isTree() bool    { return e.mode&formatMask == treeMode }
func (e treeEntry) isLink() bool    { return e.mode&formatMask == linkMode }
func (e treeEntry) isGitlink() bool { return e.mode&formatMask == gitlinkMode }

// nextEntry reads the first entry of a tree's text. The text must not be empty.
func nextEntry(text []byte) (e treeEntry, rest []byte, err error) {
	const file, dir = "100644 ", "40000 " // what most entries begin with
	switch {
	case len(text) > len(file) && string(text[:len(file)]) == file:
		e.mode, text = 0o100644, text[len(file):]
	case len(text) > len(dir) && string(text[:len(dir)]) == dir:
		e.mode, text = treeMode, text[len(dir):]
	default:
		if e.mode, text, err = entryMode(text); err != nil {
			return e, nil, err
		}
	}
	name := bytes.IndexByte(text, 0)
	end := name + 1 + len(id{})
	if name <= 0 || end > len(text) {
		return e, nil, fmt.Errorf("%w: tree entry without name or id", ErrCorrupt)
	}
	e.line = text[:end]
	return e, text[end:], nil
}

func entryMode(text []byte) (mode uint32, rest []byte, err error) {
	var i int
	for i = 0; i < len(text) && text[i] != ' '; i++ {
		if i >= 7 || text[i] < '0' || text[i] > '7' {
			return 0, nil, fmt.Errorf("%w: tree entry's mode is no octal number", ErrCorrupt)
		}
		mode = mode<<3 | uint32(text[i]-'0')
	}
	if i == 0 || i == len(text) {
		return 0, nil, fmt.Errorf("%w: tree entry without mode", ErrCorrupt)
	}
	return mode, text[i+1:], nil
}
