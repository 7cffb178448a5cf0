package js

// Kind says what a node is.
type Kind uint8

// The kinds of nodes. What follows each is what Text holds and what Kids are; a part that is left out is nil.
const (
	Other         Kind = iota // what no check asks about, with its parts
	Module                    // statements
	Block                     // statements
	Statement                 // an expression whose value nobody takes: the expression
	Declaration               // var, where Text says so, let or const: declarators
	Declarator                // the target, the value or nil
	Return                    // the value or nil
	Throw                     // the value
	If                        // the test, the statement, the other one or nil
	Conditional               // the test, the value, the other one
	Loop                      // its parts
	Switch                    // the value, cases
	Case                      // the value or nil, statements
	Try                       // the block, the catch's Catch or nil, the last block or nil
	Catch                     // the target or nil, the block
	Ident                     // its name
	Member                    // the property's name; the object
	Index                     // the object, the key
	Call                      // the function, arguments
	New                       // the class, arguments
	Function                  // its name; the body, parameters
	Parameter                 // the target, the default or nil; a rest parameter's Text is "..."
	Class                     // its name; the superclass or nil, members
	Property                  // of an object, pattern or class: its name, or empty where computed; the value or nil, the key or nil
	Object                    // properties and spreads
	Array                     // elements and spreads, nil for a hole
	ObjectPattern             // properties, spreads
	ArrayPattern              // targets, spreads, nil for a hole
	Default                   // in a pattern: the target, the default
	Spread                    // what is spread
	String                    // its value
	Template                  // its texts, with \x00 for each expression; expressions
	Literal                   // a number, a boolean, null, a regular expression as written
	Unary                     // the operator; the operand
	Binary                    // the operator, with && || ??; both operands
	Assign                    // the operator, = or with what comes before it; the target, the value
	Sequence                  // expressions
	Await                     // the operand
	Yield                     // the operand or nil
	Import                    // the module that is required or imported: its name
	Element                   // JSX: the tag (nil for a fragment), the attributes (an Object) or nil, children
)

// Node is a part of a file.
type Node struct {
	Kind   Kind
	Async  bool // of functions, and of an import that a promise gives
	Text   string
	Kids   []*Node
	Parent *Node
	at     int // where it begins in the text that was parsed
}

// Kid returns a part, or nil where there are not as many.
func (n *Node) Kid(i int) *Node {
	if n == nil || i >= len(n.Kids) {
		return nil
	}
	return n.Kids[i]
}

// Args returns the arguments of a call.
func (n *Node) Args() []*Node {
	if len(n.Kids) == 0 {
		return nil
	}
	return n.Kids[1:]
}

// Walk calls do with the node and all below it, in the order of the text, but for what is below a node for which do returns false.
func (n *Node) Walk(do func(*Node) bool) {
	if n == nil || !do(n) {
		return
	}
	for _, kid := range n.Kids {
		kid.Walk(do)
	}
}

// Function returns the function that the node is in, or nil at the top of the module. A function is not in itself.
func (n *Node) Function() *Node { return n.above(Function) }

// above returns the nearest node of that kind above.
func (n *Node) above(kind Kind) *Node {
	for n = n.Parent; n != nil && n.Kind != kind; n = n.Parent {
	}
	return n
}

// Within reports whether the node is other, or below it.
func (n *Node) Within(other *Node) bool {
	for ; n != nil; n = n.Parent {
		if n == other {
			return true
		}
	}
	return false
}

// Path returns the names of a chain of members: "process.env.NAME". It is empty where the node is none.
func (n *Node) Path() string {
	switch {
	case n == nil:
	case n.Kind == Ident:
		return n.Text
	case n.Kind == Member && n.Text != "":
		if path := n.Kids[0].Path(); path != "" {
			return path + "." + n.Text
		}
	case n.Kind == Index && n.Kids[1] != nil && n.Kids[1].Kind == String:
		if path := n.Kids[0].Path(); path != "" {
			return path + "." + n.Kids[1].Text
		}
	}
	return ""
}

// Property returns the value of an object's property. It is nil where there is none of that name; sure is false where a spread or a
// computed key may have set it too.
func (n *Node) Property(name string) (value *Node, sure bool) {
	sure = true
	if n == nil || n.Kind != Object && n.Kind != ObjectPattern {
		return nil, false
	}
	for _, p := range n.Kids {
		switch {
		case p.Kind != Property || p.Text == "":
			sure = false
		case p.Text == name:
			value = p.Kids[0]
		}
	}
	return value, sure
}

// Fate is what becomes of an expression's value.
type Fate uint8

// The fates.
const (
	Used      Fate = iota // something takes it: an assignment, a call, a test
	Discarded             // nothing does
	Awaited
	Returned // also by a concise arrow function, or yielded
	Ignored  // void says that nothing is to take it
)

// Fate says what becomes of the node's value, through parentheses, conditions and sequences.
func (n *Node) Fate() Fate {
	for parent := n.Parent; parent != nil; n, parent = parent, parent.Parent {
		switch parent.Kind {
		case Statement:
			return Discarded
		case Await:
			return Awaited
		case Return, Yield:
			return Returned
		case Unary:
			if parent.Text == "void" {
				return Ignored
			}
			return Used
		case Conditional:
			if parent.Kids[0] == n {
				return Used
			}
		case Binary:
			if parent.Kids[0] == n || parent.Text != "&&" && parent.Text != "||" && parent.Text != "??" {
				return Used
			}
		case Sequence:
			if parent.Kids[len(parent.Kids)-1] != n {
				return Discarded
			}
		default:
			return Used
		}
	}
	return Used
}
