package detect

import (
	"bytes"
	"context"
)

// Redact returns text with every credential that [Scanner.Scan] finds in it replaced by what may be shown of it, whatever
// its encoding and confidence: for foreign texts that are kept or shown, such as the bodies of webhooks, paths and names
// of people. Without a finding it is text itself.
func (s *Scanner) Redact(ctx context.Context, text []byte) []byte {
	found := s.Scan(ctx, "", text)
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

// RedactString is [Scanner.Redact] for short texts.
func (s *Scanner) RedactString(ctx context.Context, text string) string {
	return string(s.Redact(ctx, []byte(text)))
}
