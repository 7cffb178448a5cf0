package graphql

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"
)

// Kept returns the types that this repository keeps of GitHub's schema, with the fields that rekey asks for; of inputs and enums all is
// kept. Interfaces of a type, and types of a union, are those that are kept themselves.
func Kept() map[string][]string {
	comment := []string{"id", "author", "authorAssociation", "body", "createdAt", "lastEditedAt", "userContentEdits"}
	with := func(more ...string) []string { return append(slices.Clone(comment), more...) }
	list := []string{"nodes", "pageInfo", "totalCount"}
	return map[string][]string{
		"Query":    {"id", "node", "nodes", "repository"},
		"Mutation": {"deleteDiscussionComment"},

		"Node":    {"id"},
		"Actor":   {"login"},
		"Comment": comment,

		"Bot": {"id", "login"}, "EnterpriseUserAccount": {"id", "login"}, "Mannequin": {"id", "login"},
		"Organization": {"id", "login"}, "User": {"id", "login"},

		"CommitComment":            with("databaseId", "url"),
		"Discussion":               with("comments", "databaseId", "number", "title", "url"),
		"DiscussionComment":        with("databaseId", "replies", "url"),
		"Issue":                    with("databaseId", "number", "timelineItems", "title", "url"),
		"IssueComment":             with("databaseId", "url"),
		"PullRequest":              with("databaseId", "isCrossRepository", "number", "reviews", "timelineItems", "title", "url"),
		"PullRequestReview":        with("databaseId", "url"),
		"PullRequestReviewComment": with("databaseId", "url"),

		"DiscussionCommentConnection": list, "DiscussionConnection": list, "PullRequestConnection": list,
		"PullRequestReviewConnection": list, "UserContentEditConnection": list,
		"IssueTimelineItemsConnection": {"nodes"}, "PullRequestTimelineItemsConnection": {"nodes"},
		"IssueTimelineItems": nil, "PullRequestTimelineItems": nil, "IssueTimelineItemsItemType": nil, "PullRequestTimelineItemsItemType": nil,
		"RenamedTitleEvent": {"id", "actor", "createdAt", "previousTitle"},

		"Repository":      {"id", "discussions", "pullRequests"},
		"UserContentEdit": {"id", "deletedAt", "deletedBy", "diff", "editedAt", "editor"},
		"PageInfo":        {"endCursor", "hasNextPage"},

		"DeleteDiscussionCommentInput": nil, "DeleteDiscussionCommentPayload": {"comment"},
		"DiscussionOrder": nil, "DiscussionOrderField": nil, "IssueOrder": nil, "IssueOrderField": nil, "OrderDirection": nil,
		"CommentAuthorAssociation": nil, "DateTime": nil, "URI": nil,
	}
}

// Trim returns the part of a schema that keep names, in GraphQL's own language, without descriptions.
func Trim(schema string, keep map[string][]string) ([]byte, error) {
	// It is parsed alone: the schema as GitHub publishes it defines a field twice.
	whole, err := parser.ParseSchema(&ast.Source{Name: "schema.graphql", Input: schema})
	if err != nil {
		return nil, fmt.Errorf("read GraphQL schema: %w", err)
	}
	kept := func(name string) bool {
		_, listed := keep[name]
		return listed || slices.Contains([]string{"Boolean", "Float", "ID", "Int", "String"}, name)
	}
	part := &ast.SchemaDocument{}
	for name, fields := range keep {
		definition := whole.Definitions.ForName(name)
		if err := named(definition, name, fields); err != nil {
			return nil, err
		}
		part.Definitions = append(part.Definitions, trimmed(definition, fields, kept))
	}
	slices.SortFunc(part.Definitions, func(a, b *ast.Definition) int { return strings.Compare(a.Name, b.Name) })
	var text bytes.Buffer
	formatter.NewFormatter(&text, formatter.WithIndent("  "), formatter.WithoutDescription()).FormatSchemaDocument(part)
	return text.Bytes(), nil
}

// named reports a type or a field that the schema does not have: it was renamed, or misspelt.
func named(definition *ast.Definition, name string, fields []string) error {
	if definition == nil {
		return fmt.Errorf("GraphQL schema: there is no type %s", name)
	}
	for _, field := range fields {
		if definition.Fields.ForName(field) == nil {
			return fmt.Errorf("GraphQL schema: %s has no field %s", name, field)
		}
	}
	return nil
}

// trimmed is a type with these fields alone (none named: all), and with arguments, interfaces and members of types that are kept.
func trimmed(definition *ast.Definition, fields []string, kept func(string) bool) *ast.Definition {
	part := *definition
	part.Directives = nil
	part.Interfaces = slices.DeleteFunc(slices.Clone(definition.Interfaces), func(name string) bool { return !kept(name) })
	part.Types = slices.DeleteFunc(slices.Clone(definition.Types), func(name string) bool { return !kept(name) })
	part.Fields = nil
	for _, field := range definition.Fields {
		if len(fields) > 0 && !slices.Contains(fields, field.Name) {
			continue
		}
		one := *field
		one.Directives = nil
		one.Arguments = nil
		for _, argument := range field.Arguments {
			if kept(argument.Type.Name()) {
				a := *argument
				a.Directives = nil
				one.Arguments = append(one.Arguments, &a)
			}
		}
		part.Fields = append(part.Fields, &one)
	}
	part.EnumValues = nil
	for _, value := range definition.EnumValues {
		v := *value
		v.Directives = nil
		part.EnumValues = append(part.EnumValues, &v)
	}
	return &part
}
