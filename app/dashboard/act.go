package dashboard

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/rekey-app/rekey/app/signin"
	"github.com/rekey-app/rekey/app/web"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// maxReason is how many characters a reason may have.
const maxReason = 500

// orders are what the buttons of a leak's page ask for, by their value.
var orders = map[string]respond.CommandKind{
	"again": respond.CommandRotated, "rotated": respond.CommandRotated, "ignore": respond.CommandIgnore, "reopen": respond.CommandReopen,
	"approve": respond.CommandApprove, "snooze": respond.CommandSnooze,
}

var (
	notAllowed = web.Problem{
		Status: http.StatusForbidden, Title: "That takes write access",
		Text: "On GitHub you can read this repository and not write to it, so nothing was done. Ask somebody who can, or an owner to let you.",
	}
	needsMaintainer = web.Problem{
		Status: http.StatusForbidden, Title: "That takes the role maintain or admin",
		Text: "Closing a production key as a false positive is for maintainers of the repository. Nothing was done.",
	}
	snoozeNeedsMaintainer = web.Problem{
		Status: http.StatusForbidden, Title: "That takes the role maintain or admin",
		Text: "Pausing the reminders about a production key is for maintainers of the repository. Nothing was done.",
	}
	needsReason = web.Problem{
		Status: http.StatusUnprocessableEntity, Title: "A reason is missing",
		Text: "Say in a few words why this is no credential, such as \"revoked in 2023\" or \"a fixture of our tests\". The next person reads it. Nothing was done.",
	}
	unknownOrder = web.Problem{Status: http.StatusBadRequest, Title: "There is no such button", Text: "Nothing was done. Reload the page and try again."}
)

// mayAct shows why somebody may not send a form, or returns who did.
func (d *Dashboard) mayAct(w http.ResponseWriter, r *http.Request) (signin.Viewer, ledger.Visible, bool) {
	v, visible := reader(r)
	if v.FormToken == "" || r.PostFormValue(web.FormField) != v.FormToken {
		d.fail(w, r, web.StaleForm)
		return v, visible, false
	}
	return v, visible, true
}

// order queues what a button of a leak's page asks for.
func (d *Dashboard) order(w http.ResponseWriter, r *http.Request) {
	v, visible, ok := d.mayAct(w, r)
	if !ok {
		return
	}
	var detail ledger.LeakDetail
	if !d.view(w, r, func(ctx context.Context, tx Tx) (err error) {
		detail, err = tx.LeakDetail(ctx, visible, idOf(r))
		return err
	}) {
		return
	}
	kind, known := orders[r.PostFormValue("do")]
	reason := strings.TrimSpace(r.PostFormValue("reason"))
	reason = string([]rune(reason)[:min(len([]rune(reason)), maxReason)])
	role, back := v.Role(detail.Repository.ID), fmt.Sprintf("/leaks/%d", detail.Leak.ID)
	var problem web.Problem
	switch {
	case !known:
		problem = unknownOrder
	case kind == respond.CommandApprove: // whose word it takes, the policy says
	case !role.CanWrite():
		problem = notAllowed
	case kind == respond.CommandIgnore && detail.Leak.Production() && !role.Maintains():
		problem = needsMaintainer
	case kind == respond.CommandSnooze && detail.Leak.Production() && !role.Maintains():
		problem = snoozeNeedsMaintainer
	case kind == respond.CommandIgnore && reason == "":
		problem = needsReason
	}
	if problem.Status != 0 {
		problem.Link, problem.LinkText = back, "Back to the leak"
		d.fail(w, r, problem)
		return
	}
	// The page names its orders: one that is sent twice, by a second click or a reload, is one.
	id := fmt.Sprintf("dashboard:%d:%s:%.20s:%s", v.ID, kind, r.PostFormValue("order"), back)
	err := d.Store.Update(r.Context(), func(ctx context.Context, tx Tx) error {
		return tx.Enqueue(ctx, job.Order{Leak: detail.Leak.ID, Command: kind, Reason: reason, By: v.Login, ID: id, At: d.Now().UnixMicro()}, nil)
	})
	d.done(w, r, err, back+"?done="+url.QueryEscape(r.PostFormValue("do")))
}

// scanAgain queues the reading of a repository's whole history.
func (d *Dashboard) scanAgain(w http.ResponseWriter, r *http.Request) {
	v, visible, ok := d.mayAct(w, r)
	if !ok {
		return
	}
	var list ledger.RepositoryPage
	if !d.view(w, r, func(ctx context.Context, tx Tx) (err error) {
		list, err = tx.RepositoryList(ctx, visible, ledger.RepositoryQuery{ID: idOf(r), Limit: 1})
		if err == nil && len(list.Repositories) == 0 {
			return ledger.ErrNotFound
		}
		return err
	}) {
		return
	}
	repository := list.Repositories[0].Repository
	if !v.Role(repository.ID).CanWrite() {
		problem := notAllowed
		problem.Link, problem.LinkText = "/repositories", "Back to the repositories"
		d.fail(w, r, problem)
		return
	}
	err := d.Store.Update(r.Context(), func(ctx context.Context, tx Tx) error {
		if err := tx.EnqueueOnce(ctx, job.Backfill{Installation: repository.Installation, Repository: repository.ID}, nil); err != nil {
			return err
		}
		return tx.RecordActivity(ctx, ledger.Activity{By: v.Login, Kind: ledger.ActivityScan, What: "history", Repository: repository.ID})
	})
	d.done(w, r, err, "/repositories?done=scan&search="+url.QueryEscape(repository.FullName()))
}

// done leads from a form that was sent to a page that can be reloaded.
func (d *Dashboard) done(w http.ResponseWriter, r *http.Request, err error, to string) {
	if err != nil {
		d.Log.ErrorContext(r.Context(), "not queued", "path", r.URL.Path, "error", err)
		d.fail(w, r, web.Problem{
			Status: http.StatusInternalServerError, Title: "That wasn't recorded", Text: "Nothing was done. rekey's log says why; try again in a moment.",
			Link: r.URL.Path, LinkText: "Back",
		})
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}
