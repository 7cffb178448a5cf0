package ledger

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The queries of the dashboard and of its API are in the files view_*.go. Each takes the repositories that the viewer may see, and
// tells nothing of others, by counts neither. What was removed is not there for any of them.

// Visible is which repositories a viewer may see. The zero value is none.
type Visible struct {
	// Everything is for the server's own use: all repositories, and what belongs to none.
	Everything bool
	list       []int64 // in order, each once
}

// VisibleOnly is some repositories, by their ids.
func VisibleOnly(repositories ...int64) Visible {
	list := slices.Clone(repositories)
	slices.Sort(list)
	return Visible{list: slices.Compact(list)}
}

// Contains reports whether the repository is among them.
func (v Visible) Contains(repository int64) bool {
	_, found := slices.BinarySearch(v.list, repository)
	return v.Everything || found
}

// ErrCursor is returned for a place to go on from that no page of the same query has named.
var ErrCursor = errors.New("ledger: the cursor is not one of this list")

// MaxPage is how many rows a page has at most.
const MaxPage = 1000

// pageSize is how many rows a page has where limit were asked for; 0: 50.
func pageSize(limit int) int {
	if limit <= 0 {
		return 50
	}
	return min(limit, MaxPage)
}

// cursor is where a page ended: the key of its last row, in an order. People only hand it back.
type cursor struct {
	Order   string `json:"o"`
	Reverse bool   `json:"r,omitempty"`
	Number  int64  `json:"n,omitempty"`
	Text    string `json:"t,omitempty"`
	Source  int    `json:"s,omitempty"`
	ID      int64  `json:"i"`
}

func (c cursor) String() string {
	text, err := json.Marshal(c)
	if err != nil { // cannot happen to texts and numbers
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// parseCursor reads a cursor of an order; "" is the first page's.
func parseCursor(text, order string, reverse bool) (c cursor, given bool, err error) {
	if text == "" {
		return cursor{}, false, nil
	}
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(decoded, &c) != nil || c.Order != order || c.Reverse != reverse {
		return cursor{}, false, ErrCursor
	}
	return c, true, nil
}

// viewed is a statement of a view as it is put together: its arguments, and how each database says things.
type viewed struct {
	tx   *Tx
	args []any
	list string // the placeholder of the visible repositories; "": not bound yet
}

// querier runs statements that are not kept prepared: there are too many of them, and they are for people.
func (tx *Tx) unprepared() querier {
	if tx.sqlite != nil {
		return sqliteQuerier{tx.sqlite, nil}
	}
	return tx.querier
}

// bind adds an argument, and returns its placeholder.
func (q *viewed) bind(arg any) string {
	q.args = append(q.args, arg)
	return fmt.Sprintf("$%d", len(q.args))
}

// in is SQL for a column that has one of some texts; none: any.
func in[T ~string](q *viewed, column string, texts []T) string {
	if len(texts) == 0 {
		return "1 = 1"
	}
	places := make([]string, len(texts))
	for i, text := range texts {
		places[i] = q.bind(string(text))
	}
	return column + " IN (" + strings.Join(places, ", ") + ")"
}

// sees is SQL for a column that holds the id of a visible repository.
func (q *viewed) sees(v Visible, column string) string {
	switch {
	case v.Everything:
		return "1 = 1"
	case len(v.list) == 0:
		return "1 = 0"
	}
	if q.list == "" {
		q.list = q.bind(q.ids(v.list))
	}
	if q.tx.pg != nil {
		return column + " = ANY(" + q.list + ")"
	}
	return column + " IN (SELECT value FROM json_each(" + q.list + "))"
}

// ids is a list of numbers as an argument.
func (q *viewed) ids(list []int64) any {
	if q.tx.pg != nil {
		return list
	}
	text, err := json.Marshal(list)
	if err != nil { // cannot happen to numbers
		return "[]"
	}
	return string(text)
}

// contains is SQL for a text that contains another one, whatever the case of its ASCII letters.
func (q *viewed) contains(text, part string) string {
	if q.tx.pg != nil {
		return `strpos(lower((` + text + `) COLLATE "C"), ` + q.bind(part) + `) > 0`
	}
	return `instr(lower(` + text + `), ` + q.bind(part) + `) > 0`
}

// lowerASCII is a text with its ASCII letters in lower case, as both databases make it.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// nameOrder is SQL for a repository's name as lists are ordered by it.
func (q *viewed) nameOrder() string {
	if q.tx.pg != nil {
		return `lower((r.owner || '/' || r.name) COLLATE "C")`
	}
	return `lower(r.owner || '/' || r.name)`
}

// greatest is SQL for the greatest of some numbers.
func (q *viewed) greatest(of ...string) string {
	if q.tx.pg != nil {
		return "greatest(" + strings.Join(of, ", ") + ")"
	}
	return "max(" + strings.Join(of, ", ") + ")"
}

// joined joins a table; on SQLite it is looked up for each row of those before it, whatever SQLite guesses.
func (q *viewed) joined() string {
	if q.tx.pg != nil {
		return "JOIN"
	}
	return "CROSS JOIN"
}

// bytesOf is SQL for a text as a column of bytes has it.
func (q *viewed) bytesOf(text string) string {
	if q.tx.pg != nil {
		return "convert_to(" + text + ", 'UTF8')"
	}
	return "CAST(" + text + " AS BLOB)"
}
