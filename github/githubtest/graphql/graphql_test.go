package graphql_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/rekey-app/rekey/github/githubtest/graphql"
)

const small = `
interface Node { id: ID! }
enum Color { RED GREEN }
scalar DateTime
scalar URI
type Cat implements Node { id: ID! name: String! color: Color age: Int! alive: Boolean born: DateTime page: URI kittens(first: Int): [Cat] mother: Cat! }
type Dog implements Node { id: ID! }
union Pet = Cat | Dog
type Query { node(id: ID!): Node nodes(ids: [ID!]!): [Node]! cat: Cat }
type Mutation { rename(input: Rename!): Cat }
input Rename { name: String! }
`

func cat(fields map[string]any) graphql.Object { return graphql.Object{Type: "Cat", Fields: fields} }

// ask answers a query from a world of one cat, as JSON would show it.
func ask(t *testing.T, query string, variables map[string]any, cat graphql.Object) (map[string]any, error) {
	t.Helper()
	schema, err := graphql.Read(small)
	if err != nil {
		t.Fatal(err)
	}
	missing := graphql.FieldError{Type: "NOT_FOUND", Message: "no such node"}
	roots := map[ast.Operation]graphql.Object{
		ast.Query: {Type: "Query", Fields: map[string]any{
			"cat":   cat,
			"node":  graphql.Resolver(func(args graphql.Args) (any, error) { return nil, missing }),
			"nodes": []any{cat, missing, nil, graphql.Object{Type: "Dog", Fields: map[string]any{"id": "d"}}},
		}},
		ast.Mutation: {Type: "Mutation", Fields: map[string]any{"rename": graphql.Resolver(func(args graphql.Args) (any, error) {
			cat.Fields["name"] = args.Input("input").Text("name")
			return cat, nil
		})}},
	}
	return schema.Answer(graphql.Request{Query: query, Variables: variables}, roots)
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	felix := func() graphql.Object {
		return cat(map[string]any{
			"id": "c", "name": "Felix", "color": "RED", "age": 3, "alive": true, "born": "2026-03-04T05:06:07Z", "page": "https://example.com/c",
			"kittens": graphql.Resolver(func(args graphql.Args) (any, error) {
				return []any{cat(map[string]any{"id": args["first"], "name": "x"})}, nil
			}),
			"mother": graphql.FieldError{Type: "FORBIDDEN", Message: "private"},
		})
	}
	fault := func(kind, message string, line, column int, path ...any) map[string]any {
		return map[string]any{
			"type": kind, "message": message, "path": path, "locations": []map[string]any{{"line": line, "column": column}},
		}
	}
	for name, test := range map[string]struct {
		query     string
		variables map[string]any
		want      map[string]any
	}{
		"fields of all kinds": {
			"{ cat { __typename id other: name color age alive born page } }", nil,
			map[string]any{"data": map[string]any{"cat": map[string]any{
				"__typename": "Cat", "id": "c", "other": "Felix", "color": "RED", "age": 3, "alive": true, "born": "2026-03-04T05:06:07Z",
				"page": "https://example.com/c",
			}}},
		},
		"fragments and errors within a list": {
			"query($ids: [ID!]!) { nodes(ids: $ids) { ...Named ... on Dog { id } } } fragment Named on Cat { name }",
			map[string]any{"ids": []any{"a"}},
			map[string]any{
				"data":   map[string]any{"nodes": []any{map[string]any{"name": "Felix"}, nil, nil, map[string]any{"id": "d"}}},
				"errors": []map[string]any{fault("NOT_FOUND", "no such node", 1, 23, "nodes", 1)},
			},
		},
		"what does not exist": {
			`{ node(id: "x") { id } }`, nil,
			map[string]any{"data": map[string]any{"node": nil}, "errors": []map[string]any{fault("NOT_FOUND", "no such node", 1, 3, "node")}},
		},
		"what can't be null makes null of what it is in": {
			"{ cat { name mother { name } } }", nil,
			map[string]any{"data": map[string]any{"cat": nil}, "errors": []map[string]any{fault("FORBIDDEN", "private", 1, 14, "cat", "mother")}},
		},
		"a mutation": {
			`mutation($name: String!) { rename(input: {name: $name}) { name } }`,
			map[string]any{"name": "Tom"},
			map[string]any{"data": map[string]any{"rename": map[string]any{"name": "Tom"}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ask(t, test.query, test.variables, felix())
			if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
				t.Errorf("%v, -want +got\n%s", err, diff)
			}
		})
	}
}

