package audit

import (
	"regexp"
	"slices"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/js"
)

// copiedMetadata finds metadata of users and organizations that whoever sends a request chooses.
func copiedMetadata() Check {
	return Check{
		ID: "C19", Title: "A request chooses metadata that only the server should set", Severity: detect.HighSeverity, Tier: All,
		Fix:  "Take the fields that may be chosen one by one, and check their values. A role, a plan or a permission is not among them.",
		Link: "https://clerk.com/docs/guides/users/extending",
		Why: "`publicMetadata` and `privateMetadata` can only be set with the secret key, and so apps keep roles and plans there. A handler that copies into it what a request brings hands that over: " +
			"`{\"role\": \"admin\"}` is enough.\n\n" +
			"Reported where the body, an object of it, or a role or plan of it is copied as it is, by code that mentions no administrator, permission, signature or schema. What a Server " +
			"Function is called with counts as well: types don't hold back who calls it from a console.",
		Before: []Example{{"app/api/profile/route.ts", `import { auth, clerkClient } from "@clerk/nextjs/server";

export async function POST(request: Request) {
  const { userId } = await auth();
  if (!userId) return new Response(null, { status: 401 });
  const body = await request.json();
  const clerk = await clerkClient();
  await clerk.users.updateUserMetadata(userId, { publicMetadata: { ...body } });
  return Response.json({ ok: true });
}
`}},
		After: []Example{{"app/api/profile/route.ts", `import { auth, clerkClient } from "@clerk/nextjs/server";

export async function POST(request: Request) {
  const { userId } = await auth();
  if (!userId) return new Response(null, { status: 401 });
  const body = await request.json();
  const clerk = await clerkClient();
  await clerk.users.updateUserMetadata(userId, { publicMetadata: { nickname: String(body.nickname) } });
  return Response.json({ ok: true });
}
`}},
		wants: isScript,
		find:  findCopied,
	}
}

// setsMetadata are the methods of Clerk's client that set metadata.
var setsMetadata = []string{"updateUserMetadata", "updateUser", "createUser", "updateOrganizationMetadata", "updateOrganization", "createOrganization"}

var (
	// checksCopied are words of code that looks at who asks, or at what comes.
	checksCopied = regexp.MustCompile(`(?i)admin|role(check|s$)|(check|has|require|assert)role|permission|^has$|protect|superuser|owner|verif|secret|svix|signature|schema|parse$|validat|saniti|allowed|^includes$|^z$|zod|yup`)
	adminPath    = regexp.MustCompile(`(?i)admin|internal|webhook|script|seed`)
)

func findCopied(p *project) []Finding {
	var found []Finding
	p.scripts([]string{"publicMetadata|privateMetadata", ".updateUser|.createUser|.updateOrganization|.createOrganization", reading + "|use server"}, func(f *js.File) {
		if adminPath.MatchString(f.Path) {
			return
		}
		f.Root.Walk(func(n *js.Node) bool {
			if n.Kind != js.Call || n.Kids[0].Kind != js.Member || !slices.Contains(setsMetadata, n.Kids[0].Text) {
				return true
			}
			for _, argument := range n.Args() {
				for _, name := range []string{"publicMetadata", "privateMetadata"} {
					value, _ := f.Value(argument).Property(name)
					if copied, seen := copiedIn(f, name, value); copied != nil && !checksIn(outermostFunction(n)) {
						found = append(found, Finding{Path: f.Path, Range: placeOf(f, copied), Seen: seen})
					}
				}
			}
			return true
		})
	})
	return found
}

// copiedIn returns what of the body of a request a value of metadata copies, and what to say of it.
func copiedIn(f *js.File, name string, value *js.Node) (*js.Node, string) {
	if value == nil {
		return nil, ""
	}
	if isFromBody(f, value, hopsOfBody) {
		return value.Parent, "whoever sends the request chooses " + name
	}
	object := f.Value(value)
	if object.Kind != js.Object {
		return nil, ""
	}
	for _, p := range object.Kids {
		switch {
		case p.Kind == js.Spread && isFromBody(f, p.Kids[0], hopsOfBody):
			return p, "whoever sends the request adds to " + name + " what they like"
		case p.Kind == js.Property && isPrivilege(p.Text) && p.Kids[0] != nil && isFromBody(f, p.Kids[0], hopsOfBody):
			return p, "whoever sends the request chooses " + name + "." + p.Text
		}
	}
	return nil, ""
}

const hopsOfBody = 5

// isFromBody reports whether an expression is the parsed body of a request, or what a Server Function is called with, or a property of it, as it
// came.
func isFromBody(f *js.File, n *js.Node, left int) bool {
	if left == 0 || n == nil {
		return false
	}
	switch n.Kind {
	case js.Await:
		return isFromBody(f, n.Kids[0], left-1)
	case js.Call:
		callee := n.Kids[0]
		return callee.Kind == js.Member && callee.Text == "json" && len(n.Kids) == 1 && isGiven(f, callee.Kids[0]) ||
			callee.Kind == js.Ident && callee.Text == "readBody" && len(n.Kids) == 2 ||
			callee.Kind == js.Member && callee.Text == "get" && isForm.MatchString(callee.Kids[0].Text) && isCallersChoice(f, callee.Kids[0])
	case js.Member:
		if n.Text == "body" && n.Kids[0].Kind == js.Ident && isGiven(f, n.Kids[0]) {
			return true
		}
		return n.Kids[0].Kind != js.Call && isFromBody(f, n.Kids[0], left-1)
	case js.Ident:
		b := f.Binding(n)
		if isCallersChoice(f, n) {
			return !isForm.MatchString(n.Text)
		}
		if b == nil || b.Value == nil || b.Assigned {
			return false
		}
		if b.Property == "body" && isGiven(f, b.Value) {
			return true
		}
		return isFromBody(f, b.Value, left-1)
	}
	return false
}

// isForm is what a parameter is called that holds a form: its fields are read one by one.
var isForm = regexp.MustCompile(`(?i)form|^fd$`)

// isCallersChoice reports whether a name is a parameter of a Server Function that a file with "use server" exports.
func isCallersChoice(f *js.File, n *js.Node) bool {
	b := f.Binding(n)
	if b == nil || b.Function == nil || b.Assigned || !slices.Contains(f.Directives, "use server") {
		return false
	}
	for _, exported := range f.Exports {
		if f.Value(exported) == b.Function {
			return true
		}
	}
	return false
}

// outermostFunction returns the function around a node that is in no other, or the module.
func outermostFunction(n *js.Node) *js.Node {
	for {
		up := n.Function()
		if up == nil {
			return n
		}
		n = up
	}
}

// checksIn reports whether code mentions who may do it, or what it takes.
func checksIn(n *js.Node) bool {
	return has(n, func(n *js.Node) bool {
		switch n.Kind {
		case js.Ident, js.Member, js.String, js.Property:
			return checksCopied.MatchString(n.Text)
		}
		return false
	})
}
