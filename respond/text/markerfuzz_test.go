package text

import "testing"

// FuzzMarkers: what is read of an issue's or a comment's text is what was written into it, whoever wrote it.
func FuzzMarkers(f *testing.F) {
	f.Add(Marker(9, "0123456789abcdef0123456789abcdef") + "\nA key")
	f.Add(SummaryMarker(1) + "\n")
	f.Add("Thanks!\n" + CommentMarker("reply:4"))
	f.Add("<!-- ffffffffffffffff0123456789abcdef0123456789abcdef -->")
	f.Fuzz(func(t *testing.T, body string) {
		if repository, fingerprint, ok := ParseMarker(body); ok {
			if marker := Marker(repository, fingerprint); len(body) < len(marker) || body[:len(marker)] != marker {
				t.Errorf("%d, %q of %q", repository, fingerprint, body)
			}
		}
		if marker, ok := FindCommentMarker(body); ok != (len(marker) == len(CommentMarker(""))) {
			t.Errorf("%q, %v", marker, ok)
		}
	})
}
