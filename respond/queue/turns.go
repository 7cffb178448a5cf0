package queue

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/turn"
)

// takesTurns is the middleware that lets jobs start when it is their turn; see package turn. A job whose turn it is not goes
// back to the queue without an attempt, until the room calls it.
type takesTurns struct {
	river.MiddlewareDefaults
	s     *store
	rooms map[string]*turn.Room // by queue
	wake  func(queues []string) // SQLite only
}

// seatsOnPostgres are more than elsewhere, since a job that is called comes when the queue looks next; see fetchPoll.
const seatsOnPostgres = 8

func newTakesTurns(s *store, c Config) *takesTurns {
	m := &takesTurns{s: s, rooms: map[string]*turn.Room{}}
	open := c.Open
	if open == nil {
		open = func(int64, turn.Class) time.Time { return time.Time{} }
	}
	for queue, slots := range map[string]int{
		job.QueueScan: cmp.Or(max(c.Scan, 0), 8), job.QueueRespond: cmp.Or(max(c.Respond, 0), 8), job.QueueBackfill: cmp.Or(max(c.Backfill, 0), 3),
		job.QueueLogs: cmp.Or(max(c.Logs, 0), 2),
	} {
		o := turn.Options{Slots: slots, Open: open, Now: s.db.Now, Call: func(ctx context.Context, ids []int64) ([]int64, error) {
			return s.call(ctx, queue, ids)
		}}
		if s.db.Postgres != nil {
			o.Seats, o.Comes = seatsOnPostgres, fetchPoll+fetchPoll/5
		}
		m.rooms[queue] = turn.NewRoom(o)
	}
	return m
}

// expect tells a queue's room which deliveries are about to come, so that those of a branch keep their order.
func (m *takesTurns) expect(queue string, rows []*rivertype.JobRow) {
	room := m.rooms[queue]
	if room == nil {
		return
	}
	var jobs []turn.Job
	for _, row := range rows {
		if row.Kind != (job.Delivery{}).Kind() {
			continue
		}
		if j, err := deliveryTurn(row); err == nil { // else Work fails
			jobs = append(jobs, j)
		}
	}
	room.Expect(jobs)
}

// Work implements [rivertype.WorkerMiddleware].
func (m *takesTurns) Work(ctx context.Context, row *rivertype.JobRow, work func(context.Context) error) error {
	room := m.rooms[row.Queue]
	if room == nil {
		return work(ctx)
	}
	j, err := m.s.turnOf(ctx, row)
	if err != nil {
		return fmt.Errorf("queue: turn of %s job %d: %w", row.Kind, row.ID, err)
	}
	leave, aside := room.Enter(ctx, j)
	if leave == nil {
		return river.JobSnooze(aside)
	}
	defer leave()
	err = work(job.WithAbout(ctx, job.About{Origin: job.OriginOf(row), Installation: j.Installation, Repository: j.Repository}))
	m.wakeFor(row.Queue, err)
	return err
}

// recordedWithin is until when River has recorded that a job is put off.
const recordedWithin = 60 * time.Millisecond

// wakeFor wakes the queue on SQLite when a job is due that is put off for less time than passes until the queue looks by itself.
func (m *takesTurns) wakeFor(queue string, err error) {
	snooze, is := errors.AsType[*river.JobSnoozeError](err)
	if m.wake == nil || !is || snooze.Duration > maxWakeFor {
		return
	}
	time.AfterFunc(snooze.Duration+recordedWithin, func() { m.wake([]string{queue}) })
}

