package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// TextHistory is the reading of the texts that a repository had before rekey came: issues, comments, reviews, discussions, releases. It goes
// from list to list, page after page, and may take days.
type TextHistory struct {
	Repository int64
	Started    time.Time // tells one reading from the next
	Pending    []string  // lists of [TextLists] that are still to be read; none: it is over
	Cursor     string    // where in the first of them; "": at its beginning
	Remaining  int       // about how many texts that one has left; -1: not known
	Read       TextCounts
	Edited     int      // texts of which earlier versions were asked for
	Skipped    []string // lists that can't be read, each with the reason: "discussions: needs Discussions: read"

	Paused  time.Time // it waits until then; zero: it doesn't
	Reason  string    // why it waits, or was given up
	GivenUp bool      // until it is tried again a day later
}

// TextCounts are texts by their list, in the order of [TextLists].
type TextCounts [7]int

// TextLists are the lists of texts, by GitHub's client's names, in the order in which they are read.
func TextLists() []string {
	return []string{"issues", "issue comments", "review comments", "reviews", "commit comments", "discussions", "releases"}
}

// columns of the counts, in the order of [TextLists].
func textColumns(alias string) string {
	var list []string
	for _, name := range TextLists() {
		list = append(list, alias+strings.ReplaceAll(name, " ", "_"))
	}
	return strings.Join(list, ", ")
}

// Sum is how many texts they are in all.
func (c TextCounts) Sum() int {
	sum := 0
	for _, n := range c {
		sum += n
	}
	return sum
}

// Add counts texts of a list.
func (c *TextCounts) Add(list string, texts int) {
	if i := slices.Index(TextLists(), list); i >= 0 {
		c[i] += texts
	}
}

func (c *TextCounts) fields() []any {
	list := make([]any, len(c))
	for i := range c {
		list[i] = &c[i]
	}
	return list
}

// StartTexts returns the reading of a repository's texts where it goes on: a new one, if there is none or the history of git was read again since
// it began. Lists that were skipped are pending again after [Tx.ReopenTexts]. ErrNotFound: the repository is not in the ledger.
func (tx *Tx) StartTexts(ctx context.Context, repository int64) (TextHistory, error) {
	h, err := tx.startTexts(ctx, repository)
	if err != nil {
		return TextHistory{}, explain(fmt.Errorf("ledger: texts of repository %d: %w", repository, err))
	}
	return h, nil
}

func (tx *Tx) startTexts(ctx context.Context, repository int64) (TextHistory, error) {
	h := TextHistory{Repository: repository}
	var again, current bool
	fields := append([]any{into{&h.Started}, into{&h.Pending}, &h.Cursor, &h.Remaining, &h.Edited, into{&h.Skipped}, into{&again}, into{&current}}, h.Read.fields()...)
	found, err := one(ctx, tx, fields, `SELECT t.started, t.pending, t.cursor, t.remaining, t.edited, t.skipped, t.again,
			CASE WHEN t.started >= r.backfilled THEN 1 ELSE 0 END, `+textColumns("t.")+`
		FROM text_histories t JOIN repositories r ON r.id = t.repository WHERE t.repository = $1`, repository)
	if err != nil {
		return TextHistory{}, err
	}
	if !found || !current {
		h = TextHistory{Repository: repository, Started: tx.now, Pending: TextLists(), Remaining: -1}
		_, err := tx.exec(ctx, `INSERT INTO text_histories (repository, started, updated, pending) VALUES ($1, $2, $2, $3)
			ON CONFLICT (repository) DO UPDATE SET started = excluded.started, updated = excluded.updated, finished = 0, given_up = 0,
				pending = excluded.pending, cursor = '', remaining = -1, issues = 0, issue_comments = 0, review_comments = 0, reviews = 0,
				commit_comments = 0, discussions = 0, releases = 0, edited = 0, skipped = '[]', again = 0, paused = 0, reason = ''`,
			repository, tx.now, h.Pending)
		return h, err
	}
	if again && len(h.Pending) == 0 {
		for _, skipped := range h.Skipped {
			list, _, _ := strings.Cut(skipped, ": ")
			h.Pending = append(h.Pending, list)
		}
		h.Skipped = nil
		_, err = tx.exec(ctx, `UPDATE text_histories SET pending = $2, skipped = '[]', again = 0 WHERE repository = $1`, repository, h.Pending)
	}
	return h, err
}

// SaveTexts records how far a reading is, that it is over where no list is pending, and that it waits or was given up. ErrNotFound: another one has
// begun since, or the repository was forgotten: what was found for it doesn't count.
func (tx *Tx) SaveTexts(ctx context.Context, h TextHistory) error {
	n, err := tx.exec(ctx, `UPDATE text_histories SET updated = $3, pending = $4, cursor = $5, remaining = $6, edited = $7, skipped = $8, paused = $9,
			reason = $10, given_up = $11, finished = CASE WHEN $4 = '[]' AND again = 0 THEN CAST($3 AS BIGINT) ELSE 0 END,
			issues = $12, issue_comments = $13, review_comments = $14, reviews = $15, commit_comments = $16, discussions = $17, releases = $18
		WHERE repository = $1 AND started = $2`,
		append([]any{
			h.Repository, h.Started, tx.now, h.Pending, h.Cursor, h.Remaining, h.Edited, h.Skipped, h.Paused, h.Reason, h.GivenUp,
		}, h.Read.values()...)...)
	switch {
	case err != nil:
		return fmt.Errorf("ledger: texts of repository %d: %w", h.Repository, err)
	case n == 0:
		return fmt.Errorf("%w: reading of the texts of repository %d", ErrNotFound, h.Repository)
	}
	return nil
}

