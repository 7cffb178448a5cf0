// Package online looks for Clerk credentials in what GitHub shows a person: git, issues, pull requests, discussions, releases, wikis and
// the logs of Actions. It needs no App: a person's token is enough, and for what is public not even that.
//
// Start with [Run]. It lists repositories and reads one after another, each in the steps of steps.go: pages of texts (texts.go), git
// (history.go), files and logs (files.go). After each page the state (state.go) says where to go on. try.go decides what an error means.
package online

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/scan"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/format"
)

// Surface is a part of a repository on GitHub.
type Surface string

// The surfaces.
const (
	Git         Surface = "git"
	Issues      Surface = "issues"      // with their comments
	Pulls       Surface = "pulls"       // with comments, reviews, and comments on commits
	Discussions Surface = "discussions" // with their comments
	Releases    Surface = "releases"    // with their files
	Wiki        Surface = "wiki"
	Actions     Surface = "actions" // logs
)

// Surfaces lists all, in the order in which they are read.
func Surfaces() []Surface {
	return []Surface{Git, Issues, Pulls, Discussions, Releases, Wiki, Actions}
}

// Options say what to read, and how.
type Options struct {
	Owner, Name string    // Name is "" for all repositories of the owner
	Include     []Surface // any of [Surfaces]
	Forks       bool      // read forks among all repositories of an owner
	GitHub      *github.Person
	Token       bool   // GitHub has one
	Web         string // GitHub's address
	Scanner     *detect.Scanner
	Malformed   bool   // what the scanner was told
	Program     string // version of rekey
	// State is the file that a scan goes on from after an interruption; "": none. Restart overwrites it.
	State   string
	Restart bool
	TempDir string // for packs over 8 MiB; default os.TempDir
	Workers int    // on a pack; default GOMAXPROCS
	Now     func() time.Time
	// Wait waits, and says so: why is in words. nil ends the scan instead, with [*LimitError].
	Wait func(ctx context.Context, until time.Time, why string) error
	// Pause waits before something is tried again.
	Pause func(context.Context, time.Duration) error
	Say   func(string)   // a line for people, while the scan runs
	Show  func(Progress) // nil: nobody looks
}

// Outcome is what a scan found, as far as it came.
type Outcome struct {
	Hits         []scan.Hit
	Problems     []scan.Problem
	Notes        []string
	Read         string // in words
	Files, Bytes int64  // texts, files, blobs and logs; bytes of them
	Done, Of     int    // repositories
	Resumed      bool
	Resumable    bool // the same scan goes on from there
}

// LimitError is a scan that ended since GitHub wants no more requests for now.
type LimitError struct {
	Until time.Time
	Why   string
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s until %s: run the same command then, and it goes on from here", e.Why, format.Time(e.Until))
}

// run is one scan under way.
type run struct {
	Options
	state *state
	saved time.Time
}

// Run reads what o names. The outcome holds what was found even where there is an error, which ended the scan: the context's, a
// [*LimitError], or one that says what to do. What of a repository can't be read is a problem in the outcome.
func Run(ctx context.Context, o Options) (Outcome, error) {
	r := &run{Options: o}
	resumed, err := r.open()
	if err != nil {
		return Outcome{}, err
	}
	if err = r.list(ctx); err == nil {
		err = r.all(ctx)
	}
	kept := r.save(true)
	out := r.outcome()
	out.Resumed, out.Resumable = resumed, r.State != "" && kept == nil
	return out, errors.Join(err, kept)
}

// Forget removes the state of a scan whose result was written.
func Forget(file string) {
	if file != "" {
		_ = os.Remove(file) // the next scan replaces it
	}
}

func (r *run) open() (resumed bool, err error) {
	of := identity{
		Web: r.Web, Owner: strings.ToLower(r.Owner), Name: strings.ToLower(r.Name), Include: r.Include, Forks: r.Forks, Malformed: r.Malformed,
		Token: r.Token,
	}
	if r.State != "" && !r.Restart {
		was, why, err := resume(r.State, of, r.Program, r.Now())
		if err != nil {
			return false, err
		}
		if why != "" {
			r.Say(why + ": the scan starts again")
		}
		r.state = was
	}
	if r.state != nil {
		done, of := r.state.done()
		r.Say(fmt.Sprintf("going on with the scan of %s: %s of %s read; --restart starts again",
			format.Time(r.state.Started), format.Number(done), format.Count(of, "repository is", "repositories are")))
		return true, nil
	}
	r.state = &state{Version: stateVersion, Program: r.Program, Scan: of, Started: r.Now().UTC()}
	return false, r.save(true) // where that fails, it does so before anything is read
}

