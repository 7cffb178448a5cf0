package github

import (
	"net/http"
	"net/url"
	"testing"
)

// FuzzNextPage: whatever a Link header says, the token goes to no other host, and what is a cursor is one of that page.
func FuzzNextPage(f *testing.F) {
	for _, link := range []string{
		`<https://api.example/repositories/1/issues?page=2>; rel="next", <https://api.example/x?page=9>; rel="last"`,
		`</app/hook/deliveries?cursor=v1_1%26&per_page=100>; rel="next"`, `<//evil.example/x>; rel="next"`, `<http://api.example/>; rel="next"`,
		`<https://user@api.example/>; rel="next"`, `<https://api.example:444/>; rel="next"`, `<%zz>; rel="next"`, `;rel="next"`, `<`, ``,
	} {
		f.Add(link)
	}
	api := &url.URL{Scheme: "https", Host: "api.example", Path: "/api/v3/"}
	f.Fuzz(func(t *testing.T, link string) {
		c := caller{api: api}
		address, err := c.nextPage(http.Header{"Link": {link}})
		if address != "" {
			next, parseErr := url.Parse(address)
			if err != nil || parseErr != nil || next.Scheme != api.Scheme || next.Host != api.Host || next.User != nil {
				t.Errorf("%q, %v, %v", address, err, parseErr)
			}
		}
		if cursor, err := c.nextCursor(http.Header{"Link": {link}}); cursor != "" && (err != nil || address == "") {
			t.Errorf("cursor %q, %v", cursor, err)
		}
	})
}
