// Package clerk asks Clerk's Backend API one question: does this secret key still work?
//
// Start with [New] and [Client.Ask]. It sends nothing but GET /v1/instance, which reads no user's data. Asking moves the
// key's "Last used" in its owner's dashboard, so callers ask only when somebody with write access wishes it.
package clerk
