package js

// bind finds what the names of the file are bound to. Lowering has made names differ from those of the scopes around them, so that the
// nearest declaration is the one that is meant.
func (f *File) bind() {
	var assigned []*Node
	f.Root.Walk(func(n *Node) bool {
		switch n.Kind {
		case Declarator:
			scope := n
			if n.Parent.Text == "var" {
				for scope.Kind != Function && scope.Kind != Module {
					scope = scope.Parent
				}
			}
			f.pattern(scope, n.Kids[0], &Binding{Value: n.Kids[1]})
		case Function:
			f.bindFunction(n)
		case Class:
			if n.Text != "" {
				f.declare(n.Parent, n.Text, &Binding{Value: n})
			}
		case Catch:
			f.pattern(n, n.Kids[0], &Binding{})
		case Assign:
			assigned = append(assigned, n.Kids[0])
		case Unary:
			if n.Text == "++" || n.Text == "--" {
				assigned = append(assigned, n.Kids[0])
			}
		case Loop:
			if target := n.Kid(0); target != nil && target.Kind != Declaration {
				assigned = append(assigned, target)
			}
		}
		return true
	})
	for _, target := range assigned {
		target.Walk(func(n *Node) bool {
			if b := f.Binding(n); b != nil {
				b.Assigned = true
			}
			return n.Kind != Member && n.Kind != Index && n.Kind != Function
		})
	}
	f.commonJS(assigned)
}

func (f *File) bindFunction(n *Node) {
	if n.Text != "" {
		// A declaration is known in the block around it, the name of an expression within it: both do no harm there.
		f.declare(n.Parent, n.Text, &Binding{Value: n})
	}
	for i, p := range n.Kids[1:] {
		f.pattern(n, p.Kids[0], &Binding{Function: n, Parameter: i})
	}
}

// pattern binds the names of a pattern, which stand for b's value or parts of it.
func (f *File) pattern(scope, target *Node, b *Binding) {
	if target == nil {
		return
	}
	switch target.Kind {
	case Ident:
		f.declare(scope, target.Text, b)
	case Default:
		f.pattern(scope, target.Kids[0], &Binding{Assigned: true})
	case ObjectPattern:
		for _, p := range target.Kids {
			part := &Binding{Assigned: true} // a part of a part: not known
			if value := p.Kid(0); p.Kind == Property && p.Text != "" && b.Property == "" && !b.Assigned && value != nil && value.Kind == Ident {
				part = &Binding{Value: b.Value, Function: b.Function, Parameter: b.Parameter, Property: p.Text}
			}
			f.pattern(scope, p.Kid(0), part)
		}
	case ArrayPattern:
		for _, element := range target.Kids {
			f.pattern(scope, element, &Binding{Assigned: true})
		}
	case Spread:
		f.pattern(scope, target.Kids[0], &Binding{Assigned: true})
	}
}

// declare makes a name known in the nearest scope around: a block, a loop, a function or the module.
func (f *File) declare(n *Node, name string, b *Binding) {
	for n.Parent != nil && n.Kind != Block && n.Kind != Loop && n.Kind != Function && n.Kind != Catch && n.Kind != Switch {
		n = n.Parent
	}
	names := f.scopes[n]
	if names == nil {
		names = map[string]*Binding{}
		f.scopes[n] = names
	}
	if old := names[name]; old != nil {
		b.Assigned = true // declared twice: which one is meant is not known
	}
	names[name] = b
}

// commonJS takes what a file exports by assignments to module.exports and exports.
func (f *File) commonJS(assigned []*Node) {
	for _, target := range assigned {
		if target == nil || target.Parent.Kind != Assign || target.Parent.Text != "=" {
			continue
		}
		value := target.Parent.Kids[1]
		path := target.Path()
		for _, prefix := range []string{"module.exports", "exports"} {
			if path == prefix && prefix == "module.exports" {
				f.Exports["default"] = value
				if value.Kind == Object {
					for _, p := range value.Kids {
						if p.Kind == Property && p.Text != "" {
							f.Exports[p.Text] = p.Kids[0]
						}
					}
				}
			} else if len(path) > len(prefix)+1 && path[:len(prefix)+1] == prefix+"." {
				f.Exports[path[len(prefix)+1:]] = value
			}
		}
	}
}
