package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// walkEvery is how often a table is walked through whose rows are not found by their age.
const walkEvery = 24 * time.Hour

// walk is how far a table has been walked through. It is kept in the ledger: the next process goes on there.
type walk struct {
	After []string  `json:"after,omitempty"` // the key of the last row that was looked at; nil: none yet
	Ended time.Time `json:"ended,omitzero"`  // the last time that the end was reached
}

// rests reports whether the table is left alone for now.
func (w walk) rests(now time.Time) bool { return w.After == nil && now.Before(w.Ended.Add(walkEvery)) }

func (tx *Tx) walkOf(ctx context.Context, table string) (w walk, err error) {
	text, err := tx.Meta(ctx, "walk:"+table)
	if err == nil && text != "" {
		err = json.Unmarshal([]byte(text), &w)
	}
	return w, err
}

func (tx *Tx) saveWalk(ctx context.Context, table string, w walk) error {
	text, err := json.Marshal(w)
	if err != nil {
		return err
	}
	return tx.SetMeta(ctx, "walk:"+table, string(text))
}

// through walks through a table under a name, from where the last process stopped, and counts what goes.
func (p *steps) through(ctx context.Context, name string, w pruner, before time.Time, count *int64) error {
	return p.run(ctx, count, func(ctx context.Context, tx *Tx, limit int) (int64, bool, error) {
		at, err := tx.walkOf(ctx, name)
		if err != nil {
			return 0, true, err
		}
		to, n, err := tx.pruneFrom(ctx, w, at.After, before, limit)
		if err != nil {
			return 0, true, fmt.Errorf("ledger: prune %s: %w", w.table, err)
		}
		next := walk{After: to}
		if to == nil {
			next.Ended = tx.now
		}
		return n, to == nil, tx.saveWalk(ctx, name, next)
	})
}

// column is part of the key by which a table is walked through.
type column struct {
	name   string
	number bool
}

func number(name string) column { return column{name, true} }
func text(name string) column   { return column{name, false} }

// values are a key's values as arguments; nil stands for before the first row.
func values(key []column, after []string) ([]any, error) {
	args := make([]any, len(key))
	for i, c := range key {
		switch {
		case !c.number && after == nil:
			args[i] = ""
		case !c.number:
			args[i] = after[i]
		case after == nil:
			args[i] = int64(-1 << 63)
		default:
			n, err := strconv.ParseInt(after[i], 10, 64)
			if err != nil {
				return nil, err
			}
			args[i] = n
		}
	}
	return args, nil
}

// pruneFrom looks at up to limit rows behind a key, deletes those that go, and returns the key of the last one; nil: there are none
// behind it.
func (tx *Tx) pruneFrom(ctx context.Context, w pruner, after []string, before time.Time, limit int) (to []string, deleted int64, err error) {
	from, err := values(w.key, after)
	if err != nil {
		return nil, 0, err
	}
	if to, err = tx.pageEnd(ctx, w, from, before, limit); err != nil || to == nil {
		return nil, 0, err
	}
	until, err := values(w.key, to)
	if err != nil {
		return nil, 0, err
	}
	key := names(w.key, w.as+".", "")
	args := append(append([]any{before, tx.now}, from...), until...)
	do := fmt.Sprintf("DELETE FROM %s AS %s", w.table, w.as)
	if w.empty != "" {
		do = fmt.Sprintf("UPDATE %s AS %s SET %s", w.table, w.as, w.empty)
	}
	deleted, err = tx.exec(ctx, fmt.Sprintf(`%s WHERE (%s) > (%s) AND (%s) <= (%s) AND (%s)
		AND CAST($1 AS BIGINT) <= CAST($2 AS BIGINT)`, // both are used, whatever the condition is
		do, key, places(3, len(from)), key, places(3+len(from), len(until)), w.gone), args...)
	return to, deleted, err
}

// pageEnd returns the key of the last of up to limit rows behind a key; nil: there are none.
func (tx *Tx) pageEnd(ctx context.Context, w pruner, from []any, before time.Time, limit int) ([]string, error) {
	among, args := "", append(append([]any{}, from...), limit)
	if w.among != "" {
		among, args = strings.ReplaceAll(w.among, "$1", fmt.Sprintf("$%d", len(args)+1))+" AND ", append(args, before)
	}
	key := names(w.key, "", "")
	last := make([]string, len(w.key))
	dest := make([]any, len(w.key))
	for i := range last {
		dest[i] = &last[i]
	}
	shown := make([]string, len(w.key))
	for i, c := range w.key {
		shown[i] = "CAST(" + c.name + " AS TEXT)"
	}
	found, err := one(ctx, tx, dest, fmt.Sprintf(`SELECT %s FROM (SELECT %s FROM %s WHERE %s(%s) > (%s) ORDER BY %s LIMIT $%d) page
		ORDER BY %s LIMIT 1`, strings.Join(shown, ", "), key, w.table, among, key, places(1, len(from)), key, len(from)+1,
		names(w.key, "", " DESC")), args...)
	if err != nil || !found {
		return nil, err
	}
	return last, nil
}

func names(key []column, before, behind string) string {
	list := make([]string, len(key))
	for i, c := range key {
		list[i] = before + c.name + behind
	}
	return strings.Join(list, ", ")
}

// places are n placeholders for arguments.
func places(first, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("$%d", first+i)
	}
	return strings.Join(list, ", ")
}
