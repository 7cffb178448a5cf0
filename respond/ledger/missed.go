package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Missed is a delivery that GitHub's log lists and the ledger does not have. Until it comes, the table of deliveries has a row for
// it without a body, that was given up: so it is stored whenever it comes, by whatever way, with the time when it was first sent.
type Missed struct {
	GUID         string
	Log          int64 // id of the newest attempt in GitHub's log
	Event        string
	Action       string
	Installation int64
	Repository   int64
	Delivered    time.Time // the first attempt, by our clock
	Due          time.Time // when to see to it; in the future, it may still come by itself
	Tries        int       // how often that was in vain
}

// missedOutcome is the outcome of a delivery that was missed and has not come.
const missedOutcome = "missed: GitHub's log lists it"

// knownAtOnce is how many GUIDs one statement asks for: as many as a page of GitHub's log has.
const knownAtOnce = 100

// KnownDeliveries returns those of the GUIDs that need no recovery: they came, whatever became of them.
func (tx *Tx) KnownDeliveries(ctx context.Context, guids []string) (map[string]bool, error) {
	known := make(map[string]bool, len(guids))
	for some := range slices.Chunk(guids, knownAtOnce) {
		args := []any{missedOutcome}
		for i := range knownAtOnce { // always as many, so that there is one statement to prepare
			args = append(args, some[min(i, len(some)-1)])
		}
		err := each(ctx, tx, func(scan func(...any) error) error {
			var guid string
			err := scan(&guid)
			known[guid] = true
			return err
		}, knownStatement(), args...)
		if err != nil {
			return nil, fmt.Errorf("ledger: which deliveries are known: %w", err)
		}
	}
	return known, nil
}

func knownStatement() string {
	var b strings.Builder
	b.WriteString("SELECT guid FROM deliveries WHERE NOT (given_up <> 0 AND outcome = $1) AND guid IN ($2")
	for i := range knownAtOnce - 1 {
		fmt.Fprintf(&b, ", $%d", i+3)
	}
	return b.String() + ")"
}

// NoteMissed notes deliveries to be recovered, and returns how many were not noted before. Of one that was, the newest attempt and
// the time of the first are kept; it may be due earlier than it was, unless it has been tried.
func (tx *Tx) NoteMissed(ctx context.Context, list []Missed) (noted int, err error) {
	for _, m := range list {
		_, err := tx.exec(ctx, `INSERT INTO deliveries
				(guid, event, action, installation, repository, received, finished, outcome, body, given_up, recovered)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, 1) ON CONFLICT (guid) DO NOTHING`,
			m.GUID, m.Event, m.Action, m.Installation, m.Repository, m.Delivered, tx.now, missedOutcome, []byte(nil))
		if err != nil {
			return noted, fmt.Errorf("ledger: note missed delivery %s: %w", m.GUID, err)
		}
		n, err := tx.exec(ctx, `INSERT INTO missed (guid, log, delivered, due) VALUES ($1, $2, $3, $4) ON CONFLICT (guid) DO NOTHING`,
			m.GUID, m.Log, m.Delivered, m.Due)
		if err == nil && n == 0 {
			_, err = tx.exec(ctx, `UPDATE missed SET log = CASE WHEN log < $2 THEN $2 ELSE log END,
				delivered = CASE WHEN delivered > $3 THEN $3 ELSE delivered END,
				due = CASE WHEN tries = 0 AND due > $4 THEN $4 ELSE due END WHERE guid = $1`, m.GUID, m.Log, m.Delivered, m.Due)
		}
		if err != nil {
			return noted, fmt.Errorf("ledger: note missed delivery %s: %w", m.GUID, err)
		}
		noted += int(n)
	}
	return noted, nil
}

// MissedDue lists up to limit missed deliveries that are due, the oldest first.
func (tx *Tx) MissedDue(ctx context.Context, limit int) ([]Missed, error) {
	var list []Missed
	err := each(ctx, tx, func(scan func(...any) error) error {
		var m Missed
		err := scan(&m.GUID, &m.Log, into{&m.Delivered}, into{&m.Due}, &m.Tries, &m.Event, &m.Action, &m.Installation, &m.Repository)
		list = append(list, m)
		return err
	}, `SELECT m.guid, m.log, m.delivered, m.due, m.tries, coalesce(d.event, ''), coalesce(d.action, ''),
			coalesce(d.installation, 0), coalesce(d.repository, 0)
		FROM missed m LEFT JOIN deliveries d ON d.guid = m.guid WHERE m.due <= $1 ORDER BY m.delivered, m.log LIMIT $2`, tx.now, limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: missed deliveries: %w", err)
	}
	return list, nil
}

// PostponeMissed notes that a missed delivery could not be recovered yet.
func (tx *Tx) PostponeMissed(ctx context.Context, guid string, due time.Time) error {
	if _, err := tx.exec(ctx, `UPDATE missed SET due = $2, tries = tries + 1 WHERE guid = $1`, guid, due); err != nil {
		return fmt.Errorf("ledger: postpone missed delivery %s: %w", guid, err)
	}
	return nil
}

// EndMissed notes that a delivery is missed no more: it has come, or it is lost.
func (tx *Tx) EndMissed(ctx context.Context, guid string) error {
	if _, err := tx.exec(ctx, `DELETE FROM missed WHERE guid = $1`, guid); err != nil {
		return fmt.Errorf("ledger: end missed delivery %s: %w", guid, err)
	}
	return nil
}

