// Package intake is rekey's front towards GitHub: it takes webhook deliveries in, and serves health and metrics.
//
// Start with [New], then [Intake.Routes] and [Server]. A delivery is answered with success only when it is on disk
// together with its job; deliveries that wait at the same time are written in one transaction.
package intake
