package alerts

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

const (
	// maxLocations is how many places of an alert are looked at.
	maxLocations = 200
	// appears is how long GitHub may take to show what it has told of.
	appears = time.Minute
)

// Look asks GitHub how an alert is now, and records it with its leak, if it is about one of Clerk's credentials: the leak that rekey
// knows already, or a new one, from which follows what follows from those that a scan finds. It changes nothing else on GitHub.
func (w *Worker) Look(ctx context.Context, t Task) (Seen, error) {
	client := w.GitHub.Repository(t.Repository, github.AlertsAccess)
	fingerprint, err := w.known(ctx, t)
	if err != nil {
		return Seen{}, err
	}
	alert, err := client.Alert(ctx, t.Number)
	if note := w.unavailable(err, t); note != "" {
		return Seen{Note: note}, nil
	}
	if err != nil {
		return Seen{}, err
	}
	if fingerprint == "" && isOthers(alert) {
		return Seen{Note: "ignored: the alert is about a secret of " + w.said(ctx, alert.Provider)}, nil
	}
	found, err := w.find(ctx, client, t, alert, fingerprint)
	if err != nil {
		return Seen{}, err
	}
	if found.fingerprint == "" {
		return Seen{Note: "ignored: the alert is about no Clerk credential"}, nil
	}
	about, err := w.recordOf(ctx, t, alert)
	if err != nil {
		return Seen{}, err
	}
	about.Fingerprint, about.Places = found.fingerprint, found.places
	return w.join(ctx, t, about, found)
}

// known returns the fingerprint of the leak that the alert is about; "": it is not on record, or its leak is not.
func (w *Worker) known(ctx context.Context, t Task) (fingerprint string, err error) {
	err = w.Store.View(ctx, func(ctx context.Context, tx Tx) error {
		alert, err := tx.Alert(ctx, t.Repository.ID, t.Number)
		if err != nil {
			return err
		}
		_, err = tx.LeakByFingerprint(ctx, t.Repository.ID, alert.Fingerprint)
		fingerprint = alert.Fingerprint
		return err
	})
	if errors.Is(err, ledger.ErrNotFound) {
		return "", nil
	}
	return fingerprint, err
}

// unavailable says why an alert cannot be read, now or later; "" where it can, or may be.
func (w *Worker) unavailable(err error, t Task) string {
	switch {
	case errors.Is(err, github.ErrForbidden):
		return "ignored: the App may not read secret scanning alerts"
	case errors.Is(err, github.ErrNotFound) && w.Now().Sub(t.Received) > appears:
		return "ignored: the alert is not there any more, or secret scanning is disabled"
	}
	return ""
}

// isOthers reports whether GitHub knows whose the secret is, and its form is not one of Clerk's: then it is not read. Clerk's secret keys
// begin as Stripe's do, and its webhook secrets as those of Stripe and Svix.
func isOthers(a github.Alert) bool {
	name := strings.ToLower(a.Provider + " " + a.Type + " " + a.Name)
	for _, alike := range []string{"clerk", "stripe", "svix"} {
		if strings.Contains(name, alike) {
			return false
		}
	}
	return a.Provider != ""
}

// isNamed reports whether what GitHub calls the secret says that it is Clerk's.
func isNamed(a github.Alert) bool {
	return strings.Contains(strings.ToLower(a.Type+" "+a.Name), "clerk")
}

// maxSaid is how many characters are kept of what people wrote to an alert.
const maxSaid = 300

// said is foreign text as it is recorded: without credentials, and not longer than is of use.
func (w *Worker) said(ctx context.Context, text string) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(w.Scanner.RedactString(ctx, text), "\x00", ""), "�")
	if r := []rune(text); len(r) > maxSaid {
		text = string(r[:maxSaid-1]) + "…"
	}
	return text
}

// recordOf is the alert as the ledger has it.
func (w *Worker) recordOf(ctx context.Context, t Task, a github.Alert) (respond.Alert, error) {
	ours := false
	if a.ResolvedBy.Type == "Bot" {
		slug, err := w.GitHub.Slug(ctx)
		if err != nil {
			return respond.Alert{}, err
		}
		ours = a.ResolvedBy.Login == slug+"[bot]"
	}
	return respond.Alert{
		Repository: t.Repository.ID, Number: a.Number, URL: w.link(ctx, a.URL), Name: w.said(ctx, cmp.Or(a.Name, a.Type)),
		State: respond.AlertState(a.State), Resolution: w.said(ctx, a.Resolution), ResolvedBy: w.said(ctx, a.ResolvedBy.Login), ResolvedAt: a.ResolvedAt,
		Comment: w.said(ctx, a.Comment), Public: a.Public, BypassedBy: w.said(ctx, a.BypassedBy), BypassedAt: a.BypassedAt, BypassComment: w.said(ctx, a.BypassComment),
		Ours: ours,
	}, nil
}

// link is an address on GitHub's site; "" for any other.
func (w *Worker) link(ctx context.Context, address string) string {
	if !strings.HasPrefix(address, w.Recorder.WebURL+"/") {
		return ""
	}
	return w.said(ctx, address)
}
