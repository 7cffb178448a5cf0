// Package sariftest holds logs against the JSON schema of SARIF 2.1.0.
package sariftest

import (
	"bytes"
	_ "embed"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

//go:embed sarif-2.1.0.json
var text []byte

var schema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("sarif.json", document); err != nil {
		return nil, err
	}
	return compiler.Compile("sarif.json")
})

// Validate demands that a log keeps the schema. It is safe for concurrent use.
func Validate(tb testing.TB, name string, log []byte) {
	tb.Helper()
	schema, err := schema()
	if err != nil {
		tb.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(log))
	if err != nil {
		tb.Fatal(err)
	}
	if err := schema.Validate(document); err != nil {
		tb.Errorf("%s: %v\n%s", name, err, log)
	}
}
