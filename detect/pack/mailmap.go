package pack

import (
	"context"
	"errors"
	"strings"
)

// mailmap is what a .mailmap says: which names and addresses stand for which others. See gitmailmap(5).
type mailmap map[string]mapping // by address as committed, in lower case

type mapping struct {
	person
	byName map[string]person // by name as committed, in lower case; goes before person
}

// person is what a commit's name and address are replaced by. What is empty stays as it was.
type person struct{ name, email string }

// parseMailmap reads a .mailmap. Lines that are wrong are passed over, as git does.
func parseMailmap(text string) mailmap {
	m := mailmap{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		name1, email1, rest, ok := nameAndEmail(line)
		if !ok || email1 == "" {
			continue
		}
		name2, email2, _, ok := nameAndEmail(rest)
		proper := person{name1, email1}
		if !ok { // "Name <committed>"
			name2, email2, proper.email = "", email1, ""
		}
		key := strings.ToLower(email2)
		at := m[key]
		if name2 == "" {
			if proper.name != "" {
				at.name = proper.name
			}
			if proper.email != "" {
				at.email = proper.email
			}
		} else {
			if at.byName == nil {
				at.byName = map[string]person{}
			}
			at.byName[strings.ToLower(name2)] = proper
		}
		m[key] = at
	}
	return m
}

// nameAndEmail reads "Name <address>"; the name may be missing.
func nameAndEmail(line string) (name, email, rest string, ok bool) {
	open := strings.IndexByte(line, '<')
	if open < 0 {
		return "", "", "", false
	}
	end := strings.IndexByte(line[open:], '>')
	if end < 0 {
		return "", "", "", false
	}
	const space = " \t\n\v\f\r"
	return strings.Trim(line[:open], space), line[open+1 : open+end], line[open+end+1:], true
}

// apply gives a person the name and address that are meant.
func (m mailmap) apply(p Person) Person {
	at, ok := m[strings.ToLower(p.Email)]
	if !ok {
		return p
	}
	use, ok := at.byName[strings.ToLower(p.Name)]
	if !ok {
		use = at.person
	}
	if use.name != "" {
		p.Name = use.name
	}
	if use.email != "" {
		p.Email = use.email
	}
	return p
}

// mailmapLimit is the largest .mailmap that is heeded. Git's own has 20 KiB.
const mailmapLimit = 1 << 20

// readMailmap reads the .mailmap at the root of the first head, if both are at hand.
func (h *history) readMailmap(ctx context.Context) (mailmap, error) {
	if len(h.heads) == 0 {
		return nil, nil
	}
	c, ok := h.commits[h.heads[0]]
	if !ok {
		return nil, nil
	}
	tree, err := h.scan.fetch(ctx, c.tree, setOf(treeKind), mailmapLimit)
	for text := tree; err == nil && len(text) > 0; {
		var e treeEntry
		if e, text, err = nextEntry(text); err != nil || string(e.name()) != ".mailmap" || e.isTree() || e.isGitlink() || e.isLink() {
			continue
		}
		var blob []byte
		if blob, err = h.scan.fetch(ctx, *e.id(), setOf(blobKind), mailmapLimit); err == nil {
			return parseMailmap(string(blob)), nil
		}
	}
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrLimit) || errors.Is(err, ErrCorrupt) {
		return nil, nil // names are then as they were committed
	}
	return nil, err
}
