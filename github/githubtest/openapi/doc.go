// Package openapi holds requests and answers of GitHub's REST API against GitHub's own OpenAPI description, in tests.
//
// Start with [Watch]: what it returns goes into githubtest.Options.Wrap, and from then on each breach of the description
// fails the test.
//
// GitHub publishes the description under the MIT licence (testdata/LICENSE). Of its 13 MB this repository keeps the
// endpoints in [Kept]; `make descriptions` fetches the whole and trims it.
package openapi
