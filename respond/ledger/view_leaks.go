package ledger

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

// LeakOrder is what leaks are listed by.
type LeakOrder string

// The orders.
const (
	ByOpened     LeakOrder = "opened"     // newest first; also the zero value's
	BySeen       LeakOrder = "seen"       // those that a scan met last first
	BySeverity   LeakOrder = "severity"   // most severe first, and of those the newest
	ByRepository LeakOrder = "repository" // by name
)

// LeakFilter is which leaks are meant. The zero value is all but those from outside.
type LeakFilter struct {
	States       []respond.State
	Kinds        []detect.Kind
	Environments []detect.Environment
	Severities   []detect.Severity // as issues show them: one step up in public repositories

	Repository      int64  // 0: any
	Owner           string // of the repository, whatever its case; "": any
	Pusher          string // who pushed it first, whatever the case
	OpenedAfter     time.Time
	OpenedBefore    time.Time
	InDefaultBranch bool // only those that the default branch's files hold, by what the issue says
	Outside         bool // those that only pull requests of strangers brought, instead
	// Search are words, each of which must be part of the repository's name, a path, the instance, the redacted credential or the
	// fingerprint, or be the number; whatever the case of ASCII letters. Five words count.
	Search string
}

// LeakQuery is a page of a list of leaks.
type LeakQuery struct {
	LeakFilter
	Order   LeakOrder
	Reverse bool
	After   string // Next of the page before; "": the first page
	Limit   int    // 0: 50; at most [MaxPage]
}

// LeakRow is a leak in a list.
type LeakRow struct {
	Leak            respond.Leak // its severity is as issues show it
	Repository      respond.Repository
	Seen            time.Time // when a scan last met it
	Places          int       // how many places of it are recorded
	Path            string    // of the first place in a file; "": there is none
	InDefaultBranch bool      // the default branch's files hold it, by what its issue says
}

// LeakPage is a page of leaks.
type LeakPage struct {
	Leaks []LeakRow
	Next  string // goes on after it; "": it is the last
}

// LeakCounts are how many leaks there are of each state, kind, environment and severity. Each of the four is counted without its
// own part of the filter: what would be there, were it chosen.
type LeakCounts struct {
	Total        int // of the whole filter
	States       map[respond.State]int
	Kinds        map[detect.Kind]int
	Environments map[detect.Environment]int
	Severities   map[detect.Severity]int
}

// severityOf is SQL for how severe a leak is in its repository, 0 is critical.
const severityOf = `CASE WHEN r.private = 0 AND ` + bySeverity + ` > 0 THEN ` + bySeverity + ` - 1 ELSE ` + bySeverity + ` END`

var severities = []detect.Severity{detect.CriticalSeverity, detect.HighSeverity, detect.MediumSeverity, detect.LowSeverity}

// severityWhere is SQL for leaks of some severities; none: any.
func severityWhere(list []detect.Severity) string {
	if len(list) == 0 {
		return "1 = 1"
	}
	ranks := []string{"-1"}
	for rank, s := range severities {
		for _, wanted := range list {
			if s == wanted {
				ranks = append(ranks, strconv.Itoa(rank))
			}
		}
	}
	return "(" + severityOf + ") IN (" + strings.Join(ranks, ", ") + ")"
}

// raised is the leak as it is in its repository; see severityOf.
func raised(l respond.Leak, r respond.Repository) respond.Leak {
	for rank, s := range severities {
		if s == l.Severity && rank > 0 && !r.Private {
			l.Severity = severities[rank-1]
			break
		}
	}
	return l
}

// ofFilter is SQL for the leaks l in repositories r of a filter, but for what is counted by itself.
func (q *viewed) ofFilter(v Visible, f LeakFilter) string {
	where := []string{"r.removed = 0", q.sees(v, "l.repository")}
	add := func(condition string) { where = append(where, condition) }
	if f.Outside {
		add("l.outside <> 0")
	} else {
		add("l.outside = 0")
	}
	if f.Repository != 0 {
		add("l.repository = " + q.bind(f.Repository))
	}
	if f.Owner != "" {
		add("lower(r.owner) = " + q.bind(lowerASCII(f.Owner)))
	}
	if f.Pusher != "" {
		add("lower(l.pusher) = " + q.bind(lowerASCII(f.Pusher)))
	}
	if !f.OpenedAfter.IsZero() {
		add("l.detected >= " + q.bind(f.OpenedAfter))
	}
	if !f.OpenedBefore.IsZero() {
		add("l.detected < " + q.bind(f.OpenedBefore))
	}
	if f.InDefaultBranch {
		add(q.inDefaultBranch())
	}
	words := strings.Fields(lowerASCII(f.Search))
	for _, word := range words[:min(len(words), maxWords)] {
		add(q.search(v, word))
	}
	return strings.Join(where, " AND ")
}

