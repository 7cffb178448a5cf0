// Package respond decides what to do about findings and does it: check runs, issues, their texts, the life of a leak.
//
// [Decide] and the renderers are pure: facts in, actions and texts out. The runner performs actions so that doing one
// twice, or being killed half-way, comes to the same as doing it once.
package respond
