package graphql

import (
	_ "embed"
	"fmt"
	"math"
	"net/url"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"
)

// published is the part of GitHub's schema that [Kept] names. The command `make descriptions` fetches it.
//
//go:embed testdata/github.graphql
var published string

// GitHub returns the part of GitHub's schema in [Kept]. It is read once.
var GitHub = sync.OnceValues(func() (*Schema, error) { return Read(published) })

// Schema is a GraphQL schema. It is safe for concurrent use.
type Schema struct{ schema *ast.Schema }

// Read reads a schema in GraphQL's own language.
func Read(text string) (*Schema, error) {
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "github.graphql", Input: text})
	if err != nil {
		return nil, fmt.Errorf("read GraphQL schema: %w", err)
	}
	return &Schema{schema}, nil
}

// prepare parses a request and holds it against the schema. Errors are those that GitHub answers such a request with.
func (s *Schema) prepare(r Request) (*ast.OperationDefinition, map[string]any, gqlerror.List) {
	document, errs := gqlparser.LoadQueryWithRules(s.schema, r.Query, nil)
	if len(errs) > 0 {
		return nil, nil, errs
	}
	operation := document.Operations.ForName(r.OperationName)
	if operation == nil {
		return nil, nil, gqlerror.List{gqlerror.Errorf("No operation named %q", r.OperationName)}
	}
	variables, err := validator.VariableValues(s.schema, operation, r.Variables)
	if err != nil {
		return nil, nil, gqlerror.List{gqlerror.WrapIfUnwrapped(err)}
	}
	return operation, variables, nil
}

// is reports whether an object's type fits a type condition: the type itself, or an interface of it.
func (s *Schema) is(name, condition string) bool {
	for _, possible := range s.schema.PossibleTypes[condition] {
		if possible.Name == name {
			return true
		}
	}
	return false
}

// scalar reports whether a value can stand where the schema has a scalar or an enum.
func (s *Schema) scalar(name string, value any) bool {
	text, isText := value.(string)
	switch name {
	case "Boolean":
		_, fits := value.(bool)
		return fits
	case "Int":
		n, fits := value.(int)
		return fits && n >= math.MinInt32 && n <= math.MaxInt32
	case "DateTime":
		_, err := time.Parse(time.RFC3339, text)
		return isText && err == nil
	case "URI":
		u, err := url.Parse(text)
		return isText && err == nil && u.IsAbs()
	case "ID", "String":
		return isText
	}
	definition := s.schema.Types[name]
	return isText && definition != nil && definition.EnumValues.ForName(text) != nil
}

// Published is the text of what [GitHub] reads.
func Published() string { return published }
