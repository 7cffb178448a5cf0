// Package clerk asks Clerk's Backend API one question: is this secret key dead?
//
// Start with [New] and [Client.Ask]. It sends nothing but GET /v1/instance, which reads no user's data. Asking moves the
// key's "Last used" in its owner's dashboard, so callers ask only when somebody entitled wishes it.
package clerk
