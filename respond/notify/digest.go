package notify

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
)

// maxDigested is how many events and repositories a digest names; it counts them all.
const maxDigested = 100

// Digest stands for many events, where one message for each would be too many.
type Digest struct {
	ID           string           `json:"id"`
	Type         string           `json:"type"` // leaks.digest
	Time         time.Time        `json:"timestamp"`
	Count        int              `json:"count"`
	Production   int              `json:"production"` // of them about production credentials
	Repositories []DigestedCounts `json:"repositories"`
	Events       []respond.Notice `json:"events"` // the first of them
}

// DigestedCounts counts the events of a repository.
type DigestedCounts struct {
	Repository respond.NoticeRepository `json:"repository"`
	Count      int                      `json:"count"`
	Production int                      `json:"production"`
	Types      map[string]int           `json:"types"` // leak.opened to how many
}

// Summarise makes the digest of events, with the repositories that have the most about production first.
func Summarise(id string, events []respond.Notice, now time.Time) Digest {
	d := Digest{ID: id, Type: "leaks.digest", Time: now, Count: len(events), Events: slices.Clone(events[:min(len(events), maxDigested)])}
	for i := range d.Events {
		d.Events[i].Leak.Seconds = int64(d.Events[i].Took() / time.Second)
	}
	at := map[int64]int{}
	for _, e := range events {
		i, known := at[e.Repository.ID]
		if !known {
			i = len(d.Repositories)
			at[e.Repository.ID] = i
			d.Repositories = append(d.Repositories, DigestedCounts{Repository: e.Repository, Types: map[string]int{}})
		}
		c := &d.Repositories[i]
		c.Count++
		c.Types[e.Type]++
		if e.Leak.Environment == detect.Live {
			c.Production++
			d.Production++
		}
	}
	slices.SortStableFunc(d.Repositories, func(a, b DigestedCounts) int {
		return cmp.Or(cmp.Compare(b.Production, a.Production), cmp.Compare(b.Count, a.Count))
	})
	d.Repositories = d.Repositories[:min(len(d.Repositories), maxDigested)]
	return d
}

func (d Digest) json() ([]byte, error) {
	d.Time = d.Time.UTC()
	return json.Marshal(d)
}

func (d Digest) slack() ([]byte, error) { return slackMessage(d.slackText()) }

func (d Digest) id() string { return d.ID }

// maxSlackRows keeps a digest short where people read it.
const maxSlackRows = 20

func (d Digest) slackText() string {
	var b strings.Builder
	fmt.Fprintf(&b, ":rotating_light: *%s*, in one message because there are so many", format.Count(d.Count, "more notice", "more notices"))
	if d.Production > 0 {
		fmt.Fprintf(&b, ". *%s about production credentials*", format.Number(d.Production))
	}
	for i, r := range d.Repositories {
		if i == maxSlackRows {
			fmt.Fprintf(&b, "\n• and %s", format.Count(len(d.Repositories)-i, "more repository", "more repositories"))
			break
		}
		var counts []string
		for _, t := range []string{"leak.opened", "leak.reopened", "leak.revoked", "leak.ignored", "leak.resolved", "leak.reminded"} {
			if n := r.Types[t]; n > 0 {
				counts = append(counts, format.Number(n)+" "+strings.TrimPrefix(t, "leak."))
			}
		}
		fmt.Fprintf(&b, "\n• %s: %s", slackLink(r.Repository.Name, r.Repository.URL), strings.Join(counts, ", "))
	}
	return b.String()
}
