package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/rekey-app/rekey/detect"
)

// HistoryRead is what the reading of a repository's whole history took.
type HistoryRead struct {
	Commits int
	Bytes   int64 // of blobs, inflated
	Took    time.Duration
}

// RecordHistory records what the reading of a repository's whole history took.
func (tx *Tx) RecordHistory(ctx context.Context, repository int64, h HistoryRead) error {
	_, err := tx.exec(ctx, `UPDATE repositories SET history_commits = $2, history_bytes = $3, history_took = $4 WHERE id = $1`,
		repository, h.Commits, h.Bytes, h.Took)
	if err != nil {
		return fmt.Errorf("ledger: history of repository %d: %w", repository, err)
	}
	return nil
}

// Progress is how far the reading of an installation's histories is.
type Progress struct {
	Installation int64
	Account      string
	Repositories int // each is counted once below
	Read         int
	Reading      int
	Waiting      int
	GivenUp      int

	Commits int   // of the histories that were read
	Bytes   int64 // of those, and so far of those that are being read

	Speed   float64       // bytes in a second, over the last minutes; 0: nothing was read
	Left    time.Duration // an estimate by how many histories were read in the last minutes; 0: nothing is left, or it is not known
	Running []RunningHistory
	Found   []FoundGroup // the most severe first
	Texts   TextProgress // of what people wrote outside git
}

// RunningHistory is a history that is being read.
type RunningHistory struct {
	Repository  int64
	Owner, Name string
	Backfill    Backfill
}

// FoundGroup are the leaks of a severity and environment that were found, whatever became of them.
type FoundGroup struct {
	Severity    detect.Severity
	Environment detect.Environment
	Count, Open int
}

const (
	// speedOver is the time over which the speed of reading is taken.
	speedOver = 5 * time.Minute
	// minForLeft is how many histories must have been read in that time for an estimate.
	minForLeft = 3
	// maxRunning is how many histories that are being read are named.
	maxRunning = 20
)

// Progress reports how far the reading of an installation's histories is. It is cheap enough to be asked each second. ErrNotFound: the
// viewer may see no repository of such an installation; with all visible, there is none.
func (tx *Tx) Progress(ctx context.Context, v Visible, installation int64) (Progress, error) {
	p := Progress{Installation: installation}
	found, err := one(ctx, tx, []any{&p.Account}, `SELECT account FROM installations WHERE id = $1 AND removed = 0`, installation)
	if err == nil && found {
		err = tx.progress(ctx, v, &p)
	}
	if err != nil {
		return Progress{}, fmt.Errorf("ledger: progress of installation %d: %w", installation, err)
	}
	if !found || p.Repositories == 0 && !v.Everything {
		return Progress{}, fmt.Errorf("%w: installation %d", ErrNotFound, installation)
	}
	return p, nil
}

