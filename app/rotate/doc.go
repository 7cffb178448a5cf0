// Package rotate replaces a compromised credential: it finds out which one and where it is used, shows a plan, and does what the plan says, step by
// step. It runs on the machine of the person who rotates, with that person's logins. No server has any of it.
package rotate
