package github

// class says what a request costs in GitHub's limits.
type class int

const (
	read        class = iota
	query             // GraphQL
	fetch             // git
	writeCheck        // check runs notify nobody
	moreChecks        // further requests for the same check run: they go at once, and others wait for it
	mutate            // GraphQL that changes something: as writeIssue, but that it counts as GraphQL
	writeIssue        // issues and comments notify people
	createIssue       // new issues are limited most
)

// Kind is a kind of work that GitHub is asked for.
type Kind int

// The kinds.
const (
	Questions         Kind = iota // reading, of no particular importance
	Fetches                       // git, and what follows from it
	CheckRuns                     //
	IssueEdits                    // comments, editing, closing
	NewIssues                     //
	Background                    // what can wait for hours
	Queries                       // GraphQL, which GitHub counts apart from REST
	BackgroundQueries             // GraphQL that can wait for hours
)

// reserve is how much of an installation's hourly quota the kind leaves to those before it, in percent. A fifth is kept for
// check runs.
func (k Kind) reserve() int {
	switch k {
	case IssueEdits:
		return 10
	case NewIssues:
		return 20
	case Background, BackgroundQueries:
		return 30
	}
	return 0
}

// scope is what a limit that GitHub named covers.
type scope string

// The scopes, by the names under which processes share them.
const (
	everything scope = "all"
	fetching   scope = "git"
	writing    scope = "writing" // issues and comments: a secondary limit on them does not stop check runs
	querying   scope = "graphql" // its primary limit does not stop REST
)

// scope is what a limit closes that GitHub answered a request of the class with; primary is one of the hour's.
func (c class) scope(primary bool) scope {
	switch c {
	case fetch:
		return fetching
	case query:
		return querying
	case mutate:
		if primary {
			return querying
		}
		return writing
	case writeIssue, createIssue:
		if !primary {
			return writing
		}
	}
	return everything
}

// scopes are those that a request of the class waits for.
func (c class) scopes() []scope { return []scope{everything, c.scope(true), c.scope(false)} }

// writes reports whether a request of the class changes something.
func (c class) writes() bool { return c != read && c != query && c != fetch }