func (tx *Tx) progress(ctx context.Context, v Visible, p *Progress) error {
	q := &viewed{tx: tx}
	since := tx.now.Add(-speedOver)
	recent, began := q.bind(since), since
	var recently int
	var bytes int64
	from := ` FROM repositories r LEFT JOIN backfills l ON l.repository = r.id WHERE r.installation = ` + q.bind(p.Installation) +
		` AND r.removed = 0 AND ` + q.sees(v, "r.id")
	var first time.Time // when the first of the recent ones began
	err := each(ctx, tx.unprepared(), func(scan func(...any) error) error {
		var state HistoryState
		var n, commits, some int
		var read, readLately int64
		var start time.Time
		if err := scan(&state, &n, &commits, &read, &some, &readLately, into{&start}); err != nil {
			return err
		}
		p.Repositories += n
		*map[HistoryState]*int{HistoryDone: &p.Read, HistoryReading: &p.Reading, HistoryWaiting: &p.Waiting, HistoryGivenUp: &p.GivenUp}[state] += n
		p.Commits, p.Bytes = p.Commits+commits, p.Bytes+read
		recently, bytes = recently+some, bytes+readLately
		if !start.IsZero() && (first.IsZero() || start.Before(first)) {
			first = start
		}
		return nil
	}, `SELECT state, count(*), CAST(coalesce(sum(commits), 0) AS BIGINT), CAST(coalesce(sum(bytes), 0) AS BIGINT),
			count(CASE WHEN backfilled >= `+recent+` THEN 1 END),
			CAST(coalesce(sum(CASE WHEN backfilled >= `+recent+` THEN bytes END), 0) AS BIGINT),
			coalesce(min(CASE WHEN backfilled >= `+recent+` THEN backfilled - took END), 0)
		FROM (SELECT `+tx.historyOf()+` AS state, r.history_commits AS commits, r.history_bytes AS bytes, r.history_took AS took, r.backfilled`+from+`) histories
		GROUP BY state`, q.args...)
	if err != nil {
		return err
	}
	if err := tx.running(ctx, q, from, p); err != nil {
		return err
	}
	for _, r := range p.Running {
		if r.Backfill.Phase == BackfillReading {
			p.Bytes, bytes = p.Bytes+r.Backfill.Bytes, bytes+lately(r.Backfill, tx.now)
		}
		if first.IsZero() || r.Backfill.Started.Before(first) {
			first = r.Backfill.Started
		}
	}
	if first.After(began) {
		began = first
	}
	p.estimate(recently, bytes, tx.now.Sub(began))
	if p.Found, err = tx.foundIn(ctx, v, p.Installation); err != nil {
		return err
	}
	p.Texts, err = tx.textsOf(ctx, v, p.Installation)
	return err
}

// lately is how much of what a history has read was read in the last minutes.
func lately(b Backfill, now time.Time) int64 {
	if ran := now.Sub(b.Started); ran > speedOver {
		return int64(float64(b.Bytes) * speedOver.Seconds() / ran.Seconds())
	}
	return b.Bytes
}

// estimate says how fast it goes, and what is left, by what was read in the last time.
func (p *Progress) estimate(histories int, bytes int64, over time.Duration) {
	if over <= 0 {
		return
	}
	p.Speed = float64(bytes) / over.Seconds()
	if left := p.Reading + p.Waiting; left > 0 && histories >= minForLeft {
		p.Left = (over * time.Duration(left) / time.Duration(histories)).Round(time.Second)
	}
}

func (tx *Tx) running(ctx context.Context, q *viewed, from string, p *Progress) error {
	q.args = append(q.args, maxRunning)
	return each(ctx, tx.unprepared(), func(scan func(...any) error) error {
		var r RunningHistory
		var phase string
		err := scan(append([]any{&r.Owner, &r.Name}, r.Backfill.fields(&phase)...)...)
		r.Backfill.Phase, r.Repository = BackfillPhase(phase), r.Backfill.Repository
		p.Running = append(p.Running, r)
		return err
	}, fmt.Sprintf(`SELECT r.owner, r.name, `+backfillColumns+`, l.phase %s AND l.phase IN ('arriving', 'reading') AND `+
		tx.s.queue.Conditions().BackfillRuns+` AND CAST($1 AS BIGINT) > 0 ORDER BY l.started, r.id LIMIT $%d`, from, len(q.args)), q.args...)
}

func (tx *Tx) foundIn(ctx context.Context, v Visible, installation int64) ([]FoundGroup, error) {
	q := &viewed{tx: tx}
	var list []FoundGroup
	err := each(ctx, tx.unprepared(), func(scan func(...any) error) error {
		var g FoundGroup
		var rank int
		err := scan(&rank, &g.Environment, &g.Count, &g.Open)
		g.Severity = severities[min(max(rank, 0), len(severities)-1)]
		list = append(list, g)
		return err
	}, `SELECT `+severityOf+` AS rank, l.environment, count(*), count(CASE WHEN l.state = 'open' THEN 1 END)
		FROM repositories r JOIN leaks l ON l.repository = r.id
		WHERE r.installation = `+q.bind(installation)+` AND r.removed = 0 AND l.outside = 0 AND `+q.sees(v, "r.id")+`
		GROUP BY 1, 2 ORDER BY 1, 2`, q.args...)
	return list, err
}
