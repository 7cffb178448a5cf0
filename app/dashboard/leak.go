package dashboard

import (
	"context"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/web"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/markdown"
	"github.com/rekey-app/rekey/respond/text"
)

// maxPlaces is how many places a page shows: the others are in the API.
const maxPlaces = 100

// placeRow is where a leak stands.
type placeRow struct {
	Name, URL         string // URL "": GitHub has no page for it
	Commit, CommitURL string
	Author            string
	At                time.Time
	Ref               string
	Allowed           bool
	Prose             bool // Name is words, and no path
}

// happening is an entry of a leak's timeline.
type happening struct {
	At         time.Time
	By         string
	Text       string
	Detail     string
	Link       string
	Icon, Tone string
}

type leakPage struct {
	Now                     time.Time
	Leak                    respond.Leak
	Repository              respond.Repository
	Name                    string
	RepositoryURL, IssueURL string
	Places                  []placeRow
	More                    int  // places that are not shown
	InTexts                 bool // all of them are in texts
	Timeline                []happening
	Instructions            template.HTML
	Written                 time.Time
	MayWrite                bool
	MayIgnore               bool
	MayApprove              bool   // somebody else asked for what waits
	Order                   string // names the orders of this page: sent twice, they are one
	Asked                   bool   // Clerk can be asked
	Exposed                 bool   // an advisory causes it: no text has the key
}

func (d *Dashboard) leak(w http.ResponseWriter, r *http.Request) {
	v, visible := reader(r)
	var detail ledger.LeakDetail
	ok := d.view(w, r, func(ctx context.Context, tx Tx) (err error) {
		detail, err = tx.LeakDetail(ctx, visible, idOf(r))
		return err
	})
	if !ok {
		return
	}
	l, repository := detail.Leak, detail.Repository
	role := v.Role(repository.ID)
	p := leakPage{
		Now: d.Now(), Leak: l, Repository: repository, Name: title(respond.Describe(l.Kind, l.Environment)),
		RepositoryURL: d.GitHubURL + "/" + repository.FullName(), IssueURL: l.IssueURL, Written: detail.Text.At,
		MayWrite: role.CanWrite(), MayIgnore: role.Maintains() || role.CanWrite() && !l.Production(), Asked: l.Verifiable(), Exposed: l.Kind == respond.ExposedKey,
		MayApprove: l.Request.Waits() && !strings.EqualFold(l.Request.By, v.Login) && !strings.EqualFold(l.Pusher, v.Login),
		Order:      strconv.FormatInt(d.Now().UnixMicro(), 36),
		InTexts:    respond.OnlyInTexts(detail.Sightings),
	}
	for i, s := range detail.Sightings {
		if i == maxPlaces {
			p.More = len(detail.Sightings) - maxPlaces
			break
		}
		p.Places = append(p.Places, d.place(p.RepositoryURL, s))
	}
	for _, h := range detail.Timeline {
		p.Timeline = append(p.Timeline, d.happened(p.RepositoryURL, h))
	}
	if detail.Text.Body != "" && l.State == respond.Open {
		text, err := d.markdown.html(detail.Text.Body)
		if err != nil {
			d.Log.ErrorContext(r.Context(), "instructions not shown", "leak", l.ID, "error", err)
		}
		p.Instructions = text
	}
	page := d.page(r, p.Name+" in "+repository.FullName(), "/leaks", p)
	if notice, said := noticeOf(r.URL.Query().Get("done")); said {
		page.Notices = append(page.Notices, notice)
	}
	d.show(w, r, "leak", page)
}

