package dashboard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/status"
	"github.com/rekey-app/rekey/app/web"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/ledger"
)

// How a first look is watched: a browser gets what changed each lookEvery, for lookFor, and then comes back, with its session asked
// anew. Without JavaScript it asks for the page each lookRefresh.
const (
	lookEvery   = time.Second
	lookFor     = 50 * time.Second // less than an answer may take; see intake.Server
	lookRefresh = 5 * time.Second
)

type lookPage struct {
	Now time.Time
	ledger.Progress
	HistoriesDone bool                     // of git
	Done          bool                     // those, and older texts
	Others        []ledger.InstallationRow // where there are several
	Numbers       map[string]string
	Older         status.Texts // texts that were there before rekey
	Waits         []string     // of those that are being read, in the order of Progress.Texts.Running
	Found         int
	Open          int
}

// look is the page of an installation's progress; without an id, of the one whose histories are not read, or the first.
func (d *Dashboard) look(w http.ResponseWriter, r *http.Request) {
	_, visible := reader(r)
	var p lookPage
	ok := d.view(w, r, func(ctx context.Context, tx Tx) error {
		list, err := tx.InstallationList(ctx, visible)
		if err != nil {
			return err
		}
		id := idOf(r)
		if r.PathValue("id") == "" {
			if len(list) == 0 {
				return ledger.ErrNotFound
			}
			id = list[0].ID
			for _, in := range list {
				if in.Read < in.Repositories {
					id = in.ID
					break
				}
			}
		}
		progress, err := tx.Progress(ctx, visible, id)
		p = newLook(progress, d.Now())
		for _, in := range list {
			if in.ID != id {
				p.Others = append(p.Others, in)
			}
		}
		return err
	})
	if !ok {
		return
	}
	page := d.page(r, "First look at "+p.Account, "/", p)
	if !p.Done {
		page.Refresh = lookRefresh
	}
	d.show(w, r, "look", page)
}

func newLook(progress ledger.Progress, now time.Time) lookPage {
	p := lookPage{Now: now, Progress: progress, Older: status.TextsOf(progress.Texts)}
	p.HistoriesDone = progress.Read+progress.GivenUp >= progress.Repositories
	p.Done = p.HistoriesDone && progress.Texts.Done+progress.Texts.GivenUp >= progress.Texts.Repositories
	for _, r := range progress.Texts.Running {
		p.Waits = append(p.Waits, status.Waits(r, now))
	}
	for _, g := range progress.Found {
		p.Found, p.Open = p.Found+g.Count, p.Open+g.Open
	}
	speed, left := "measuring", "not known yet"
	if progress.Speed > 0 {
		speed = format.Size(int64(progress.Speed)) + " a second"
	}
	if progress.Left > 0 {
		left = "about " + format.Duration(progress.Left.Round(time.Minute))
	}
	if p.HistoriesDone {
		speed, left = "finished", "nothing"
	}
	p.Numbers = map[string]string{
		"read": format.Number(progress.Read), "reading": format.Number(progress.Reading), "waiting": format.Number(progress.Waiting),
		"given-up": format.Number(progress.GivenUp), "commits": format.Number(progress.Commits), "bytes": format.Size(progress.Bytes),
		"speed": speed, "left": left, "found": format.Number(p.Found), "open": format.Number(p.Open),
		"share":      strconv.Itoa(progress.Read + progress.GivenUp),
		"texts-done": format.Number(progress.Texts.Done), "texts-reading": format.Number(progress.Texts.Reading),
		"texts-waiting": format.Number(progress.Texts.Waiting), "texts-given-up": format.Number(progress.Texts.GivenUp),
		"texts-share": strconv.Itoa(progress.Texts.Done + progress.Texts.GivenUp),
	}
	for _, l := range p.Older.Lists {
		name := strings.ReplaceAll(l.List, " ", "-")
		p.Numbers["read-"+name], p.Numbers["left-"+name] = format.Number(l.Read), aboutNumber(l.Left)
	}
	return p
}

// aboutNumber is a number that is not sure; "" for none.
func aboutNumber(n int) string {
	if n == 0 {
		return ""
	}
	return "about " + format.Number(n)
}

// watch sends a first look's numbers as they change. Each is asked of the ledger with what the reader sees now: the stream ends within
// a minute, and the browser's next one asks GitHub again where its answer is old.
func (d *Dashboard) watch(w http.ResponseWriter, r *http.Request) {
	select {
	case d.streams <- struct{}{}:
		defer func() { <-d.streams }()
	default:
		d.Site.Fail(w, r, web.Problem{Status: http.StatusServiceUnavailable, Title: "Too many people watch", Text: "Reload the page instead."})
		return
	}
	_, visible := reader(r)
	ctx, cancel := context.WithTimeout(r.Context(), lookFor)
	defer cancel()
	id, last := idOf(r), ""
	control := http.NewResponseController(w)
	for begun := false; ; {
		var progress ledger.Progress
		err := d.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
			progress, err = tx.Progress(ctx, visible, id)
			return err
		})
		if err != nil {
			if !begun && ctx.Err() == nil {
				d.fail(w, r, web.NotFound)
			}
			if ctx.Err() == nil && !errors.Is(err, ledger.ErrNotFound) {
				d.Log.ErrorContext(ctx, "first look not read", "installation", id, "error", err)
			}
			return
		}
		if !begun {
			begun = true
			w.Header().Set("Content-Type", "text/event-stream")
			w.Header().Set("X-Accel-Buffering", "no") // nginx keeps answers back otherwise
			fmt.Fprint(w, "retry: 2000\n\n")
		}
		p := newLook(progress, d.Now())
		text, err := json.Marshal(p.Numbers)
		if err != nil {
			return
		}
		if string(text) != last {
			last = string(text)
			fmt.Fprintf(w, "event: progress\ndata: %s\n\n", text)
		}
		if p.Done {
			fmt.Fprint(w, "event: reload\ndata: done\n\n")
			_ = control.Flush()
			return
		}
		if control.Flush() != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-d.closing:
			return
		case <-time.After(lookEvery):
		}
	}
}
