// Package guide writes the instructions for a leaked Clerk credential: how to replace it in this repository without
// downtime, what to do first when it is being abused, what it opens, and what to check afterwards.
//
// Start with [For], which takes what is known of the leak, the places where the credential still is, and the
// repository's own files. It runs nothing. [Guide.Markdown] gives the text for the issue.
//
// The steps are in the order in which nothing goes down: a new key is made, set where the app reads it, the commit that
// reads it there is deployed, Clerk shows the new key in use, and only then the old key is deleted. A key that is part
// of a file at head, as a literal or in settings, has a step of its own for each kind of place (see changes.go): a host
// that has the new key is no use while what runs reads the old one from the file.
//
// Facts about Clerk are from its documentation of 2026: https://clerk.com/docs/guides/secure/rotate-api-keys and the
// pages that the texts link to. Facts about hosts are from their command lines' documentation.
package guide
