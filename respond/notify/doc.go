// Package notify tells others of a leak's life: chats that take Slack's incoming webhooks, and any receiver of signed
// JSON. No message holds a credential, nor where one stands.
//
// Start with [Sender.Send]. A [respond.Notice] is what happened, a [Target] who is told. Signed messages follow the Standard
// Webhooks specification (https://www.standardwebhooks.com), so that receivers can verify them with libraries that they
// have already. Whether and when to try again is the caller's: [Failure.Again] tells.
package notify