func (q *viewed) inDefaultBranch() string {
	return "l.files_ref = " + q.bytesOf("'refs/heads/' || r.default_branch") + " AND r.default_branch <> ''"
}

const maxWords = 5

// search is SQL for leaks that a word finds.
func (q *viewed) search(v Visible, word string) string {
	number, err := strconv.ParseInt(strings.TrimPrefix(word, "#"), 10, 32)
	var either []string
	if err == nil && number > 0 {
		either = append(either, "l.issue_number = "+q.bind(number)+" AND "+q.sees(v, "l.issue_repository"))
	}
	if !strings.HasPrefix(word, "#") {
		either = append(either, q.contains("r.owner || '/' || r.name", word), q.contains("l.instance", word), q.contains("l.redacted", word),
			q.contains("l.fingerprint", word),
			"EXISTS (SELECT 1 FROM leak_paths p WHERE p.leak = l.id AND "+q.contains("p.paths", word)+")")
	}
	if len(either) == 0 {
		return "1 = 0"
	}
	return "(" + strings.Join(either, " OR ") + ")"
}

// chosen is SQL for what is counted by itself.
func (q *viewed) chosen(f LeakFilter) string {
	return strings.Join([]string{
		in(q, "l.state", f.States), in(q, "l.kind", f.Kinds), in(q, "l.environment", f.Environments), severityWhere(f.Severities),
	}, " AND ")
}

// stateAlone is SQL for a leak's state where SQLite is not to look leaks up by it: to read leaks_counted from end to end is quicker.
const stateAlone = `l.state || ''`

// LeakCounts counts leaks.
func (tx *Tx) LeakCounts(ctx context.Context, v Visible, f LeakFilter) (LeakCounts, error) {
	c := LeakCounts{
		States: map[respond.State]int{}, Kinds: map[detect.Kind]int{},
		Environments: map[detect.Environment]int{}, Severities: map[detect.Severity]int{},
	}
	q := &viewed{tx: tx}
	where := q.ofFilter(v, f)
	err := each(ctx, tx.unprepared(), func(scan func(...any) error) error {
		var state respond.State
		var kind detect.Kind
		var environment detect.Environment
		var rank, n int
		if err := scan(&state, &kind, &environment, &rank, &n); err != nil {
			return err
		}
		c.add(f, state, kind, environment, severities[min(max(rank, 0), len(severities)-1)], n)
		return nil
	}, `SELECT `+stateAlone+`, l.kind, l.environment, `+severityOf+` AS rank, count(*) FROM leaks l JOIN repositories r ON r.id = l.repository
		WHERE `+where+` GROUP BY 1, 2, 3, 4`, q.args...)
	if err != nil {
		return LeakCounts{}, fmt.Errorf("ledger: count leaks: %w", err)
	}
	return c, nil
}

// add counts n leaks for each of the four whose other three they meet.
func (c *LeakCounts) add(f LeakFilter, state respond.State, kind detect.Kind, environment detect.Environment, severity detect.Severity, n int) {
	meets := [4]bool{oneOf(f.States, state), oneOf(f.Kinds, kind), oneOf(f.Environments, environment), oneOf(f.Severities, severity)}
	but := func(own int) bool {
		for i, met := range meets {
			if !met && i != own {
				return false
			}
		}
		return true
	}
	if but(-1) {
		c.Total += n
	}
	if but(0) {
		c.States[state] += n
	}
	if but(1) {
		c.Kinds[kind] += n
	}
	if but(2) {
		c.Environments[environment] += n
	}
	if but(3) {
		c.Severities[severity] += n
	}
}

func oneOf[T comparable](list []T, one T) bool {
	return len(list) == 0 || slices.Contains(list, one)
}
