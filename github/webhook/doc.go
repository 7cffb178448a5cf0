// Package webhook reads GitHub's webhook deliveries: it checks their signatures, and decodes the few fields that rekey
// uses of the events it acts on into small structs of its own.
//
// Start with [Verify], then [Decode]; [Texts] lists what people wrote in an event. [Sign] makes signed requests for tests and for the
// stand-in GitHub.
package webhook