func (s *state) done() (done, of int) {
	for _, repo := range s.Repositories {
		if repo.Done {
			done++
		}
	}
	return done, len(s.Repositories)
}

// save writes the state, if it is time to or it must be.
func (r *run) save(must bool) error {
	now := r.Now()
	if r.State == "" || !must && now.Sub(r.saved) < saveEvery {
		return nil
	}
	r.saved = now
	if err := r.state.write(r.State); err != nil {
		return fmt.Errorf("%w: %w: name another file with --state", errState, err)
	}
	return nil
}

// list finds out which repositories there are, by their present names.
func (r *run) list(ctx context.Context) error {
	var infos []github.RepositoryInfo
	err := r.try(ctx, func() (err error) {
		if r.Name == "" {
			infos, err = r.GitHub.Repositories(ctx, r.Owner)
			return err
		}
		one, err := r.GitHub.Repository(r.Owner, r.Name).Repository(ctx)
		infos = []github.RepositoryInfo{one}
		return err
	})
	if err != nil {
		return r.unlisted(err)
	}
	listed := make([]*repository, 0, len(infos))
	r.state.Forks = 0
	for _, info := range infos {
		if info.Fork && !r.Forks && r.Name == "" {
			r.state.Forks++
			continue
		}
		listed = append(listed, r.state.current(info))
	}
	for _, old := range r.state.Repositories { // what was found in one that is gone was found
		if !slices.Contains(listed, old) {
			if !old.Done {
				old.Done = true
				old.lacks(gap{Of: "", Reason: "it was deleted, or the token can't see it any more, before all of it was read", Count: 1})
			}
			listed = append(listed, old)
		}
	}
	r.state.Repositories = listed
	return nil
}

// current is the record of a repository, as it is called now.
func (s *state) current(info github.RepositoryInfo) *repository {
	at := slices.IndexFunc(s.Repositories, func(r *repository) bool { return r.ID == info.ID })
	record := &repository{ID: info.ID}
	if at >= 0 {
		record = s.Repositories[at]
	}
	record.Name, record.DefaultBranch = info.Owner+"/"+info.Repository.Name, info.DefaultBranch
	record.Wiki, record.Discussions = info.HasWiki, info.HasDiscussions
	return record
}

// all reads what isn't read yet.
func (r *run) all(ctx context.Context) error {
	for _, one := range r.state.Repositories {
		if one.Done {
			continue
		}
		if err := r.repository(ctx, one); err != nil {
			return err
		}
		one.Done, one.At, one.known = true, position{}, nil
		if err := r.save(false); err != nil {
			return err
		}
	}
	return nil
}

// outcome is what all rows say.
func (r *run) outcome() Outcome {
	out := Outcome{}
	out.Done, out.Of = r.state.done()
	total := map[string]int64{}
	for _, one := range r.state.Repositories {
		uses := slices.ContainsFunc(one.Rows, func(found row) bool { return found.ShowsClerk })
		for _, found := range one.Rows {
			out.Hits = append(out.Hits, found.hit(one.Name, uses))
		}
		for _, g := range one.Gaps {
			out.Problems = append(out.Problems, g.problem(one.Name))
		}
		for of, n := range one.Counts {
			total[of] += n
		}
	}
	out.Read, out.Files, out.Bytes = readWords(out.Done, total)
	if n := r.state.Forks; n > 0 {
		out.Notes = append(out.Notes, format.Count(n, "fork isn't", "forks aren't")+" read; --forks reads them too")
	}
	return out
}

func (g gap) problem(repository string) scan.Problem {
	path, reason := repository, g.Reason
	if g.Of != "" {
		path += ", " + g.Of
	}
	if g.Count > 1 {
		reason += " (" + format.Number(g.Count) + " times)"
	}
	return scan.Problem{Path: path, Reason: reason, Part: g.Part}
}
