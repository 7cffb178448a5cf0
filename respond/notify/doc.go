// Package notify notifies others of a leak's steps: chats that take Slack's incoming webhooks, and any receiver of signed
// JSON. No message holds a credential, nor where one is.
//
// Start with [Sender.Send]. A [respond.Notice] is what happened, a [Target] who is notified. Signed messages follow the Standard
// Webhooks specification (https://www.standardwebhooks.com), so that receivers can verify them with libraries that they
// have already. Whether and when to try again is the caller's: see [Failure.Again].
package notify
