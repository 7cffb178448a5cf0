// Package markdown writes foreign text (paths, branch names, authors, hosts) into GitHub's Markdown so that it is shown
// and does nothing else: no mention, no reference, no link, no HTML, no emphasis, no new line, no change of direction.
//
// Start with [Code], which is how all foreign text is shown: GitHub resolves neither mentions nor references nor
// autolinks inside code, and backslashes in front of an @ would not stop it. [Permalink] and [Link] make links,
// [Cut] keeps a text under GitHub's limits.
package markdown
