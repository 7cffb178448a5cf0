// Package graphql answers GitHub's GraphQL queries in tests, and holds queries and answers against GitHub's own schema.
//
// Start with [GitHub], which is the schema, and [Schema.Answer], which answers one request out of values that the caller has at hand.
//
// GitHub publishes the schema under the MIT licence (testdata/LICENSE). Of its 1.2 MB this repository keeps the types and fields in
// [Kept]; `make descriptions` fetches the whole and trims it.
package graphql
