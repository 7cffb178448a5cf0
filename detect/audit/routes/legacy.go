package routes

import "github.com/rekey-app/rekey/detect/audit/js"

// runLegacy follows authMiddleware, which refuses every path without a session that isn't in one of its lists.
func (f *frame) runLegacy(at place) outcome {
	args := at.node.Args()
	if f.request.signedIn {
		return outcome{falls: true}
	}
	if len(args) == 0 {
		f.refuse(at.node, "authMiddleware()", namedRefusal)
		return outcome{throws: true}
	}
	options := f.program.value(place{at.file, args[0]})
	if options.node == nil || options.node.Kind != js.Object {
		return anyway()
	}
	if _, sure := options.node.Property("publicRoutes"); !sure {
		return anyway()
	}
	if after, _ := options.node.Property("afterAuth"); after != nil {
		return anyway() // it decides
	}
	sure := true
	for _, name := range []string{"publicRoutes", "ignoredRoutes"} {
		list, _ := options.node.Property(name)
		if list == nil {
			continue
		}
		if v := f.inList(at, place{options.file, list}); v.truth == yes {
			return outcome{falls: true}
		} else if v.truth == maybe {
			sure = false
		}
	}
	if !sure {
		return anyway()
	}
	f.refuse(at.node, "authMiddleware()", namedRefusal)
	return outcome{throws: true}
}
