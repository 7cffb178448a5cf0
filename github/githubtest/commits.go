package githubtest

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Change is a commit to make.
type Change struct {
	// Parents are commits; nil is the tip of Branch, or no parent if there is no such branch yet. An empty list that is
	// not nil makes a root commit.
	Parents []string
	Branch  string            // "": the default branch
	Message string            // "": Update
	Author  *Account          // nil: the repository's owner
	Time    time.Time         // of author and committer; zero: the server's clock
	Files   map[string]string // contents by path: any bytes, and modes as [Change].Modes says
	Modes   map[string]string // by path: 100644 (the default), 100755, or 120000 for a symbolic link
	Remove  []string          // paths
}

// Commit makes a commit that no ref points to yet, and returns its id. [Repository.Push] publishes it.
func (r *Repository) Commit(c Change) (string, error) {
	if c.Parents == nil {
		c.Branch = cmp.Or(c.Branch, r.DefaultBranch())
		if tip, err := r.Tip("refs/heads/" + c.Branch); err == nil {
			c.Parents = []string{tip}
		}
	}
	ids, err := r.Commits([]Change{c})
	if err != nil {
		return "", err
	}
	return ids[0], nil
}

// Commits makes commits with one run of git: each, but for the first, has the one before it as its only parent. Otherwise it is
// [Repository.Commit].
func (r *Repository) Commits(changes []Change) ([]string, error) {
	s := r.s
	s.mu.Lock()
	owner, scratch := r.owner, "refs/githubtest/"+itoa(s.id())
	s.mu.Unlock()
	var stream bytes.Buffer
	for i, c := range changes {
		if c.Author == nil {
			c.Author = owner
		}
		if c.Time.IsZero() {
			c.Time = s.opt.Now()
		}
		if i > 0 {
			c.Parents = []string{mark(i)}
		}
		fastImport(&stream, c, scratch, mark(i+1))
	}
	fmt.Fprintf(&stream, "reset %s\nfrom %s\n\n", scratch, zeroID)
	out, err := s.git(r.dir, &stream, "fast-import", "--quiet", "--force")
	if err != nil {
		return nil, fmt.Errorf("commit to %s: %w", r.FullName(), err)
	}
	ids := strings.Fields(out)
	r.know(ids...)
	return ids, nil
}

// mark is the name of a commit within a run of git fast-import.
func mark(n int) string { return ":" + itoa(int64(n)) }

// fastImport writes the commit in git fast-import's language. Its id is printed.
func fastImport(b *bytes.Buffer, c Change, scratch, mark string) {
	who := func(role string) {
		fmt.Fprintf(b, "%s %s <%s> %d +0000\n", role, c.Author.Login, c.Author.Email(), c.Time.Unix())
	}
	data := func(text string) { fmt.Fprintf(b, "data %d\n%s\n", len(text), text) }
	fmt.Fprintf(b, "commit %s\nmark %s\n", scratch, mark)
	who("author")
	who("committer")
	data(cmp.Or(c.Message, "Update") + "\n")
	for i, p := range c.Parents {
		b.WriteString([]string{"from ", "merge "}[min(i, 1)] + p + "\n")
	}
	for _, path := range c.Remove {
		fmt.Fprintf(b, "D %s\n", quotePath(path))
	}
	for _, path := range slices.Sorted(maps.Keys(c.Files)) {
		fmt.Fprintf(b, "M %s inline %s\n", cmp.Or(c.Modes[path], "100644"), quotePath(path))
		data(c.Files[path])
	}
	fmt.Fprintf(b, "get-mark %s\n", mark)
}

// quotePath writes a path the way C writes strings, as fast-import reads them.
func quotePath(path string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(path) {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// Tag makes an annotated tag object for the commit and returns its id. Push it to refs/tags/… .
func (r *Repository) Tag(name, commit, message string, by *Account) (string, error) {
	text := fmt.Sprintf("object %s\ntype commit\ntag %s\ntagger %s <%s> %d +0000\n\n%s\n",
		commit, name, by.Login, by.Email(), r.s.opt.Now().Unix(), message)
	out, err := r.s.git(r.dir, strings.NewReader(text), "mktag")
	if err != nil {
		return "", fmt.Errorf("tag %s of %s: %w", name, r.FullName(), err)
	}
	return strings.TrimSpace(out), nil
}

// Tip returns the object that a ref (refs/heads/main) points to.
func (r *Repository) Tip(ref string) (string, error) {
	sha, found := r.tip(ref)
	if !found {
		return "", fmt.Errorf("%s has no %s", r.FullName(), ref)
	}
	return sha, nil
}

func (r *Repository) tip(ref string) (sha string, found bool) {
	// Without a process of git, where the ref lies in a file of its own and names an object.
	text, err := os.ReadFile(filepath.Join(r.dir, filepath.FromSlash(ref)))
	if sha := strings.TrimSpace(string(text)); err == nil && len(sha) == len(zeroID) {
		return sha, true
	}
	out, err := r.s.git(r.dir, nil, "rev-parse", "--verify", "--quiet", ref)
	return strings.TrimSpace(out), err == nil
}

// File returns a file's bytes at a commit, branch or tag.
func (r *Repository) File(revision, path string) ([]byte, error) {
	out, err := r.about(revision, "cat-file", "blob", revision+":"+path)
	if err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", path, r.FullName(), err)
	}
	return []byte(out), nil
}

// SetRef points a ref to an object, or deletes it ("" for the object), and tells nobody: as when GitHub drops an event.
func (r *Repository) SetRef(ref, sha string) error {
	args := []string{"update-ref", ref, sha}
	if sha == "" {
		args = []string{"update-ref", "-d", ref}
	}
	if _, err := r.s.git(r.dir, nil, args...); err != nil {
		return fmt.Errorf("set %s of %s: %w", ref, r.FullName(), err)
	}
	return nil
}

func (r *Repository) know(ids ...string) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	for _, id := range ids {
		r.commits[id] = true
	}
}

