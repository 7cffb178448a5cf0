package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Accept writes deliveries and their jobs in a transaction of its own; see [Tx.AcceptDeliveries]. It is what intake uses:
// on PostgreSQL it does not fail because of other transactions, as serialisable ones do.
func (s *Store) Accept(ctx context.Context, deliveries []Delivery) (acceptances []Acceptance, err error) {
	err = s.update(ctx, pgx.ReadCommitted, func(ctx context.Context, tx *Tx) error {
		acceptances, err = tx.AcceptDeliveries(ctx, deliveries)
		return err
	})
	return acceptances, err
}

// AcceptDeliveries stores deliveries, each with its [job.Delivery] on the queue that [job.QueueOf] names unless it is finished already, and
// says what became of each, in their order. A GUID that is known is not stored again: it is Done where it was finished, Waiting
// where its job will still run, and Requeued where the job had died. The first body counts, whatever comes with the GUID later; but
// one that was given up, or was only known to be missed, is stored as it comes now, with the time when it first came. The zero
// Received means now.
func (tx *Tx) AcceptDeliveries(ctx context.Context, deliveries []Delivery) ([]Acceptance, error) {
	acceptances := make([]Acceptance, len(deliveries))
	first := make(map[string]int, len(deliveries)) // GUID to the first delivery that has it
	for i, d := range deliveries {
		if d.GUID == "" {
			return nil, fmt.Errorf("ledger: delivery %d of %d has no GUID", i+1, len(deliveries))
		}
		if _, ok := first[d.GUID]; !ok {
			first[d.GUID] = i
		}
	}
	order := make([]int, 0, len(first))
	for _, i := range first {
		order = append(order, i)
	}
	// One order for all processes: two that store the same GUIDs wait for each other, and never in a circle.
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(deliveries[a].GUID, deliveries[b].GUID) })

	stored, err := tx.storeDeliveries(ctx, deliveries, order)
	if err != nil {
		return nil, fmt.Errorf("ledger: store deliveries: %w", err)
	}
	var fresh []Delivery
	var known []int
	slices.Sort(order) // jobs have the order in which deliveries came
	for _, i := range order {
		if !stored[deliveries[i].GUID] {
			known = append(known, i)
			continue
		}
		acceptances[i] = Accepted
		if deliveries[i].Finished.IsZero() {
			fresh = append(fresh, deliveries[i])
		}
	}
	if err := tx.s.queue.EnqueueDeliveries(ctx, tx, fresh); err != nil {
		return nil, fmt.Errorf("ledger: queue deliveries: %w", err)
	}
	for _, i := range known {
		if acceptances[i], err = tx.acceptAgain(ctx, deliveries[i]); err != nil {
			return nil, fmt.Errorf("ledger: delivery %s: %w", deliveries[i].GUID, err)
		}
	}
	for i, d := range deliveries {
		if acceptances[i] != "" {
			continue
		}
		acceptances[i] = acceptances[first[d.GUID]]
		if acceptances[i] != Done {
			acceptances[i] = Waiting
		}
	}
	return acceptances, nil
}

const deliveryColumns = 11

// maxScratch bounds what is kept of the memory in which bodies are packed.
const maxScratch = 4 << 20

// insertDelivery inserts n rows; those whose GUID is known are left out of what it returns.
func insertDelivery(n int) string {
	var b strings.Builder
	b.WriteString("INSERT INTO deliveries (guid, event, action, installation, repository, received, body, head, found, finished, outcome) VALUES ")
	for row := range n {
		if row > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('(')
		for column := range deliveryColumns {
			if column > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "$%d", row*deliveryColumns+column+1)
		}
		b.WriteByte(')')
	}
	b.WriteString(" ON CONFLICT (guid) DO NOTHING RETURNING guid")
	return b.String()
}