// turnOf says whose turn a job takes.
func (s *store) turnOf(ctx context.Context, row *rivertype.JobRow) (turn.Job, error) {
	j := turn.Job{ID: row.ID}
	var args struct {
		Installation int64  `json:"installation"`
		Repository   int64  `json:"repository"`
		Leak         int64  `json:"leak"`
		Head         string `json:"head"`
	}
	if err := json.Unmarshal(row.EncodedArgs, &args); err != nil {
		return j, err
	}
	j.Installation, j.Repository = args.Installation, args.Repository
	lane := ""
	switch row.Kind {
	case job.Delivery{}.Kind():
		return deliveryTurn(row)
	case job.Check{}.Kind():
		j.Class, lane = turn.Check, args.Head
	case job.Order{}.Kind():
		j.Class, lane = turn.Question, row.Kind // of one repository in their order
	case job.Verify{}.Kind(), job.Notify{}.Kind(), job.Alert{}.Kind(), job.Texts{}.Kind(), job.DeleteLogs{}.Kind():
		j.Class = turn.Question
	case job.Effects{}.Kind():
		j.Class, lane = turn.Reply, issues
	case job.Issue{}.Kind(), job.Summary{}.Kind(), job.AuditIssue{}.Kind():
		j.Class, lane = turn.Issue, issues // or Reply, where it is there
	default:
		j.Class, lane = turn.Background, row.Kind
	}
	err := s.View(ctx, func(ctx context.Context, tx *ledger.Tx) error { return placeOf(ctx, tx, row.Kind, args.Leak, &j) })
	switch {
	case j.Installation == 0: // it is gone: the job will find nothing to do
	case lane == issues:
		j.Lane = fmt.Sprintf("issues of %d", j.Installation)
	case lane != "":
		j.Lane = fmt.Sprintf("%s of %d in %d", lane, j.Repository, j.Installation)
	}
	return j, err
}

// issues is the lane of all that writes to an installation's issues: one after the other, as GitHub asks for.
const issues = "issues"

// deliveryTurn reads a delivery's turn from its job.
func deliveryTurn(row *rivertype.JobRow) (turn.Job, error) {
	var args job.Delivery
	if err := json.Unmarshal(row.EncodedArgs, &args); err != nil {
		return turn.Job{}, err
	}
	return turn.Job{
		ID: row.ID, Installation: args.Installation, Repository: args.Repository, Lane: args.Lane, Class: turn.ClassOf(args.Class),
	}, nil
}

// placeOf completes a turn by what the ledger knows: of the leak where there is one, else of the repository. What it does not
// know has been forgotten since; its job will find that out.
func placeOf(ctx context.Context, tx *ledger.Tx, kind string, leak int64, j *turn.Job) error {
	if leak != 0 {
		var issue int64
		_, err := tx.OneSQL(ctx, []any{&j.Installation, &j.Repository, &issue}, `SELECT r.installation, r.id, l.issue_number
			FROM leaks l JOIN repositories r ON r.id = l.repository WHERE l.id = $1`, leak)
		if j.Class == turn.Issue && issue != 0 {
			j.Class = turn.Reply
		}
		return err
	}
	if j.Repository == 0 {
		return nil
	}
	_, err := tx.OneSQL(ctx, []any{&j.Installation}, `SELECT installation FROM repositories WHERE id = $1`, j.Repository)
	if err != nil || kind != (job.Summary{}).Kind() {
		return err
	}
	summary, err := tx.Summary(ctx, j.Repository)
	if err == nil && summary.IssueNumber != 0 {
		j.Class = turn.Reply
	}
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	return err
}

// call makes jobs of a queue available that were put aside, before all others, and returns those that it is too early for.
func (s *store) call(ctx context.Context, queue string, ids []int64) (early []int64, err error) {
	err = s.UpdateReadCommitted(ctx, func(ctx context.Context, tx *ledger.Tx) (err error) {
		tx.Wake(queue)
		early, err = callJobs(ctx, tx, ids, true, s.process)
		return err
	})
	return early, err
}

// run calls those whose turn comes near, until ctx ends.
func (m *takesTurns) run(ctx context.Context, queue string) { m.rooms[queue].Run(ctx) }

// close lets no more jobs start.
func (m *takesTurns) close() {
	for _, room := range m.rooms {
		room.Close()
	}
}