// hasCommit reports whether the repository has the commit. The caller holds the lock.
func (r *Repository) hasCommit(sha string) bool {
	if len(sha) != 40 {
		return false
	}
	if !r.commits[sha] {
		out, err := r.s.git(r.dir, nil, "cat-file", "-t", sha)
		r.commits[sha] = err == nil && strings.TrimSpace(out) == "commit"
	}
	return r.commits[sha]
}

// logEntry is a commit as git log tells it.
type logEntry struct {
	sha, tree, author, authorMail, committer, committerMail, date, message string
	parents, added, removed, modified                                      []string

	known bool // it was pushed before
}

// maxLog is how many commits a push event lists at most.
const maxLog = 2048

// log lists the commits of the range, oldest first, at most 2,048, as push events do.
func (r *Repository) log(revisions ...string) ([]logEntry, error) {
	return r.logWith([]string{"--name-status", "--no-renames"}, revisions...)
}

// logOne tells of one commit without its files, of which there may be more than git could ever list.
func (r *Repository) logOne(sha string) ([]logEntry, error) {
	return r.logWith(nil, "--max-count=1", sha)
}

func (r *Repository) logWith(options []string, revisions ...string) ([]logEntry, error) {
	const format = "%x01%H%x00%T%x00%P%x00%an%x00%ae%x00%cn%x00%ce%x00%cI%x00%B%x02"
	args := slices.Concat([]string{"log", "--reverse", fmt.Sprintf("--max-count=%d", maxLog), "-z", "--format=" + format}, options, revisions)
	ask := r.fixed
	if slices.ContainsFunc(revisions, func(name string) bool {
		return !strings.HasPrefix(name, "--") && !objectID.MatchString(name) || name == "--all"
	}) {
		ask = func(args ...string) (string, error) { return r.s.git(r.dir, nil, args...) }
	}
	out, err := ask(args...)
	if err != nil {
		return nil, err
	}
	var entries []logEntry
	for _, text := range strings.Split(out, "\x01")[1:] {
		head, files, _ := strings.Cut(text, "\x02")
		f := strings.SplitN(head, "\x00", 9)
		if len(f) != 9 {
			return nil, fmt.Errorf("git log says %q", text)
		}
		e := logEntry{
			sha: f[0], tree: f[1], parents: strings.Fields(f[2]), author: f[3], authorMail: f[4], committer: f[5], committerMail: f[6], date: f[7],
			message: strings.TrimSpace(f[8]), added: []string{}, removed: []string{}, modified: []string{},
		}
		names := strings.Split(strings.Trim(files, "\x00\n"), "\x00")
		for i := 0; i+1 < len(names); i += 2 {
			switch strings.TrimSpace(names[i]) {
			case "A":
				e.added = append(e.added, names[i+1])
			case "D":
				e.removed = append(e.removed, names[i+1])
			default:
				e.modified = append(e.modified, names[i+1])
			}
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func (s *Server) pushCommitJSON(r *Repository, e logEntry) object {
	person := func(name, mail string) object {
		p := object{"name": name, "email": mail, "date": e.date}
		if s.accounts[strings.ToLower(name)] != nil {
			p["username"] = name
		}
		return p
	}
	return object{
		"id": e.sha, "tree_id": e.tree, "distinct": !e.known, "message": e.message, "timestamp": e.date,
		"url":    s.baseURL + "/" + r.fullName() + "/commit/" + e.sha,
		"author": person(e.author, e.authorMail), "committer": person(e.committer, e.committerMail),
		"added": e.added, "removed": e.removed, "modified": e.modified,
	}
}

// simpleCommitJSON is a commit as check suites and merge groups show it.
func simpleCommitJSON(e logEntry) object {
	return object{
		"id": e.sha, "tree_id": e.tree, "message": e.message, "timestamp": e.date,
		"author":    object{"name": e.author, "email": e.authorMail},
		"committer": object{"name": e.committer, "email": e.committerMail},
	}
}

// short is the start of an id, as compare addresses have it.
func short(sha string) string { return sha[:min(12, len(sha))] }