// storeDeliveries inserts deliveries in the given order, many with one statement, and returns the GUIDs that are new.
func (tx *Tx) storeDeliveries(ctx context.Context, deliveries []Delivery, order []int) (map[string]bool, error) {
	stored := make(map[string]bool, len(order))
	scratch, _ := tx.s.bodies.Get().(*[]byte)
	if scratch == nil {
		scratch = new([]byte)
	}
	defer tx.s.bodies.Put(scratch)
	for len(order) > 0 {
		packed := (*scratch)[:0]
		n := chunk(len(order))
		args := make([]any, 0, n*deliveryColumns)
		for _, i := range order[:n] {
			d := deliveries[i]
			received := d.Received
			if received.IsZero() {
				received = tx.now
			}
			var body []byte
			packed, body = appendBody(packed, d.Body)
			args = append(args, d.GUID, d.Event, d.Action, d.Installation, d.Repository, received, body, d.Head, d.Found, d.Finished, d.Outcome)
		}
		err := each(ctx, tx, func(scan func(...any) error) error {
			var guid string
			if err := scan(&guid); err != nil {
				return err
			}
			stored[guid] = true
			return nil
		}, insertDelivery(n), args...)
		if err != nil {
			return nil, err
		}
		order = order[n:]
		if cap(packed) <= maxScratch {
			*scratch = packed // its bytes were copied to the database
		}
	}
	return stored, nil
}

// chunk is how many of n rows the next statement takes. Few sizes make few statements to prepare.
func chunk(n int) int {
	for _, size := range []int{64, 16, 4} {
		if n >= size {
			return size
		}
	}
	return 1
}

// acceptAgain says what becomes of a delivery that is in the ledger already.
func (tx *Tx) acceptAgain(ctx context.Context, d Delivery) (Acceptance, error) {
	have, err := tx.Delivery(ctx, d.GUID)
	if err != nil {
		return "", err
	}
	switch {
	case have.GivenUp:
		if err := tx.reopen(ctx, d); err != nil {
			return "", err
		}
	case !have.Finished.IsZero():
		return Done, nil
	}
	have.Lane, have.Class, have.Installation, have.Repository = d.Lane, d.Class, d.Installation, d.Repository
	queued, err := tx.s.queue.EnqueueDelivery(ctx, tx, have, have.GivenUp)
	switch {
	case err != nil:
		return "", err
	case !queued:
		return Waiting, nil
	}
	return Requeued, nil
}

// reopen makes a delivery that was given up, or missed, one that waits, as it has come now. It keeps the time when it first came:
// what it brings is no newer. But one that was noted while GitHub's attempt was under way, and comes while it may still be, was not
// missed: GitHub's times are too coarse to put it in order with those that came before it.
func (tx *Tx) reopen(ctx context.Context, d Delivery) error {
	_, body := appendBody(nil, d.Body)
	if d.Received.IsZero() {
		d.Received = tx.now
	}
	_, err := tx.exec(ctx, `UPDATE deliveries SET finished = 0, given_up = 0, outcome = '', body = $3, action = $4, installation = $5, repository = $6,
		head = $7, recovered = $8, found = $10, received = CASE WHEN received < $2
			AND NOT EXISTS (SELECT 1 FROM missed m WHERE m.guid = $1 AND m.tries = 0 AND m.due > $9) THEN received ELSE $2 END WHERE guid = $1`,
		d.GUID, d.Received, body, d.Action, d.Installation, d.Repository, d.Head, d.Recovered, tx.now, d.Found)
	return err
}

// Delivery returns the delivery of a GUID, or ErrNotFound.
func (tx *Tx) Delivery(ctx context.Context, guid string) (Delivery, error) {
	d := Delivery{GUID: guid}
	found, err := one(ctx, tx, []any{
		&d.Event, &d.Action, &d.Installation, &d.Repository, &d.Body,
		into{&d.Received},
		into{&d.Finished},
		&d.Outcome,
		into{&d.GivenUp},
		into{&d.Recovered},
		&d.Head, &d.Found,
	}, `SELECT event, action, installation, repository, body, received, finished, outcome, given_up, recovered, head, found
		FROM deliveries WHERE guid = $1`, guid)
	switch {
	case err != nil:
		return Delivery{}, fmt.Errorf("ledger: delivery %s: %w", guid, err)
	case !found:
		return Delivery{}, fmt.Errorf("%w: delivery %s", ErrNotFound, guid)
	}
	if d.Body, err = unpackBody(d.Body); err != nil {
		return Delivery{}, fmt.Errorf("ledger: delivery %s: %w", guid, err)
	}
	return d, nil
}

