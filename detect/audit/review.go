package audit

import (
	"bytes"

	"github.com/rekey-app/rekey/detect/audit/js"
)

// reviewChecks are those of JavaScript and TypeScript that ask for a decision: what they say is so, and may be meant.
func reviewChecks() []Check {
	return []Check{
		unlooked(), unprotectedFunctions(), unwired(), leftOut(), listAlone(), looseList(), unsetParties(), reserialized(), refusedWebhook(), copiedMetadata(),
		anyToken(), pagesInServer(), unwiredElsewhere(), unencryptedKey(),
	}
}

// anywhere reports whether a file of the repository, whatever it is for, has one of the words. known is false where not all files are.
func (p *project) anywhere(fits func(name string) bool, words ...string) (found, known bool) {
	if !p.tree.Whole() {
		return false, false
	}
	for _, name := range p.paths {
		if !fits(name) {
			continue
		}
		text, ok := p.read(name)
		if !ok || p.stopped() {
			return false, false
		}
		for _, word := range words {
			if bytes.Contains(text, []byte(word)) {
				return true, true
			}
		}
	}
	return false, true
}

// nowhere reports whether no script of the repository has one of the words. Those at the likely places are read first: mostly there is no
// need for the rest.
func (p *project) nowhere(likely []string, words ...string) bool {
	for _, name := range likely {
		for _, extension := range []string{".ts", ".js", ".tsx", ".mts", ".mjs"} {
			if text, ok := p.read(name + extension); ok && holds(text, [][][]byte{inBytes(words)}) {
				return false
			}
		}
	}
	found, known := p.anywhere(isCode, words...)
	return known && !found
}

func inBytes(words []string) [][]byte {
	all := make([][]byte, len(words))
	for i, word := range words {
		all[i] = []byte(word)
	}
	return all
}

// isTarget reports whether a name is where a declaration or a pattern binds it, and no use of it.
func isTarget(n *js.Node) bool {
	for parent := n.Parent; parent != nil; n, parent = parent, parent.Parent {
		switch parent.Kind {
		case js.Declarator, js.Default, js.Parameter, js.Catch:
			if parent.Kids[0] != n {
				return false
			}
			if parent.Kind != js.Default {
				return true
			}
		case js.Property:
			if parent.Kids[0] != n || parent.Parent.Kind != js.ObjectPattern {
				return false
			}
		case js.ObjectPattern, js.ArrayPattern, js.Spread:
		default:
			return false
		}
	}
	return false
}

// usesOf returns where a name is used that is bound to b.
func usesOf(f *js.File, b *js.Binding) []*js.Node {
	var uses []*js.Node
	f.Root.Walk(func(n *js.Node) bool {
		if n.Kind == js.Ident && f.Binding(n) == b && !isTarget(n) {
			uses = append(uses, n)
		}
		return true
	})
	return uses
}

// has reports whether something at or below a node is so.
func has(n *js.Node, is func(*js.Node) bool) bool {
	found := false
	n.Walk(func(n *js.Node) bool {
		found = found || is(n)
		return !found
	})
	return found
}

// isCode reports whether a file is a script, or has one in it, whatever it is for.
func isCode(name string) bool { return js.Handles(name) || js.IsComponent(name) }
