package github

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/github/wire"
)

// Verdict says what to do about a failed request.
type Verdict struct {
	Do     Reaction
	Until  time.Time // for Snooze
	Reason string    // for people: what failed and what to do about it; never holds a credential
	// Outage is set for a Retry that says nothing about the request: GitHub, the network or the App's credentials have a
	// problem that everything meets.
	Outage bool
}

// Reaction is one of the three answers to a failure.
type Reaction string

// The reactions.
const (
	Retry  Reaction = "retry"    // again with back-off; counts as an attempt
	Snooze Reaction = "snooze"   // again at Until; does not count
	GiveUp Reaction = "given_up" // will not get better
)

// Failures that callers tell apart with [errors.Is].
var (
	ErrUnauthorized   = errors.New("GitHub does not accept the App's credentials")
	ErrForbidden      = errors.New("the App lacks a permission")
	ErrSuspended      = errors.New("the installation is suspended")
	ErrUninstalled    = errors.New("the App is no longer installed there")
	ErrOutOfReach     = errors.New("the installation can't access the repository")
	ErrArchived       = errors.New("the repository is archived")
	ErrIssuesDisabled = errors.New("issues are disabled in the repository")
	ErrNoCodeScanning = errors.New("code scanning is not enabled for the repository")
	ErrGone           = errors.New("it was deleted")
	ErrNotFound       = errors.New("not found")
	ErrNoCommit       = errors.New("GitHub does not know the commit")
)

// Refused reports whether GitHub answered that it did not do what was asked for. After any other failure, those of the network
// and of GitHub itself, it may have done so, or may do so yet.
func Refused(err error) bool {
	f, ok := failureOf(err)
	return ok && f.status >= 400 && f.status < 500 && f.status != http.StatusRequestTimeout
}

// Mentions reports whether GitHub's words in an answer that became this error hold a phrase, in lower case.
func Mentions(err error, phrase string) bool {
	f, ok := failureOf(err)
	return ok && f.mentions(phrase)
}

// rule is one row of the table of failures. The first that fits is taken.
type rule struct {
	fits   func(failure) bool
	named  error // nil: nobody tells it apart
	do     Reaction
	advice string // what to do about it, or what happens
}

// rules are the answers that are not limits; see [failure.limit] for those.
func rules() []rule {
	status := func(codes ...int) func(failure) bool {
		return func(f failure) bool {
			return slices.Contains(codes, f.status)
		}
	}
	saying := func(fits func(failure) bool, phrases ...string) func(failure) bool {
		return func(f failure) bool { return fits(f) && f.mentions(phrases...) }
	}
	ofToken := func(fits func(failure) bool) func(failure) bool {
		return func(f failure) bool { return f.token && fits(f) }
	}
	return []rule{
		{status(401), ErrUnauthorized, Retry, "check the server's clock, the App ID and the private key"},
		{ofToken(status(404)), ErrUninstalled, GiveUp, "the App was uninstalled, or the App ID is wrong"},
		{ofToken(saying(status(422), "permission")), ErrForbidden, GiveUp, "an owner of the organisation has to accept the App's permissions"},
		{ofToken(status(422)), ErrOutOfReach, GiveUp, "add the repository to the installation"},
		{saying(status(403), "suspended"), ErrSuspended, GiveUp, "an owner of the organisation has to unsuspend the App"},
		{saying(status(403), "archived"), ErrArchived, GiveUp, "the repository is archived and read-only"},
		{saying(status(403), "ip allow list"), ErrForbidden, GiveUp, "add this server's address to the organisation's IP allow list"},
		{saying(status(403), "upgrade to github"), ErrForbidden, GiveUp, "private repositories have no rules on this plan of GitHub's"},
		{saying(status(403), "security must be enabled", "code scanning is not enabled"), ErrNoCodeScanning, GiveUp, "enable Code Security for the repository, or set code_scanning: false in the policy"},
		{status(403), ErrForbidden, GiveUp, ""}, // the advice names the permission
		{saying(status(404, 422), "no commit found"), ErrNoCommit, Retry, "a pushed commit can take a moment to appear"},
		{status(404), ErrNotFound, Retry, "it can take a moment to appear after a push; otherwise it is gone, or the App can't see it"},
		{saying(status(410), "disabled"), ErrIssuesDisabled, GiveUp, "enable issues, or set issues.repository in the policy"},
		{status(410), ErrGone, GiveUp, "it was deleted on GitHub"},
		{status(422), nil, GiveUp, "GitHub rejected the request"},
		{status(408, 409, 425), nil, Retry, "it is tried again"},
		{status(451), nil, GiveUp, "GitHub blocks the repository for legal reasons"},
		{func(f failure) bool { return f.status >= 500 }, nil, Retry, "GitHub has a problem; check its status page if it lasts"},
		{func(failure) bool { return true }, nil, GiveUp, "check the addresses of GitHub in the settings"},
	}
}

