// Package githubtest is a GitHub on loopback that behaves: for tests, and for the demo command. It keeps accounts,
// installations, check runs, issues and deliveries in memory, and repositories as real bare git repositories on disk.
//
// Start with [New], then [Server.CreateRepository] and [Server.Install]. What people do on GitHub are methods here:
// [Repository.Commit] and [Repository.Push], [Repository.Fork] and [Repository.OpenPullRequest], [Repository.Comment],
// [Repository.EditText], [Repository.EditWiki], [Repository.PressButton] and more. Each does it for real and sends the webhooks that
// GitHub sends, signed, to [Options].WebhookURL, and waits for their answers.
//
// What an App does goes through HTTP, as on GitHub: REST below [Server.APIURL] (the way of GitHub Enterprise Server,
// host/api/v3), GraphQL at host/api/graphql, git's smart HTTP below [Server.URL], and what REST redirects to at [Server.StorageURL].
// The App's JWT, the tokens' scope, permissions and end are checked, limits are enforced with GitHub's words, and effects send
// webhooks too (with the App's bot as sender), in the background.
//
// [Server.Inject] makes it misbehave. [Server.Requests] is the transcript of everything that was asked of it.
//
// Facts come from GitHub's OpenAPI description and the documentation that it links; where neither speaks, from GitHub's
// answers as other projects quote them. The subpackage openapi holds the answers against that description, and graphql those
// of GraphQL against GitHub's schema.
//
// It needs a git binary, 2.30 or newer.
package githubtest
