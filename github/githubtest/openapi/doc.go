// Package openapi holds requests and answers of GitHub's REST API against GitHub's own OpenAPI description, in tests.
//
// Start with [Watch], or with [WatchIfPresent] in tests that have other things to show too: what they return goes into
// githubtest.Options.Wrap, and from then on each breach of the description fails the test.
//
// The description (13 MB) is not part of this repository. The command .ci/fetch-descriptions puts it into the user's
// cache directory; REKEY_GITHUB_OPENAPI names another place.
package openapi
