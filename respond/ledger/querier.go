package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// querier runs statements in one transaction of either store. Statements are written once, for both: placeholders
// are $1, $2, …, which SQLite takes too; truths and times are integers.
type querier interface {
	exec(ctx context.Context, statement string, args ...any) (affected int64, err error)
	query(ctx context.Context, statement string, args ...any) (rows, error)
}

// rows is what *sql.Rows and pgx.Rows have in common.
type rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	close()
}

// each calls read for every row. The scanner that it is given is valid during the call.
func each(ctx context.Context, q querier, read func(scan func(...any) error) error, statement string, args ...any) error {
	rs, err := q.query(ctx, statement, args...)
	if err != nil {
		return err
	}
	defer rs.close()
	for rs.Next() {
		if err := read(rs.Scan); err != nil {
			return err
		}
	}
	return rs.Err()
}

// one reads the first row into dest; found is false where there is none.
func one(ctx context.Context, q querier, dest []any, statement string, args ...any) (found bool, err error) {
	rs, err := q.query(ctx, statement, args...)
	if err != nil {
		return false, err
	}
	defer rs.close()
	if !rs.Next() {
		return false, rs.Err()
	}
	if err := rs.Scan(dest...); err != nil {
		return false, err
	}
	rs.close()
	return true, rs.Err()
}

type sqliteQuerier struct {
	tx    *sql.Tx
	stmts *statements
}

func (q sqliteQuerier) exec(ctx context.Context, statement string, args ...any) (int64, error) {
	args = arguments(args)
	var res sql.Result
	var err error
	if stmt := q.stmts.get(statement); stmt != nil {
		res, err = q.tx.StmtContext(ctx, stmt).ExecContext(ctx, args...)
	} else {
		res, err = q.tx.ExecContext(ctx, statement, args...)
	}
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (q sqliteQuerier) query(ctx context.Context, statement string, args ...any) (rows, error) {
	args = arguments(args)
	var rs *sql.Rows
	var err error
	if stmt := q.stmts.get(statement); stmt != nil {
		rs, err = q.tx.StmtContext(ctx, stmt).QueryContext(ctx, args...) //nolint:rowserrcheck // each does it
	} else {
		rs, err = q.tx.QueryContext(ctx, statement, args...) //nolint:rowserrcheck // each does it
	}
	if err != nil {
		return nil, err
	}
	return sqliteRows{rs}, nil
}

type sqliteRows struct{ *sql.Rows }

func (r sqliteRows) close() { _ = r.Close() }

type pgQuerier struct{ tx pgx.Tx }

func (q pgQuerier) exec(ctx context.Context, statement string, args ...any) (int64, error) {
	tag, err := q.tx.Exec(ctx, statement, arguments(args)...)
	if err != nil {
		return 0, err
	}
	return tag.RowsAffected(), nil
}

func (q pgQuerier) query(ctx context.Context, statement string, args ...any) (rows, error) {
	rs, err := q.tx.Query(ctx, statement, arguments(args)...)
	if err != nil {
		return nil, err
	}
	return pgRows{rs}, nil
}

type pgRows struct{ pgx.Rows }

func (r pgRows) close() { r.Rows.Close() }

// arguments makes values that both stores take. Texts lose what PostgreSQL refuses, NUL bytes and invalid UTF-8, on
// both stores alike. What must keep its very bytes, as paths, is given as []byte.
func arguments(args []any) []any {
	out := make([]any, len(args))
	for i, arg := range args {
		switch v := arg.(type) {
		case bool:
			out[i] = int64(0)
			if v {
				out[i] = int64(1)
			}
		case time.Time:
			out[i] = micros(v)
		case time.Duration:
			out[i] = v.Microseconds()
		case string:
			out[i] = clean(v)
		case []string:
			out[i] = listText(v)
		case []byte:
			if v == nil {
				v = []byte{}
			}
			out[i] = v
		default:
			out[i] = arg
			if text := reflect.ValueOf(arg); text.Kind() == reflect.String { // one of the domain's types
				out[i] = clean(text.String())
			}
		}
	}
	return out
}

// listText is a list as stored: JSON.
func listText(list []string) string {
	cleaned := make([]string, len(list))
	for i, s := range list {
		cleaned[i] = clean(s)
	}
	text, err := json.Marshal(cleaned)
	if err != nil { // cannot happen to strings
		return "[]"
	}
	return string(text)
}

func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// into reads a column into a field that the drivers do not read alike. It implements [sql.Scanner].
type into struct{ dest any }

func (f into) Scan(src any) error {
	switch dest := f.dest.(type) {
	case *time.Time:
		n, err := integer(src)
		if err != nil {
			return err
		}
		*dest = time.Time{}
		if n != 0 {
			*dest = time.UnixMicro(n).UTC()
		}
	case *time.Duration:
		n, err := integer(src)
		if err != nil {
			return err
		}
		*dest = time.Duration(n) * time.Microsecond
	case *bool:
		n, err := integer(src)
		if err != nil {
			return err
		}
		*dest = n != 0
	case *[]string:
		text, err := bytesOf(src)
		if err != nil {
			return err
		}
		*dest = nil
		if string(text) == "[]" {
			return nil
		}
		return json.Unmarshal(text, dest)
	case *string:
		text, err := bytesOf(src)
		if err != nil {
			return err
		}
		*dest = string(text)
	default:
		return fmt.Errorf("ledger: no way to read a column into %T", f.dest)
	}
	return nil
}

var errColumn = errors.New("ledger: a column does not have the type that it should")

func integer(src any) (int64, error) {
	n, ok := src.(int64)
	if !ok {
		return 0, fmt.Errorf("%w: %T instead of an integer", errColumn, src)
	}
	return n, nil
}

func bytesOf(src any) ([]byte, error) {
	switch v := src.(type) {
	case []byte:
		return v, nil
	case string:
		return []byte(v), nil
	}
	return nil, fmt.Errorf("%w: %T instead of text", errColumn, src)
}
