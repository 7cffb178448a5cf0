package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// grows are tables with a row for each delivery, job, push or place. Those who read them whole are named: they count, and are not called
// for a delivery or a job.
var (
	grows        = []string{"deliveries", "river_job", "leaks", "sightings", "scans", "scan_sightings", "checks", "actions", "events", "tips", "read_tips", "keyed_jobs"}
	mayReadWhole = []string{"Stats", "Outcomes", "RecentDeliveries", "Accounts"}
	passOn       = []string{"Exec", "ExecSQL", "EachSQL", "OneSQL", "Count"} // what others write
	// Indexes of the few rows of such a table that something is still to be done with.
	fewRows = regexp.MustCompile(`INDEX (deliveries_waiting|deliveries_deleted|deliveries_uninstalled|leaks_issue)\b`)
)

// TestNoStatementReadsAWholeTable calls each method of a transaction, and asks SQLite how it runs their statements: none reads all
// rows of a table that grows with each push, or looks for a repository's leaks among all of a state.
func TestNoStatementReadsAWholeTable(t *testing.T) {
	t.Parallel()
	s := ledgertest.Open(t, ledger.Options{URL: ledgertest.SQLite(t)})
	statements := map[string]string{} // to the method
	undo := errors.New("undone")
	err := s.Update(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
		for method := range reflect.TypeFor[*ledger.Tx]().Methods() {
			if slices.Contains(passOn, method.Name) {
				continue
			}
			tx.Record(func(statement string) { statements[statement] = method.Name })
			callWithAnything(ctx, tx, method)
		}
		return undo
	})
	if !errors.Is(err, undo) {
		t.Fatal(err)
	}
	if len(statements) < 100 {
		t.Errorf("only %d statements were seen", len(statements))
	}
	for statement, method := range statements {
		for _, step := range plan(t, s, statement) {
			name, scans := strings.CutPrefix(step, "SCAN ")
			name, _, _ = strings.Cut(name, " ")
			table := tableOf(statement, name)
			whole := scans && slices.Contains(grows, table) && !fewRows.MatchString(step) && !slices.Contains(mayReadWhole, method)
			ofAState := strings.Contains(step, "leaks_state (state=?)") && strings.Contains(statement, "repository = $")
			if whole || ofAState {
				t.Errorf("%s: %s\n%s", method, step, statement)
			}
		}
	}
}

// callWithAnything calls a method with values that say little. What it returns, or that it panics, is of no interest.
func callWithAnything(ctx context.Context, tx *ledger.Tx, method reflect.Method) {
	defer func() { _ = recover() }()
	args := []reflect.Value{reflect.ValueOf(tx)}
	for i := 1; i < method.Type.NumIn(); i++ {
		args = append(args, anything(ctx, method.Type.In(i), 0))
	}
	if method.Type.IsVariadic() {
		args = args[:len(args)-1]
	}
	method.Func.Call(args)
}

func anything(ctx context.Context, of reflect.Type, depth int) reflect.Value {
	v := reflect.New(of).Elem()
	switch {
	case of == reflect.TypeFor[context.Context]():
		v.Set(reflect.ValueOf(ctx))
	case of == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(start()))
	case of.Kind() == reflect.String:
		v.SetString("x")
	case v.CanInt():
		v.SetInt(1)
	case of.Kind() == reflect.Slice && depth < 3:
		v.Set(reflect.Append(v, anything(ctx, of.Elem(), depth+1)))
	case of.Kind() == reflect.Struct && depth < 3:
		for i := range of.NumField() {
			if of.Field(i).IsExported() {
				v.Field(i).Set(anything(ctx, of.Field(i).Type, depth+1))
			}
		}
	}
	return v
}

// plan is how SQLite runs a statement; nil where it does not.
func plan(t *testing.T, s *ledger.Store, statement string) (steps []string) {
	t.Helper()
	most := 0
	for _, found := range regexp.MustCompile(`\$(\d+)`).FindAllStringSubmatch(statement, -1) {
		var n int
		_, _ = fmt.Sscan(found[1], &n)
		most = max(most, n)
	}
	rows, err := s.DB().SQLite.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+statement, make([]any, most)...)
	if err != nil {
		t.Errorf("%v: %s", err, statement)
		return nil
	}
	defer rows.Close()
	for rows.Next() {
		var ignored int
		var step string
		if err := rows.Scan(&ignored, &ignored, &ignored, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return steps
}

// tableOf is the table that a statement gives a name, or the name.
func tableOf(statement, name string) string {
	found := regexp.MustCompile(`(?i)\b(?:from|join|update)\s+(\w+)\s+(?:as\s+)?` + name + `\b`).FindStringSubmatch(statement)
	if found == nil {
		return name
	}
	return found[1]
}
