package intake

import (
	"net"
	"net/netip"
	"sync"
)

// memory is what bodies may take while they are read and written, in bytes. It is safe for concurrent use.
//
// One address from the Internet gets half of it at most, and bodies that take long to come three quarters together, so
// that whoever holds connections open leaves room for deliveries that come at once. Addresses of private networks and
// of this machine are proxies, behind which all deliveries come: they have no bound of their own.
type memory struct {
	limit int64

	mu    sync.Mutex
	used  int64
	peers map[netip.Addr]int64 // public ones only
}

func newMemory(limit int64) *memory { return &memory{limit: limit, peers: map[netip.Addr]int64{}} }

// take takes n bytes for a body from peer, or reports false and takes nothing. slow says that the body takes long.
func (m *memory) take(peer netip.Addr, n int64, slow bool) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	limit := m.limit
	if slow {
		limit = m.limit / 4 * 3
	}
	if m.used+n > limit {
		return false
	}
	if bounded(peer) {
		if m.peers[peer]+n > m.limit/2 {
			return false
		}
		m.peers[peer] += n
	}
	m.used += n
	return true
}

// give gives n bytes back.
func (m *memory) give(peer netip.Addr, n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.used -= n
	if !bounded(peer) {
		return
	}
	if m.peers[peer] -= n; m.peers[peer] <= 0 {
		delete(m.peers, peer)
	}
}

func bounded(peer netip.Addr) bool {
	return peer.IsValid() && !peer.IsLoopback() && !peer.IsPrivate() && !peer.IsLinkLocalUnicast()
}

// peerOf returns who is at the other end of the connection: for IPv6 the /64, which one customer has; the zero Addr
// where it is no IP address.
func peerOf(remote string) netip.Addr {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	address = address.Unmap().WithZone("")
	if address.Is6() && bounded(address) {
		if prefix, err := address.Prefix(64); err == nil {
			return prefix.Addr()
		}
	}
	return address
}
