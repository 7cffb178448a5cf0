package detect

import (
	"bytes"
	"context"

	"github.com/rekey-app/rekey/detect/encoding"

	"github.com/rekey-app/rekey/detect/budget"
)

// Withheld stands for a text that was not searched for credentials to its end.
const Withheld = "[withheld: not searched for keys to its end]"

// Redact returns text with every credential that [Scanner.Scan] finds in it replaced by what may be shown of it, whatever
// its encoding and confidence, and beyond that everything that begins like one, even where no credential could stand:
// glued to a word, or in a placeholder. It is for foreign texts that are kept or shown, such as paths and names of
// people, where masking too much does no harm. Without anything to mask it is text itself.
//
// Compressed files in the text are left as they are. A text that takes more work than some 30 ms and 30 ns for each byte, or
// longer than ctx, is replaced by [Withheld] as a whole.
func (s *Scanner) Redact(ctx context.Context, text []byte) []byte {
	masked, ok := s.mask(ctx, text)
	if !ok {
		return []byte(Withheld)
	}
	return masked
}

// RedactString is [Scanner.Redact] for short texts.
func (s *Scanner) RedactString(ctx context.Context, text string) string {
	return string(s.Redact(ctx, []byte(text)))
}

// mask is Redact without what is withheld. It reports whether all of the text was searched.
func (s *Scanner) mask(ctx context.Context, text []byte) ([]byte, bool) {
	first := 0
	if encoding.ByteOrder(text) < 0 {
		if first = s.first(ctx, text); first < 0 {
			return maskLookalikes(text), ctx.Err() == nil || len(text) <= searched
		}
	}
	o := s.newObject(ctx, 0, false)
	steps := budget.MaskSteps + int64(len(text))*budget.StepsPerByte
	o.work = budget.NewWork(steps)
	o.hidden = budget.NewWork(steps, o.work)
	o.masking = true
	res := s.examineFrom(o, "", text, encoding.ByteOrder(text), first)
	o.charge()
	if o.stopped || o.shallow || o.tally.others > 0 || o.tally.further > 0 {
		return nil, false
	}
	return maskLookalikes(maskFound(text, res.Findings)), true
}

func maskFound(text []byte, found []Finding) []byte {
	if len(found) == 0 {
		return text
	}
	var out bytes.Buffer
	at := int64(0)
	for _, f := range found {
		start, end := f.Place.Offset, f.Place.End
		if f.Member != "" || start < 0 || end <= at || end > int64(len(text)) {
			continue
		}
		if start > at {
			out.Write(text[at:start])
		}
		out.WriteString(f.Secret.Redacted())
		at = end
	}
	out.Write(text[at:])
	return out.Bytes()
}

// lookalike is what a credential begins with, and how many letters and digits must follow to be masked.
const (
	lookalikeLength = 20
	lookalikeShown  = 4
)

// maskLookalikes replaces what stands behind a credential's prefix, without asking for boundaries, length or randomness.
func maskLookalikes(text []byte) []byte {
	for _, c := range rules(false) {
		for _, prefix := range c.masked {
			text = maskBehind(text, []byte(prefix))
		}
	}
	return text
}

func maskBehind(text, prefix []byte) []byte {
	var out []byte
	kept := 0
	for at := 0; ; {
		i := bytes.Index(text[at:], prefix)
		if i < 0 {
			break
		}
		body := at + i + len(prefix)
		end := body
		for end < len(text) && encoding.IsBase62(text[end]) {
			end++
		}
		at = body // one may be glued to the next
		if end-body < lookalikeLength {
			continue
		}
		out = append(out, text[kept:body]...)
		out = append(out, "…"...)
		kept = end - lookalikeShown
	}
	if out == nil {
		return text
	}
	return append(out, text[kept:]...)
}
