// Package guide writes the instructions for a leaked Clerk credential: what it opens, how to replace it in this
// repository without downtime, what to do first when it is being abused, and what to look at afterwards.
//
// Start with [For], which takes what is known of the leak and the repository's own files at the leaking commit, and
// runs nothing. [Guide.Markdown] gives the text for the issue. Facts about Clerk are from its documentation of 2026:
// https://clerk.com/docs/guides/secure/rotate-api-keys and the pages that the texts link to.
package guide
