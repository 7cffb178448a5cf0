package githubtest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// object is a JSON object.
type object = map[string]any

// answer is what an endpoint says.
type answer struct {
	status        int
	body          any    // JSON; nil with raw for bytes
	raw           []byte // the body as it is, when kind is set
	kind          string // Content-Type of raw
	link          string // Link header
	location      string
	documentation string
	date          time.Time // the server's clock; zero: the machine's
	header        http.Header
	etag          bool   // with an ETag
	known         string // the ETag that the client knows: it is answered 304
}

func ok(body any) answer      { return answer{status: http.StatusOK, body: body} }
func created(body any) answer { return answer{status: http.StatusCreated, body: body} }

// fail is an error with GitHub's usual body.
func fail(status int, message string) answer {
	return answer{status: status, body: object{"message": message}}
}

func notFound() answer { return fail(http.StatusNotFound, "Not Found") }

// invalid is 422 for fields that break a rule of a resource.
func invalid(errs ...object) answer {
	return answer{status: http.StatusUnprocessableEntity, body: object{"message": "Validation Failed", "errors": errs}}
}

func fieldError(resource, field, code, message string) object {
	e := object{"resource": resource, "field": field, "code": code}
	if message != "" {
		e["message"] = message
	}
	return e
}

// unfit is 422 for a request that does not fit the endpoint's description.
func unfit(format string, args ...any) answer {
	return answer{
		status: http.StatusUnprocessableEntity,
		body:   object{"message": "Invalid request.\n\n" + fmt.Sprintf(format, args...)},
	}
}

func (a answer) write(w http.ResponseWriter) {
	h := w.Header()
	maps.Copy(h, a.header)
	if !a.date.IsZero() {
		h.Set("Date", a.date.UTC().Format(http.TimeFormat))
	}
	if a.link != "" {
		h.Set("Link", a.link)
	}
	if a.location != "" {
		h.Set("Location", a.location)
	}
	if a.kind != "" {
		h.Set("Content-Type", a.kind)
		w.WriteHeader(a.status)
		_, _ = w.Write(a.raw) // the client's going away is the client's affair
		return
	}
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	if body, isObject := a.body.(object); isObject && a.status >= 300 {
		if a.documentation == "" {
			a.documentation = "https://docs.github.com/rest"
		}
		body["documentation_url"] = a.documentation
		body["status"] = strconv.Itoa(a.status)
	}
	text, err := json.Marshal(a.body)
	if err != nil {
		http.Error(w, "githubtest: "+err.Error(), http.StatusInternalServerError)
		return
	}
	if a.etag {
		sum := sha256.Sum256(text)
		tag := `W/"` + hex.EncodeToString(sum[:]) + `"`
		h.Set("ETag", tag)
		if a.known == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	h.Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(a.status)
	_, _ = w.Write(text)
}

// page cuts the page that the request asks for out of all items, and names its neighbours in a Link header.
func page[T any](c *call, items []T) (cut []T, link string) {
	query := c.r.URL.Query()
	size := atoiOr(query.Get("per_page"), 30)
	size = min(max(size, 1), 100)
	number := max(atoiOr(query.Get("page"), 1), 1)
	last := max((len(items)+size-1)/size, 1)
	var links []string
	add := func(n int, rel string) {
		q := url.Values{}
		maps.Copy(q, query)
		q.Set("page", strconv.Itoa(n))
		links = append(links, fmt.Sprintf("<%s?%s>; rel=%q", c.address(), q.Encode(), rel))
	}
	if number > 1 {
		add(min(number-1, last), "prev")
	}
	if number < last {
		add(number+1, "next")
		add(last, "last")
	}
	if number > 1 {
		add(1, "first")
	}
	from := min((number-1)*size, len(items))
	to := min(from+size, len(items))
	return items[from:to], strings.Join(links, ", ")
}

func atoiOr(s string, otherwise int) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return otherwise
	}
	return n
}
