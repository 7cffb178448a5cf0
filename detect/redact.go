package detect

import (
	"bytes"
	"context"
)

// Redact returns text with every credential that [Scanner.Scan] finds in it replaced by what may be shown of it, whatever
// its encoding and confidence, and beyond that everything that begins like one, even where no credential could stand:
// glued to a word, or in a placeholder. It is for foreign texts that are kept or shown, such as the bodies of webhooks,
// paths and names of people, where masking too much does no harm. Without anything to mask it is text itself.
func (s *Scanner) Redact(ctx context.Context, text []byte) []byte {
	return maskLookalikes(maskFound(text, s.Scan(ctx, "", text)))
}

// RedactString is [Scanner.Redact] for short texts.
func (s *Scanner) RedactString(ctx context.Context, text string) string {
	return string(s.Redact(ctx, []byte(text)))
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
	for _, prefix := range []string{"k_live_", "k_test_", "whsec_", "ak_"} {
		text = maskBehind(text, []byte(prefix))
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
		for end < len(text) && isBase62(text[end]) {
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