func (f failure) rule() rule {
	all := rules()
	for _, r := range all {
		if r.fits(f) {
			return r
		}
	}
	return all[len(all)-1] // the last one fits everything
}

// named returns the error that callers tell apart, or nil.
func (f failure) named() error {
	if _, limited := f.limit(time.Time{}); limited {
		return nil
	}
	return f.rule().named
}

// verdict is the one table's answer to an HTTP answer.
func (f failure) verdict(now time.Time) Verdict {
	if limit, limited := f.limit(now); limited {
		return Verdict{Do: Snooze, Until: limit.until, Reason: f.describe() + ": waiting until " + limit.until.UTC().Format(time.RFC3339)}
	}
	r := f.rule()
	advice := r.advice
	if advice == "" {
		advice = "give the App the permission " + f.permission()
	}
	return Verdict{Do: r.do, Reason: f.describe() + ": " + advice, Outage: r.do == Retry && (f.status >= 500 || f.status == http.StatusUnauthorized)}
}

// outage reports whether an error without an answer is the network's, or GitHub's that did not answer in time.
func outage(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, errNoAnswer)
}

// permission names the permission that a refused request needs, as GitHub's settings pages write it.
func (f failure) permission() string {
	if needed := f.header.Get("X-Accepted-GitHub-Permissions"); needed != "" {
		needed, _, _ = strings.Cut(needed, ";") // alternatives
		return scrub(strings.ReplaceAll(strings.ReplaceAll(needed, ",", ", "), "=", ": "))
	}
	access := "write"
	if f.method == http.MethodGet {
		access = "read"
	}
	for _, place := range []struct{ part, permission string }{
		{"/check-runs", "checks"},
		{"/contents/", "contents"},
		{"/collaborators/", "metadata"},
		{"/pulls/", "pull_requests"},
		{"/actions/secrets", "secrets"},
		{"/actions/", "actions"},
		{"/releases", "contents"},
		{"/issues", "issues"},
		{"/assignees/", "issues"},
		{"/secret-scanning/", "secret_scanning_alerts"},
		{"/code-scanning/", "security_events"},
	} {
		if strings.Contains(f.path, place.part) {
			return place.permission + ": " + access
		}
	}
	if f.path == "git-upload-pack" {
		return "contents: read"
	}
	return "that its manifest asks for"
}

// Classify turns any error of this package (and of wire) into a verdict. Errors that it does not know, among
// them those of the network, are retried. For nil the verdict is zero.
func Classify(err error, now time.Time) Verdict {
	if err == nil {
		return Verdict{}
	}
	if limit, ok := errors.AsType[*LimitError](err); ok {
		return Verdict{Do: Snooze, Until: limit.Until, Reason: limit.Error()}
	}
	if f, ok := failureOf(err); ok {
		return f.verdict(now)
	}
	reason := describe(err)
	switch {
	case errors.Is(err, context.Canceled):
		return Verdict{Do: Retry, Reason: reason}
	case errors.Is(err, context.DeadlineExceeded): // the caller's own time has run out
		return Verdict{Do: Retry, Reason: reason + ": it is tried again"}
	}
	if _, ok := errors.AsType[*RedirectError](err); ok {
		return Verdict{Do: GiveUp, Reason: reason}
	}
	if _, ok := errors.AsType[*InvalidError](err); ok {
		return Verdict{Do: GiveUp, Reason: reason}
	}
	if errors.Is(err, ErrTooLarge) || errors.Is(err, ErrAboveLimit) || errors.Is(err, wire.ErrSHA256) {
		return Verdict{Do: GiveUp, Reason: reason}
	}
	if said, ok := errors.AsType[*wire.ServerError](err); ok && said.NotOurRef() {
		return Verdict{Do: Retry, Reason: reason + ": a pushed commit can take a moment to appear"}
	}
	return Verdict{Do: Retry, Reason: reason + ": it is tried again", Outage: outage(err)}
}
