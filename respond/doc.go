// Package respond is the domain of rekey's server: what a leak is, and what to do about it. Its functions are pure: facts in, decisions
// out. It imports package detect and the standard library, and everything else imports it.
//
// Start with [Decide] for what follows from a scan, [Apply] for what follows from a person's command, and [Learn] for what
// follows from Clerk's answer; [CatchUp] and [Compare] find what no event reported. Each returns a [Decision]: changes of leaks,
// and actions.
//
// # Glossary
//
//   - finding: a credential that package detect found in a text.
//   - leak: one credential in one repository, wherever and however often it was found there.
//   - fingerprint: 32 hexadecimal digits by which a credential is known without being kept.
//   - exposed: of a key that no text holds; a mistake in a package made a server give it away.
//   - sighting: a leak at one commit and path.
//   - scan: one reading of the commits that a head brought.
//   - head: the commit that was pushed, or that a pull request ends in; it gets the one check run.
//   - tip: what a ref pointed to when it was last read; the next scan begins there.
//   - gap: a range of commits of which a limit left something unread for good, until a maintainer accepts it.
//   - state: open, revoked, ignored or resolved; see the diagram in docs/architecture.md.
//   - outside: brought by a pull request of somebody without write access, and by nothing else so far.
//   - command: what a person asked for about a leak, by comment, by button, or by closing and reopening its issue.
//   - verdict: what Clerk says of a key; a verification is the question.
//   - change: a step in a leak's life, for the ledger; an action is an effect on the world outside of it.
//   - hidden: strangers read the text, which then says nothing that helps them.
//
// # Effects
//
// Nothing here has an effect. Package ledger keeps the records, and writes a decision's changes together with jobs for its
// actions, in one transaction. Packages under app perform the jobs, each action at most once under its key. Package text puts
// into words what they write to GitHub, and package policy makes a [Policy] of what files say.
package respond
