package relay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/tidwall/gjson"
)

// delivery is a webhook delivery as a channel passes it on.
type delivery struct {
	header http.Header
	body   []byte // as the channel encoded it
}

// deliveryOf reads the data of an event: a JSON object with the request's headers, in lower case, and its body.
func deliveryOf(data []byte) (delivery, error) {
	if !json.Valid(data) {
		return delivery{}, errors.New("it isn't JSON")
	}
	all := gjson.ParseBytes(data)
	d := delivery{header: http.Header{"Content-Type": {"application/json"}}}
	for _, name := range []string{"X-GitHub-Event", "X-GitHub-Delivery", "X-Hub-Signature-256"} {
		value := all.Get(gjson.Escape(lower(name)))
		if value.Type != gjson.String || value.Str == "" {
			return delivery{}, errors.New("it lacks " + name)
		}
		d.header.Set(name, value.Str)
	}
	body := all.Get("body")
	switch {
	case !body.IsObject():
		return delivery{}, errors.New("it has no body that is a JSON object")
	case body.Get("payload").Type == gjson.String && !body.Get("sender").Exists():
		return delivery{}, errors.New("it is a form: set the webhook's content type to application/json")
	}
	d.body = []byte(body.Raw)
	return d, nil
}

func lower(name string) string {
	return string(bytes.ToLower([]byte(name)))
}

// signed returns the body as it was signed. smee.io parses what GitHub sends, and passes on what JavaScript's JSON.stringify makes of it:
// mostly the same bytes, but that GitHub escapes what could be markup. Where neither has the signature, the body is as it came.
func (d delivery) signed(verify func([]byte) bool) (body []byte, signed bool) {
	if verify(d.body) {
		return d.body, true
	}
	if escaped := escapeMarkup(d.body); verify(escaped) {
		return escaped, true
	}
	return d.body, false
}

// escapeMarkup writes JSON as those do who want it to be harmless inside of HTML. In JSON, these characters are only in strings.
func escapeMarkup(text []byte) []byte {
	var b bytes.Buffer
	json.HTMLEscape(&b, text)
	return b.Bytes()
}

// deliver hands a delivery to the handler that takes those of GitHub, and returns its answer's status.
func deliver(ctx context.Context, to http.Handler, header http.Header, body []byte) int {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/webhook", bytes.NewReader(body))
	if err != nil {
		return http.StatusBadRequest
	}
	r.Header, r.RemoteAddr = header, "127.0.0.1:0"
	r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	a := &answer{header: http.Header{}, status: http.StatusOK}
	to.ServeHTTP(a, r)
	return a.status
}

// answer keeps the status of an answer.
type answer struct {
	header http.Header
	status int
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) Write(b []byte) (int, error) { return len(b), nil }
func (a *answer) WriteHeader(status int)      { a.status = status }
