// Package signin lets people sign in with GitHub, by the App's own OAuth, and knows what they may see. Start with [New]; [SignIn.Require]
// guards pages, and [From] says who asks.
//
// A session's cookie is 32 random bytes. The ledger has their SHA-256, and GitHub's tokens under a key that derives from them: who
// steals the database can neither use a session nor the tokens. What a person sees is what GitHub says that this person sees, asked
// again when it is older than five minutes, or as soon as a webhook says that it may have changed.
package signin
