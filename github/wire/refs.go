package wire

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// maxRefs bounds what a server may list, and so the memory that a list takes.
const maxRefs = 4_000_000

// Ref is a ref that a server lists. Peeled is the object that an annotated tag names in the end, or "". Target is the
// ref that a symbolic ref (HEAD) points to, or "".
type Ref struct{ Name, ID, Peeled, Target string }

// Refs lists refs under the prefixes (refs/heads/, refs/tags/, HEAD) in one POST; with no prefix, all of them. A prefix
// is not a pattern, and servers may ignore it: the answer is filtered here again. An empty repository has none. At
// most 4,000,000 refs are read. Errors are those of [Client.Fetch].
func (c *Client) Refs(ctx context.Context, url string, prefixes ...string) ([]Ref, error) {
	b := c.appendCommand(nil, "ls-refs")
	b = appendLine(b, "peel")
	b = appendLine(b, "symrefs")
	for _, p := range prefixes {
		if p == "" || len(p) > 1024 || strings.ContainsAny(p, "\n\x00") {
			return nil, fmt.Errorf("list refs of %s: %.80q is not a prefix of refs", url, p)
		}
		b = appendLine(b, "ref-prefix "+p)
	}
	body, err := c.post(ctx, url, appendFlush(b))
	if err != nil {
		return nil, err
	}
	defer body.Close()
	body.flows()
	return readRefs(body.ctx, url, body, prefixes)
}

func readRefs(ctx context.Context, url string, body io.Reader, prefixes []string) ([]Ref, error) {
	const where = "the list of refs"
	a := newAnswer(ctx, url, body)
	var refs []Ref
	for n := 0; ; n++ {
		kind, line, err := a.line(where)
		if err != nil {
			return nil, err
		}
		switch {
		case kind == flush:
			_, _ = a.r.Peek(5) // lets the transport see the end of the body and keep the connection
			return refs, nil
		case kind != data:
			return nil, a.fail(where, malformed(kind.String()+" in a list of refs"))
		case n == maxRefs:
			return nil, a.fail(where, malformed(fmt.Sprintf("more than %d refs", maxRefs)))
		}
		ref, err := parseRef(line)
		if err != nil {
			return nil, a.fail(where, err)
		}
		if ref.ID != "" && under(ref.Name, prefixes) {
			refs = append(refs, ref)
		}
	}
}

// parseRef reads "<id> <name>[ <attribute>...]". A ref that is yet unborn has no id.
func parseRef(line string) (Ref, error) {
	id, rest, _ := strings.Cut(line, " ")
	name, attributes, _ := strings.Cut(rest, " ")
	if name == "" {
		return Ref{}, malformed(fmt.Sprintf("%.200q is not a ref", line))
	}
	if id == "unborn" {
		return Ref{Name: name}, nil
	}
	if len(id) == 64 && isHex(id) {
		return Ref{}, malformed(ErrSHA256.Error())
	}
	if len(id) != 40 || !isHex(id) {
		return Ref{}, malformed(fmt.Sprintf("%.200q is not a ref", line))
	}
	ref := Ref{Name: name, ID: strings.ToLower(id)}
	for attribute := range strings.FieldsSeq(attributes) {
		if peeled, ok := strings.CutPrefix(attribute, "peeled:"); ok {
			if len(peeled) != 40 || !isHex(peeled) {
				return Ref{}, malformed(fmt.Sprintf("%.200q is not a ref", line))
			}
			ref.Peeled = strings.ToLower(peeled)
		}
		if target, ok := strings.CutPrefix(attribute, "symref-target:"); ok {
			ref.Target = target
		}
	}
	return ref, nil
}

func under(name string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return len(prefixes) == 0
}