// FinishDelivery notes what became of a delivery, in words, and empties its body.
func (tx *Tx) FinishDelivery(ctx context.Context, guid, outcome string) error {
	return tx.finishDelivery(ctx, guid, outcome, false)
}

// GiveUpDelivery is FinishDelivery for what could not be done: GitHub's redelivery of it is done again.
func (tx *Tx) GiveUpDelivery(ctx context.Context, guid, outcome string) error {
	return tx.finishDelivery(ctx, guid, outcome, true)
}

func (tx *Tx) finishDelivery(ctx context.Context, guid, outcome string, givenUp bool) error {
	n, err := tx.exec(ctx, `UPDATE deliveries SET finished = $2, outcome = $3, body = $4, given_up = $5, found = '' WHERE guid = $1`,
		guid, tx.now, outcome, []byte(nil), givenUp)
	if err != nil {
		return fmt.Errorf("ledger: finish delivery %s: %w", guid, err)
	}
	if n == 0 {
		return fmt.Errorf("%w: delivery %s", ErrNotFound, guid)
	}
	return nil
}

// HeadWaits reports whether a delivery that brought the commit to the repository, and was received before a time, has not
// been finished: it waits, runs, or will be tried again, so that the commit's past is going to be read.
func (tx *Tx) HeadWaits(ctx context.Context, repository int64, head string, before time.Time) (bool, error) {
	var id int64
	found, err := one(ctx, tx, []any{&id}, `SELECT id FROM deliveries
		WHERE repository = $1 AND head = $2 AND head <> '' AND finished = 0 AND received < $3 LIMIT 1`, repository, head, before)
	if err != nil {
		return false, fmt.Errorf("ledger: whether a push to repository %d waits: %w", repository, err)
	}
	return found, nil
}

// RepositoryDeleted reports whether a delivery that was received at that time or later, finished or not, says that the
// repository was deleted.
func (tx *Tx) RepositoryDeleted(ctx context.Context, repository int64, since time.Time) (bool, error) {
	var id int64
	found, err := one(ctx, tx, []any{&id}, `SELECT id FROM deliveries
		WHERE repository = $1 AND event = 'repository' AND action = 'deleted' AND received >= $2 LIMIT 1`, repository, since)
	if err != nil {
		return false, fmt.Errorf("ledger: whether repository %d was deleted: %w", repository, err)
	}
	return found, nil
}

// InstallationDeleted reports whether a delivery, finished or not, says that the App was uninstalled there. An installation that
// is gone does not come back: what is installed again has another id.
func (tx *Tx) InstallationDeleted(ctx context.Context, installation int64) (bool, error) {
	var id int64
	found, err := one(ctx, tx, []any{&id}, `SELECT id FROM deliveries
		WHERE installation = $1 AND event = 'installation' AND action = 'deleted' LIMIT 1`, installation)
	if err != nil {
		return false, fmt.Errorf("ledger: whether installation %d was deleted: %w", installation, err)
	}
	return found, nil
}

// RecentDeliveries lists the last deliveries, newest first, without their bodies.
func (tx *Tx) RecentDeliveries(ctx context.Context, limit int) ([]Delivery, error) {
	var list []Delivery
	err := each(ctx, tx, func(scan func(...any) error) error {
		var d Delivery
		err := scan(&d.GUID, &d.Event, &d.Action, &d.Installation, &d.Repository,
			into{&d.Received}, into{&d.Finished}, &d.Outcome)
		list = append(list, d)
		return err
	}, `SELECT guid, event, action, installation, repository, received, finished, outcome
		FROM deliveries ORDER BY received DESC, id DESC LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: recent deliveries: %w", err)
	}
	return list, nil
}
