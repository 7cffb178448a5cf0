package ledger_test

import (
	"database/sql"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

var writeSchema = flag.Bool("update", false, "write schema.sql again")

// schemaFile shows the whole data model in one place. Nothing runs it: the migrations make the tables.
const schemaFile = "schema.sql"

const schemaHead = `-- The tables of the ledger on SQLite after all migrations, the queue's (river_*) left out. PostgreSQL has migrations
-- of its own. Nothing runs this file; go test ./respond/ledger -run TestSchema -update writes it.
`

// schema.sql is what the migrations make.
func TestSchema(t *testing.T) {
	t.Parallel()
	url := ledgertest.SQLite(t)
	ledgertest.Open(t, ledger.Options{URL: url})
	db, err := sql.Open("sqlite", strings.TrimPrefix(url, "sqlite://"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), `SELECT sql FROM sqlite_schema
		WHERE sql IS NOT NULL AND tbl_name NOT LIKE 'river%' AND tbl_name NOT LIKE 'sqlite%' ORDER BY tbl_name, type DESC, name`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got strings.Builder
	got.WriteString(schemaHead)
	for rows.Next() {
		var statement string
		if err := rows.Scan(&statement); err != nil {
			t.Fatal(err)
		}
		got.WriteString("\n" + statement + ";\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if *writeSchema {
		if err := os.WriteFile(schemaFile, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if got.String() != string(want) {
		t.Errorf("the migrations make another schema than %s says (go test -update writes it):\n%s", schemaFile, got.String())
	}
}