// LoseMissed is EndMissed for what GitHub does not have any more. Its row says so, and is stored should it come all the same.
func (tx *Tx) LoseMissed(ctx context.Context, guid, outcome string) error {
	if _, err := tx.exec(ctx, `UPDATE deliveries SET outcome = $2 WHERE guid = $1 AND given_up <> 0`, guid, outcome); err != nil {
		return fmt.Errorf("ledger: lose missed delivery %s: %w", guid, err)
	}
	return tx.EndMissed(ctx, guid)
}

// IssueEventWaits reports whether something that happened to an issue of the repository is known to have happened and not worked off: its
// delivery waits, or was missed and may still be recovered.
func (tx *Tx) IssueEventWaits(ctx context.Context, repository int64) (bool, error) {
	var n int
	_, err := one(ctx, tx, []any{&n}, `SELECT
		(SELECT count(*) FROM deliveries WHERE finished = 0 AND repository = $1 AND event IN ('issues', 'issue_comment')) +
		(SELECT count(*) FROM missed m CROSS JOIN deliveries d
			WHERE d.guid = m.guid AND d.repository = $1 AND d.event IN ('issues', 'issue_comment') AND d.given_up <> 0 AND d.outcome = $2)`, repository, missedOutcome)
	if err != nil {
		return false, fmt.Errorf("ledger: whether events about issues of repository %d wait: %w", repository, err)
	}
	return n > 0, nil
}

// PushWaits reports whether a delivery that may bring commits to the repository, and was sent before a time, is not worked off: it
// waits, or was missed and may still be recovered.
func (tx *Tx) PushWaits(ctx context.Context, repository int64, before time.Time) (bool, error) {
	var n int
	_, err := one(ctx, tx, []any{&n}, `SELECT
		(SELECT count(*) FROM deliveries WHERE finished = 0 AND repository = $1 AND received < $2 AND event IN ('push', 'pull_request')) +
		(SELECT count(*) FROM missed m CROSS JOIN deliveries d
			WHERE d.guid = m.guid AND d.repository = $1 AND m.delivered < $2 AND d.event IN ('push', 'pull_request') AND d.given_up <> 0 AND d.outcome = $3)`,
		repository, before, missedOutcome)
	if err != nil {
		return false, fmt.Errorf("ledger: whether pushes to repository %d wait: %w", repository, err)
	}
	return n > 0, nil
}

// LeakWorks reports whether a question to Clerk about the leak, or an effect of it, is due or under way.
func (tx *Tx) LeakWorks(ctx context.Context, leak int64) (bool, error) {
	var n int
	_, err := one(ctx, tx, []any{&n}, `SELECT count(*) FROM leaks l WHERE l.id = $1 AND `+tx.s.queue.Conditions().LeakWorks, leak)
	if err != nil {
		return false, fmt.Errorf("ledger: whether something is being done about leak %d: %w", leak, err)
	}
	return n > 0, nil
}

// Recovering counts the deliveries that were recovered and are not worked off.
func (tx *Tx) Recovering(ctx context.Context) (n int, err error) {
	if _, err := one(ctx, tx, []any{&n}, `SELECT count(*) FROM deliveries WHERE finished = 0 AND recovered <> 0`); err != nil {
		return 0, fmt.Errorf("ledger: count recovered deliveries: %w", err)
	}
	return n, nil
}

// DeliveryLog is how far GitHub's log of deliveries was read, and when. Times are GitHub's but for Read and Spent's.
type DeliveryLog struct {
	Read time.Time // when it was last read as far as was wanted, by our clock; zero: never
	// Mark is the newest delivery of a reading that was finished: all before it was noted.
	Mark time.Time
	ETag string // of the first page then
	// Next is where a reading that was interrupted goes on, and Top the newest delivery that it met; "" for none.
	Next string
	Top  time.Time
	// Spent requests were counted until SpentAt, by our clock. They are forgotten evenly.
	Spent   float64
	SpentAt time.Time
}

const deliveryLog = "delivery log"

// DeliveryLog returns how far GitHub's log was read.
func (tx *Tx) DeliveryLog(ctx context.Context) (DeliveryLog, error) {
	var l DeliveryLog
	text, err := tx.Meta(ctx, deliveryLog)
	if err != nil || text == "" {
		return l, err
	}
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		return DeliveryLog{}, fmt.Errorf("ledger: how far the delivery log was read: %w", err)
	}
	return l, nil
}

// SetDeliveryLog records how far GitHub's log was read.
func (tx *Tx) SetDeliveryLog(ctx context.Context, l DeliveryLog) error {
	text, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("ledger: how far the delivery log was read: %w", err)
	}
	return tx.SetMeta(ctx, deliveryLog, string(text))
}

// MissedStats are what metrics say of missed deliveries.
type MissedStats struct {
	Count  int
	Oldest time.Time // when the oldest was first sent, by our clock; zero: there is none
	Read   time.Time // when GitHub's log was last read; zero: never
}

// MissedStats counts the missed deliveries that have not come.
func (tx *Tx) MissedStats(ctx context.Context) (MissedStats, error) {
	var s MissedStats
	// CROSS JOIN, here and above, makes SQLite begin with those that were missed: there are few, and deliveries are many.
	if _, err := one(ctx, tx, []any{&s.Count, into{&s.Oldest}}, `SELECT count(*), coalesce(min(m.delivered), 0)
		FROM missed m CROSS JOIN deliveries d WHERE d.guid = m.guid AND d.given_up <> 0 AND d.outcome = $1`, missedOutcome); err != nil {
		return MissedStats{}, fmt.Errorf("ledger: count missed deliveries: %w", err)
	}
	log, err := tx.DeliveryLog(ctx)
	s.Read = log.Read
	return s, err
}