// noticeOf says what became of a button.
func noticeOf(done string) (web.Notice, bool) {
	text := map[string]string{
		"again":   "rekey asks Clerk again whether the key still works. The answer is here in a few seconds: reload the page.",
		"rotated": "Thanks. rekey checks with Clerk that the key no longer works, and closes the leak when it doesn't. Reload the page in a few seconds.",
		"ignore":  "rekey closes the leak as a false positive, in your name and with your reason; where the policy wants a second person, it waits for one. Reload the page in a few seconds.",
		"approve": "rekey checks that it takes your word, and closes the leak. Reload the page in a few seconds. If nothing has changed then, the issue says why.",
		"snooze":  "rekey changes when it reminds people of this leak. Reload the page in a few seconds.",
		"reopen":  "rekey reopens the leak in your name. Reload the page in a few seconds.",
	}[done]
	return web.Notice{Tone: web.Good, Text: text}, text != ""
}

func (d *Dashboard) place(repository string, s respond.Sighting) placeRow {
	row := placeRow{Author: s.AuthorName, At: s.Authored, Ref: s.Ref, Allowed: s.Allowed}
	if len(s.Commit) >= 7 {
		row.Commit, row.CommitURL = s.Commit[:7], repository+"/commit/"+s.Commit
	}
	switch {
	case s.InText():
		row.Name, row.URL, row.Prose = text.SourceName(s), s.Text.URL, true
	case s.Source == respond.InTag:
		row.Name, row.Prose = "message of a tag", true
	case s.Source == respond.InMessage:
		row.Name, row.Prose = "message of the commit", true
	default:
		first, last := s.Line, max(s.Line, s.EndLine)
		row.Name = s.Path
		if s.Member != "" {
			row.Name, first, last = row.Name+"!"+s.Member, 0, 0
		} else if s.Line > 0 {
			row.Name += ":" + strconv.Itoa(s.Line)
		}
		row.URL = markdown.Permalink(repository, s.Commit, s.Path, first, last)
	}
	return row
}

func (d *Dashboard) happened(repository string, h ledger.Happening) happening {
	out := happening{At: h.At, By: h.By, Icon: "info"}
	switch h.Kind {
	case ledger.HappenedFound:
		out.Text, out.Icon, out.Tone = "Found", "leaks", "bad"
	case ledger.HappenedSeen:
		out.Text, out.Icon = "Seen at new places by a scan", "search"
		if h.Trigger == respond.TriggerAlert {
			out.Text = "Seen at new places by GitHub's secret scanning"
		}
		if h.Pull != 0 {
			out.Detail = "pull request #" + strconv.Itoa(h.Pull)
		} else {
			out.Detail = h.Ref
		}
		out.Link = commitURL(repository, h.Head)
	case ledger.HappenedCheck:
		out.Text, out.Icon, out.Link = "Check run concluded: "+h.Conclusion, "check", commitURL(repository, h.Head)
		if h.Conclusion == "failure" {
			out.Icon, out.Tone = "close", "bad"
		}
	case ledger.HappenedState:
		out.Text, out.Detail, out.Icon = stateChange(h.From, h.To), h.Reason, "again"
		if h.Approved != "" {
			out.By += ", confirmed by " + h.Approved
		}
		if !h.Until.IsZero() {
			out.Text += ", until " + format.Date(respond.LastDay(h.Until))
		}
		if h.To != respond.Open {
			out.Icon, out.Tone = "check", "good"
		}
	case ledger.HappenedDone:
		out.Text = title(did(h.Activity))
		out.By = h.Activity.By
		if h.Activity.Kind == ledger.ActivityEffect {
			out.Icon, out.Link = "out", linkOn(d.GitHubURL, h.Activity.Detail)
		} else {
			out.Icon, out.Detail = "person", h.Activity.Detail
		}
	}
	return out
}

func stateChange(from, to respond.State) string {
	switch {
	case to == respond.Open && from == "":
		return "Opened"
	case to == respond.Open:
		return "Reopened"
	}
	return "Closed: " + stateName(to)
}

// commitURL is a commit's page; "" for what is no commit.
func commitURL(repository, head string) string {
	if len(head) != 40 {
		return ""
	}
	return repository + "/commit/" + head
}

// linkOn is a link, if it leads to GitHub's site.
func linkOn(site, link string) string {
	if len(link) > len(site) && link[:len(site)] == site && link[len(site)] == '/' {
		return link
	}
	return ""
}
