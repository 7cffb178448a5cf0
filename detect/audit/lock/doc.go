// Package lock says which version of a package each file of a repository gets: by the lockfiles of npm, pnpm, Yarn and Bun, of Go,
// Python, Ruby and PHP, and where there is none by a manifest that leaves no choice. Start with [Open].
//
// A version is only told where the files fix it. A lockfile that is cut, in conflict, older than its manifest or contradicted by
// another one proves nothing, and neither does a dependency from git, an address or a directory, a patched one, or a range. Then
// the package is known to be in use and its version is not ([Version.Number] is empty, and [Version.Why] says why).
//
// The package reads nothing but what [Files] gives it, and nothing at all of packages that the caller doesn't want. An [Index] is safe
// for concurrent use.
package lock
