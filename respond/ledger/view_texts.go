package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// TextProgress is how far the reading of texts is that were there before rekey.
type TextProgress struct {
	Repositories int // each is counted once below
	Done         int
	Reading      int // or it waits to go on
	Waiting      int // it has not begun
	GivenUp      int // until the next day

	Read    TextCounts
	Left    TextCounts // about how many the lists have left that are being read, where GitHub tells
	Edited  int        // texts of which earlier versions were asked for
	Skipped []SkippedTexts
	Running []RunningTexts // those that are being read, or wait to go on
}

// Share is how much is done, from 0 to 1, by repositories.
func (p TextProgress) Share() float64 {
	if p.Repositories == 0 {
		return 1
	}
	return float64(p.Done+p.GivenUp) / float64(p.Repositories)
}

// SkippedTexts is a list that can't be read in some repositories.
type SkippedTexts struct {
	List, Reason string
	Repositories int
}

// RunningTexts is a repository whose texts are being read.
type RunningTexts struct {
	Repository  int64
	Owner, Name string
	List        string // of [TextLists]
	Read        int    // texts of all lists
	Left        int    // of this list; -1: not known
	Paused      time.Time
	Reason      string
}

// textState is SQL for the state of a repository's texts.
const textState = `CASE WHEN t.repository IS NULL OR t.started < r.backfilled THEN 'waiting' WHEN t.finished <> 0 THEN 'done' WHEN t.given_up <> 0 THEN 'given_up' ELSE 'reading' END`

// TextHistories reports how far the reading of texts is in all repositories.
func (tx *Tx) TextHistories(ctx context.Context) (p TextProgress, err error) {
	if err := tx.textProgress(ctx, &viewed{tx: tx}, ` FROM repositories r LEFT JOIN text_histories t ON t.repository = r.id WHERE r.removed = 0`, &p); err != nil {
		return TextProgress{}, fmt.Errorf("ledger: texts: %w", err)
	}
	return p, nil
}

func (tx *Tx) textsOf(ctx context.Context, v Visible, installation int64) (p TextProgress, err error) {
	q := &viewed{tx: tx}
	from := ` FROM repositories r LEFT JOIN text_histories t ON t.repository = r.id
		WHERE r.installation = ` + q.bind(installation) + ` AND r.removed = 0 AND ` + q.sees(v, "r.id")
	if err = tx.textProgress(ctx, q, from, &p); err != nil {
		return p, err
	}
	return p, tx.runningTexts(ctx, q, from, &p)
}

func (tx *Tx) textProgress(ctx context.Context, q *viewed, from string, p *TextProgress) error {
	var sums []string
	for _, name := range TextLists() {
		column := strings.ReplaceAll(name, " ", "_")
		sums = append(sums, `CAST(coalesce(sum(t.`+column+`), 0) AS BIGINT)`,
			`CAST(coalesce(sum(CASE WHEN t.remaining > 0 AND t.pending LIKE '["`+name+`"%' THEN t.remaining END), 0) AS BIGINT)`)
	}
	err := each(ctx, tx.unprepared(), func(scan func(...any) error) error {
		var state, skipped string
		var n, edited int
		var read, left TextCounts
		fields := []any{&state, &skipped, &n, &edited}
		for i := range read {
			fields = append(fields, &read[i], &left[i])
		}
		if err := scan(fields...); err != nil {
			return err
		}
		p.Repositories += n
		*map[string]*int{"done": &p.Done, "reading": &p.Reading, "given_up": &p.GivenUp, "waiting": &p.Waiting}[state] += n
		if state == "waiting" {
			return nil
		}
		p.Edited += edited
		for i := range read {
			p.Read[i] += read[i]
			if state == "reading" {
				p.Left[i] += left[i]
			}
		}
		return p.skip(skipped, n)
	}, `SELECT `+textState+`, coalesce(t.skipped, '[]'), count(*), CAST(coalesce(sum(t.edited), 0) AS BIGINT), `+strings.Join(sums, ", ")+from+` GROUP BY 1, 2`, q.args...)
	slices.SortFunc(p.Skipped, func(a, b SkippedTexts) int { return strings.Compare(a.List+a.Reason, b.List+b.Reason) })
	return err
}

// skip counts what some repositories have skipped alike.
func (p *TextProgress) skip(skipped string, repositories int) error {
	var list []string
	if err := (into{&list}).Scan(skipped); err != nil {
		return err
	}
	for _, one := range list {
		name, reason, _ := strings.Cut(one, ": ")
		i := slices.IndexFunc(p.Skipped, func(s SkippedTexts) bool { return s.List == name && s.Reason == reason })
		if i < 0 {
			i = len(p.Skipped)
			p.Skipped = append(p.Skipped, SkippedTexts{List: name, Reason: reason})
		}
		p.Skipped[i].Repositories += repositories
	}
	return nil
}

func (tx *Tx) runningTexts(ctx context.Context, q *viewed, from string, p *TextProgress) error {
	q.args = append(q.args, maxRunning)
	return each(ctx, tx.unprepared(), func(scan func(...any) error) error {
		r := RunningTexts{}
		var pending []string
		var read TextCounts
		err := scan(append([]any{&r.Repository, &r.Owner, &r.Name, into{&pending}, &r.Left, into{&r.Paused}, &r.Reason}, read.fields()...)...)
		if len(pending) > 0 {
			r.List = pending[0]
		}
		r.Read = read.Sum()
		p.Running = append(p.Running, r)
		return err
	}, fmt.Sprintf(`SELECT r.id, r.owner, r.name, t.pending, t.remaining, t.paused, t.reason, `+textColumns("t.")+from+
		` AND t.finished = 0 AND t.given_up = 0 AND t.started >= r.backfilled ORDER BY t.started, r.id LIMIT $%d`, len(q.args)), q.args...)
}