func (c TextCounts) values() []any {
	list := make([]any, len(c))
	for i, n := range c {
		list[i] = n
	}
	return list
}

// RestartTexts has a repository's texts read again from the beginning, as soon as that is due.
func (tx *Tx) RestartTexts(ctx context.Context, repository int64) error {
	if _, err := tx.exec(ctx, `DELETE FROM text_histories WHERE repository = $1`, repository); err != nil {
		return fmt.Errorf("ledger: texts of repository %d: %w", repository, err)
	}
	return nil
}

// ReopenTexts has the lists tried again that were skipped in an installation's repositories for lack of a permission.
func (tx *Tx) ReopenTexts(ctx context.Context, installation int64) error {
	_, err := tx.exec(ctx, `UPDATE text_histories SET again = 1, finished = 0
		WHERE skipped LIKE '%needs %' AND again = 0 AND repository IN (SELECT r.id FROM repositories r WHERE r.installation = $1)`, installation)
	if err != nil {
		return fmt.Errorf("ledger: skipped texts of installation %d: %w", installation, err)
	}
	return nil
}

// textsAgain is how long a reading of texts that was given up is left alone.
const textsAgain = 24 * time.Hour

// TextsDue lists up to limit of an installation's repositories whose texts are to be read, or read on, and that have no job for it: those pushed to
// last first. A repository's turn comes when the history of git was read, or that was given up.
func (tx *Tx) TextsDue(ctx context.Context, installation int64, limit int) ([]int64, error) {
	return tx.ids(ctx, "texts to read", `SELECT r.id FROM repositories r LEFT JOIN text_histories t ON t.repository = r.id
		WHERE r.installation = $1 AND r.removed = 0
			AND (t.repository IS NULL OR t.started < r.backfilled OR t.finished = 0 AND (t.given_up = 0 OR t.updated < $3))
			AND (r.backfilled <> 0 OR EXISTS (SELECT 1 FROM backfills l WHERE l.repository = r.id AND l.phase = 'given up'))
			AND NOT `+tx.s.queue.Conditions().BackfillQueued+` AND NOT `+tx.s.queue.Conditions().TextsQueued+`
		ORDER BY r.pushed DESC, r.id LIMIT $2`, installation, limit, tx.now.Add(-textsAgain))
}

// TextsQueued counts the readings of texts of an installation's repositories that wait or run.
func (tx *Tx) TextsQueued(ctx context.Context, installation int64) (int, error) {
	var n int
	if _, err := one(ctx, tx, []any{&n}, `SELECT count(*) FROM repositories r WHERE r.installation = $1 AND `+tx.s.queue.Conditions().TextsQueued, installation); err != nil {
		return 0, fmt.Errorf("ledger: readings of texts in the queue: %w", err)
	}
	return n, nil
}

// TextBudget is what the reading of texts has asked of GitHub in an installation's hour.
type TextBudget struct {
	Began    time.Time // zero: nothing was asked in the last hour
	Requests int       // of REST
	Points   int       // of GraphQL
}

// Ends is when the hour is over.
func (b TextBudget) Ends() time.Time { return b.Began.Add(time.Hour) }

// TextBudget returns what an installation has spent in this hour.
func (tx *Tx) TextBudget(ctx context.Context, installation int64) (b TextBudget, err error) {
	_, err = one(ctx, tx, []any{into{&b.Began}, &b.Requests, &b.Points}, `SELECT began, requests, points FROM text_budgets
		WHERE installation = $1 AND began > $2`, installation, tx.now.Add(-time.Hour))
	if err != nil {
		return TextBudget{}, fmt.Errorf("ledger: budget for texts of installation %d: %w", installation, err)
	}
	return b, nil
}

// SpendTexts records what was asked. An hour begins with the first request after the last one's end.
func (tx *Tx) SpendTexts(ctx context.Context, installation int64, requests, points int) error {
	_, err := tx.exec(ctx, `INSERT INTO text_budgets (installation, began, requests, points) VALUES ($1, $2, $3, $4)
		ON CONFLICT (installation) DO UPDATE SET began = CASE WHEN text_budgets.began > $5 THEN text_budgets.began ELSE excluded.began END,
			requests = excluded.requests + CASE WHEN text_budgets.began > $5 THEN text_budgets.requests ELSE 0 END,
			points = excluded.points + CASE WHEN text_budgets.began > $5 THEN text_budgets.points ELSE 0 END`,
		installation, tx.now, requests, points, tx.now.Add(-time.Hour))
	if err != nil {
		return fmt.Errorf("ledger: budget for texts of installation %d: %w", installation, err)
	}
	return nil
}
