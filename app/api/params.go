package api

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/ledger"
)

// paramError says what is wrong with a parameter, to whoever gave it.
type paramError struct{ name, what string }

func (e *paramError) Error() string { return fmt.Sprintf("%s %s.", e.name, e.what) }

// params are a request's parameters. What is wrong with the first wrong one is kept, and parameters that nobody has read are wrong too.
type params struct {
	values url.Values
	known  []string
	wrong  error
}

func (p *params) fail(name, format string, args ...any) {
	if p.wrong == nil {
		p.wrong = &paramError{name, fmt.Sprintf(format, args...)}
	}
}

// maxText is how many bytes a parameter may have.
const maxText = 500

func (p *params) text(name string) string {
	p.known = append(p.known, name)
	values := p.values[name]
	if len(values) == 0 {
		return ""
	}
	if len(values) > 1 {
		p.fail(name, "is given twice")
	}
	if len(values[0]) > maxText {
		p.fail(name, "is longer than %d bytes", maxText)
	}
	return values[0]
}

func (p *params) number(name string, most int64) int64 {
	text := p.text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 || n > most {
		p.fail(name, "must be a number from 1 to %d", most)
	}
	return n
}

func (p *params) time(name string) time.Time {
	text := p.text(name)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		p.fail(name, "must be a time such as 2026-11-23T08:11:00Z")
	}
	return t
}

func (p *params) truth(name string) *bool {
	switch p.text(name) {
	case "":
	case "true", "1":
		return new(true)
	case "false", "0":
		return new(false)
	default:
		p.fail(name, "must be true or false")
	}
	return nil
}

func (p *params) is(name string) bool {
	truth := p.truth(name)
	return truth != nil && *truth
}

// list reads a parameter with values between commas, each of which must be allowed.
func list[T ~string](p *params, name string, allowed []T) (out []T) {
	text := p.text(name)
	if text == "" {
		return nil
	}
	for part := range strings.SplitSeq(text, ",") {
		if value := T(part); !slices.Contains(allowed, value) {
			p.fail(name, "must be some of %s, with commas between", join(allowed))
		} else if !slices.Contains(out, value) {
			out = append(out, value)
		}
	}
	return out
}

func choice[T ~string](p *params, name string, allowed ...T) T {
	value := T(p.text(name))
	if value != "" && !slices.Contains(allowed, value) {
		p.fail(name, "must be one of %s", join(allowed))
	}
	return value
}

func join[T ~string](list []T) string {
	texts := make([]string, len(list))
	for i, t := range list {
		texts[i] = string(t)
	}
	return strings.Join(texts, ", ")
}

// unread is what is wrong with the parameters.
func (p *params) unread() error {
	for name := range p.values {
		if p.wrong == nil && !slices.Contains(p.known, name) {
			p.fail(name, "is no parameter of this address")
		}
	}
	return p.wrong
}

func leakFilter(p *params) ledger.LeakFilter {
	return ledger.LeakFilter{
		States: list(p, "state", ledger.LeakStates()), Kinds: list(p, "kind", ledger.LeakKinds()),
		Environments: list(p, "environment", []detect.Environment{detect.Live, detect.Test}),
		Severities:   list(p, "severity", []detect.Severity{detect.CriticalSeverity, detect.HighSeverity, detect.MediumSeverity, detect.LowSeverity}),
		Repository:   p.number("repository", 1<<53), Owner: p.text("owner"), Pusher: p.text("pusher"),
		OpenedAfter: p.time("opened_after"), OpenedBefore: p.time("opened_before"),
		InDefaultBranch: p.is("in_default_branch"), Outside: p.is("outside"), Search: p.text("search"),
	}
}

func leakQuery(p *params) ledger.LeakQuery {
	return ledger.LeakQuery{
		LeakFilter: leakFilter(p), Order: choice(p, "sort", ledger.ByOpened, ledger.BySeen, ledger.BySeverity, ledger.ByRepository),
		Reverse: p.is("reverse"), After: p.text("after"), Limit: p.limit(),
	}
}

// maxLimit is how many rows a page may have.
const maxLimit = 250

func (p *params) limit() int { return int(p.number("limit", maxLimit)) }

func repositoryQuery(p *params) ledger.RepositoryQuery {
	return ledger.RepositoryQuery{
		Search: p.text("search"), Owner: p.text("owner"), Installation: p.number("installation", 1<<53), ID: p.number("id", 1<<53),
		Private: p.truth("private"), Archived: p.truth("archived"), History: list(p, "history", ledger.HistoryStates()),
		WithLeaks: p.is("with_leaks"), WithGaps: p.is("with_gaps"), ReadBefore: p.time("read_before"),
		Order:   choice(p, "sort", ledger.RepositoriesByName, ledger.RepositoriesByRead, ledger.RepositoriesByLeaks, ledger.RepositoriesByGaps),
		Reverse: p.is("reverse"), After: p.text("after"), Limit: p.limit(),
	}
}

func auditQuery(p *params) ledger.AuditQuery {
	return ledger.AuditQuery{
		Search: p.text("search"), Repository: p.number("repository", 1<<53), Package: p.text("package"), Version: p.text("version"),
		WithFindings: p.is("with_findings"), WithGaps: p.is("with_gaps"), Development: p.is("development_in_production"),
		Order:   choice(p, "sort", ledger.AuditsByWorst, ledger.AuditsByName, ledger.AuditsByTime),
		Reverse: p.is("reverse"), After: p.text("after"), Limit: p.limit(),
	}
}

func activityQuery(p *params) ledger.ActivityQuery {
	return ledger.ActivityQuery{
		By: p.text("by"), Repository: p.number("repository", 1<<53), Leak: p.number("leak", 1<<53), Kinds: list(p, "kind", ledger.ActivityKinds()),
		People: p.is("people"), After: p.text("after"), Limit: p.limit(),
	}
}
