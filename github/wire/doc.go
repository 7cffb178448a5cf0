// Package wire speaks git's smart HTTP, protocol version 2, as far as fetching needs it: it asks for exactly what was
// pushed and hands back the packfile. No refs are listed for that, nothing is cloned, no git binary runs.
//
// Start with [Client.Fetch]. One push costs one POST; [Client.Refs] lists branches and tags, also in one POST.
//
// The pack is self-contained: thin packs are never asked for. Wanted objects need not be tips of refs. What a server
// does with haves it does not know, and how to be safe from that, is described at [Request.RequireCommon].
//
// Nothing here retries, waits or keeps state: a failure is an error with its kind ([StatusError], [ServerError],
// [ProtocolError], [ErrNoCommonHave], or the transport's own), and whoever calls decides. Time is bounded by the context
// alone: a server that sends keepalives for ever is read for as long as the context lives.
//
// Sources: git's gitprotocol-v2, gitprotocol-http and gitprotocol-common; [git-upload-pack] of git 2.39 where they are
// silent.
//
// [git-upload-pack]: https://git-scm.com/docs/git-upload-pack
package wire
