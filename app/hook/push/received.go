package push

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rekey-app/rekey/app/scan"
	"github.com/rekey-app/rekey/app/scan/worktree"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/pack/gitdir"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/policy"
)

// ReadReceived looks through what a server was sent and has not accepted yet: the new objects in git's quarantine, or where there
// is none what the pushed ids reach and no ref of the server does. policyFile is the policy of whoever runs the server; "" is none.
func (r Repository) ReadReceived(ctx context.Context, s *detect.Scanner, policyFile string, updates []Update) (Verdict, error) {
	verdict := Verdict{Updates: news(updates), Server: true}
	if len(verdict.Updates) == 0 {
		return verdict, nil
	}
	own, err := readPolicy(policyFile)
	if err != nil {
		return verdict, err
	}
	if own.FailOn != nil {
		verdict.FailOn = *own.FailOn
	}
	// The repository as it was before this push: without the quarantine, which git names as the directory of objects.
	before, err := worktree.OpenAny(r.Dir, func(name string) string {
		if name == "GIT_OBJECT_DIRECTORY" {
			return ""
		}
		return r.Getenv(name)
	})
	if err != nil {
		return verdict, err
	}
	defer before.Close()
	pushed := scan.Pushed{
		Dir: r.Dir, Server: true, Allow: own.Allow,
		Known: func(id string) bool { return hasObject(before, id) },
	}
	allow, err := r.defaultPolicy(ctx)
	if mistake, ok := errors.AsType[*policy.Error](err); ok {
		verdict.Notes = append(verdict.Notes, "The default branch's policy is ignored until it is fixed: "+mistake.Error())
	} else if err != nil {
		return verdict, err
	}
	pushed.Allow.Fingerprints = append(pushed.Allow.Fingerprints, allow.Fingerprints...)
	pushed.Allow.Paths = append(pushed.Allow.Paths, allow.Paths...)
	if err := r.readQuarantine(ctx, s, before, &verdict, pushed); err != nil {
		return verdict, err
	}
	r.plan(ctx, &verdict)
	return verdict, nil
}

func (r Repository) readQuarantine(ctx context.Context, s *detect.Scanner, before *worktree.Tree, verdict *Verdict, pushed scan.Pushed) error {
	verdict.revisions = newsIn(verdict.Updates)
	verdict.notAll = true
	dir := r.quarantine(before.Common)
	_, sha1 := before.ParseID(strings.Repeat("0", 40))
	if dir == "" && sha1 {
		pushed.Known = nil // a server without quarantine has everything already
		out, err := r.Git.Output(ctx, "", "for-each-ref", "--format=%(objectname)")
		if err != nil {
			return err
		}
		return r.readReachable(ctx, s, before, verdict, strings.Fields(out), pushed)
	}
	for _, u := range verdict.Updates {
		if _, ok := before.ParseID(u.New); !ok {
			return fmt.Errorf("%w: %s is not an ID of this repository's format", ErrInput, u.New)
		}
	}
	if sha1 {
		pushed.Objects = dir
	} else {
		if dir == "" {
			pushed.Known = nil
		}
		out, err := r.Git.Output(ctx, verdict.revisions, "rev-list", "--stdin", "--not", "--all")
		if err != nil {
			return err
		}
		pushed.Commits = strings.Fields(out)
		with, err := worktree.OpenAny(r.Dir, r.Getenv)
		if err != nil {
			return err
		}
		defer with.Close()
		for _, u := range verdict.Updates {
			pushed.Tags = append(pushed.Tags, tagsAt(with, u.New)...)
		}
	}
	var err error
	verdict.Result, err = scan.Run(ctx, s, scan.Options{Pushed: &pushed, Getenv: r.Getenv, Now: r.Now})
	return err
}

// quarantine returns the directory in which git keeps what is pushed until its hooks have accepted it; "" where there is none, as
// where a server makes a commit by itself.
func (r Repository) quarantine(common string) string {
	dir := r.Getenv("GIT_QUARANTINE_PATH")
	if dir == "" {
		dir = r.Getenv("GIT_OBJECT_DIRECTORY")
	}
	if dir == "" {
		return ""
	}
	start, err := filepath.Abs(r.Dir)
	if err != nil {
		start = r.Dir
	}
	dir = gitdir.Under(start, dir)
	main, err := os.Stat(filepath.Join(common, "objects"))
	if err != nil {
		return dir
	}
	if info, err := os.Stat(dir); err == nil && os.SameFile(info, main) {
		return ""
	}
	return dir
}

// newsIn are the revisions that updates bring, a line each.
func newsIn(updates []Update) string {
	var b strings.Builder
	for _, u := range updates {
		b.WriteString(u.New + "\n")
	}
	return b.String()
}

// readPolicy reads the policy of whoever runs the server. Its fingerprints count for production keys.
func readPolicy(name string) (policy.File, error) {
	if name == "" {
		return policy.File{}, nil
	}
	text, err := gitdir.Read(name, policy.MaxSize)
	if err != nil {
		return policy.File{}, fmt.Errorf("--policy: %w", err)
	}
	file, err := policy.Parse(text)
	if err != nil {
		return policy.File{}, fmt.Errorf("--policy %s: %s", name, err.Error())
	}
	for i := range file.Allow.Fingerprints {
		file.Allow.Fingerprints[i].Production = true
	}
	return file, nil
}

// defaultPolicy reads what .github/rekey.yml of the default branch allows, as it was before this push. Nothing in it counts for
// production keys. Errors are a [*policy.Error] where it is malformed.
func (r Repository) defaultPolicy(ctx context.Context) (allow respond.AllowList, err error) {
	var text []byte
	err = r.Git.Stream(ctx, "HEAD:"+respond.PolicyPath+"\n", func(out io.Reader) error {
		lines := bufio.NewReader(out)
		head, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		fields := strings.Fields(head)
		if len(fields) != 3 || fields[1] != "blob" { // "missing"
			return nil
		}
		size, err := strconv.Atoi(fields[2])
		if err != nil {
			return err
		}
		if size > policy.MaxSize {
			return &policy.Error{Message: "the file is too large"}
		}
		text = make([]byte, size)
		_, err = io.ReadFull(lines, text)
		return err
	}, "cat-file", "--batch")
	if err != nil || len(text) == 0 {
		return allow, err
	}
	file, err := policy.Parse(text)
	return file.Allow, err
}