// TestRefusals: a query that does not fit the schema is not executed.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"{ cat { size } }": `Cannot query field "size" on type "Cat"`,
		"{ cat }":          "must have a selection of subfields",
		"{ node { id } }":  `argument "id" of type "ID!" is required`,
		"query($id: ID!) { node(id: $id) { id } }":     "must be defined",
		"query Other { cat { id } } query { cat{ id }": "Expected",
		"{": "Expected",
	} {
		got, err := ask(t, query, nil, cat(nil))
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		list, _ := got["errors"].([]map[string]any)
		if len(list) == 0 || got["data"] != nil || !strings.Contains(list[0]["message"].(string), want) {
			t.Errorf("%s: %v, want %q", query, got, want)
		}
	}
}

// TestMisfits: an answer that the schema does not allow is the stand-in's mistake, and is told.
func TestMisfits(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		query  string
		fields map[string]any
	}{
		"a field without a value": {"{ cat { name } }", map[string]any{}},
		"null":                    {"{ cat { name } }", map[string]any{"name": nil}},
		"a number for a text":     {"{ cat { name } }", map[string]any{"name": 1}},
		"no time":                 {"{ cat { born } }", map[string]any{"born": "yesterday"}},
		"no address":              {"{ cat { page } }", map[string]any{"page": "/c"}},
		"no color":                {"{ cat { color } }", map[string]any{"color": "BLUE"}},
		"too large for an Int":    {"{ cat { age } }", map[string]any{"age": 1 << 40}},
		"a text for a Boolean":    {"{ cat { alive } }", map[string]any{"alive": "yes"}},
		"another type":            {"{ cat { mother { id } } }", map[string]any{"mother": graphql.Object{Type: "Dog"}}},
		"a list for one":          {"{ cat { mother { id } } }", map[string]any{"mother": []any{}}},
		"one for a list":          {"{ cat { kittens { id } } }", map[string]any{"kittens": cat(nil)}},
		"an error of no kind": {"{ cat { name } }", map[string]any{
			"name": graphql.Resolver(func(graphql.Args) (any, error) { return nil, errors.New("oops") }),
		}},
	} {
		if got, err := ask(t, test.query, nil, cat(test.fields)); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestTrim(t *testing.T) {
	t.Parallel()
	part, err := graphql.Trim(small, map[string][]string{"Query": {"cat"}, "Cat": {"id", "kittens"}, "Node": {"id"}, "Pet": nil})
	const want = "type Cat implements Node {\n  id: ID!\n  kittens(first: Int): [Cat]\n}\ninterface Node {\n  id: ID!\n}\nunion Pet = Cat\ntype Query {\n  cat: Cat\n}\n"
	if diff := cmp.Diff(want, string(part)); err != nil || diff != "" {
		t.Errorf("%v, -want +got\n%s", err, diff)
	}
	for _, keep := range []map[string][]string{{"Cow": nil}, {"Cat": {"size"}}} {
		if _, err := graphql.Trim(small, keep); err == nil {
			t.Errorf("%v is kept of what has none", keep)
		}
	}
	if _, err := graphql.Trim("type {", nil); err == nil {
		t.Error("what is no schema is trimmed")
	}
}

// TestGitHubsSchemaIsWhatIsKept: who names another field fetches it.
func TestGitHubsSchemaIsWhatIsKept(t *testing.T) {
	t.Parallel()
	if _, err := graphql.GitHub(); err != nil {
		t.Fatal(err)
	}
	part, err := graphql.Trim(graphql.Published(), graphql.Kept())
	plain := func(text string) string { return strings.ReplaceAll(text, ",", "") } // which GraphQL leaves to taste
	if diff := cmp.Diff(plain(graphql.Published()), plain(string(part))); err != nil || diff != "" {
		t.Errorf("make descriptions: %v, -kept +trimmed again\n%s", err, diff)
	}
}
