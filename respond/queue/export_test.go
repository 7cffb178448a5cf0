package queue

import "time"

// WithHeartbeat makes processes on PostgreSQL send heartbeats more often, and be taken for dead sooner.
func (c Config) WithHeartbeat(every, timeout time.Duration) Config {
	c.heartbeatEvery, c.HeartbeatTimeout = every, timeout
	return c
}
