package detect

import (
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect/encoding"
)

// view is a text as read: the stored one, or what a stretch of it decodes to.
type view struct {
	text   []byte
	parent *view  // nil for the stored text
	layer  string // how text is encoded in the parent
	depth  int
	// span gives the stretch of the parent that text[i:j] was decoded from. nil for the stored text, and for what was
	// compressed, which stands where whole says.
	span  func(i, j int) (from, to int)
	whole [2]int
	// A finding must start at from or later and end at to or before: beyond, the text is cut, and others see more of it.
	from, to int
	// truncated means that text is but a line's share of an encoded text: what reaches its end may go on in the next line.
	truncated bool
	member    string // of an archive within the stored text
	area      *area  // nil before the first finding
}

func rootView(text []byte) *view { return &view{text: text, to: len(text)} }

// child returns a view of what a stretch of v decodes to.
func (v *view) child(d encoding.Decoded) *view {
	return &view{text: d.Text, parent: v, layer: d.Encoding, depth: v.depth + 1, span: d.Span, to: len(d.Text), member: v.member}
}

// up returns the stretch of the parent where text[i:j] stands.
func (v *view) up(i, j int) (int, int) {
	if v.span == nil {
		return v.whole[0], v.whole[1]
	}
	return v.span(i, j)
}

// place returns the stretch of the stored text where text[i:j] stands.
func (v *view) place(i, j int) (int, int) {
	for ; v.parent != nil; v = v.parent {
		i, j = v.up(i, j)
	}
	return i, j
}

// encoding returns the layers from the outside in, with the forms of the characters innermost.
func (v *view) encoding(f encoding.Forms) string {
	var layers []string
	for ; v.parent != nil; v = v.parent {
		layers = append(layers, v.layer)
	}
	slices.Reverse(layers)
	layers = append(layers, f.Names()...)
	if len(layers) == 0 {
		return Plain
	}
	return strings.Join(layers, "+")
}
