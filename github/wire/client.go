package wire

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

const (
	requestType  = "application/x-git-upload-pack-request"
	resultType   = "application/x-git-upload-pack-result"
	maxRedirects = 5
)

// Client fetches from git servers. It is safe for concurrent use.
type Client struct {
	// HTTP carries the authorization, in its transport; nil is [http.DefaultClient]. Its Timeout, if any, covers the
	// reading of the pack as well. Its CheckRedirect is not used: the client follows a redirect (a renamed repository)
	// by sending the same POST again, at most 5 times, and only to the same scheme and host, so that no credential goes
	// elsewhere.
	HTTP      *http.Client
	UserAgent string // "": rekey
	Timeouts  Timeouts
}

// Request says what to fetch.
type Request struct {
	// Wants are object ids, 40 hexadecimal digits, at least one; they need not be tips of refs.
	Wants []string
	// Haves are object ids that need not be sent, with all that they reach. Servers ignore those that they do not know.
	// The all-zero id (the before of a new branch) is left out.
	Haves []string
	// Deepen, if positive, cuts history that many commits below each want.
	Deepen int
	// Filter, if not empty, leaves objects out that the wants do not name themselves: blob:none, blob:limit=64k (git's
	// rev-list --filter). GitHub takes it; a server without filters ends its answer before it began.
	Filter string
	// RequireCommon makes [Client.Fetch] fail with [ErrNoCommonHave], before anything is transferred, when there are
	// Haves and the server knows none of them. Without it the server answers such a request with the whole history:
	// it cannot tell unknown haves apart from none once the request says done.
	//
	// It costs nothing when every want descends from a have or from a parent of one (a plain push, an amended commit):
	// the pack comes with the acknowledgments. Otherwise a second POST is needed. Leave it off only where the haves are
	// surely known, as tips just listed are; what an event names may be gone.
	RequireCommon bool
}

// Fetch asks the repository at url (https://github.com/owner/name.git) for the request in one POST (two at most, see
// [Request.RequireCommon]) and returns the packfile as it comes; the caller reads it to its end, where errors of the
// server also surface, and closes it. Ending early is an error that wraps [io.ErrUnexpectedEOF]. Errors are
// [*StatusError] for an HTTP status, [*ServerError] for the server's own words (ERR packets, sideband 3),
// [*ProtocolError] for an answer that is not git's.
func (c *Client) Fetch(ctx context.Context, url string, req Request) (io.ReadCloser, error) {
	wants, err := objectIDs(req.Wants)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: wants: %w", url, err)
	}
	if len(wants) == 0 {
		return nil, fmt.Errorf("fetch %s: nothing is wanted: give at least one object id that is not all zeros", url)
	}
	haves, err := objectIDs(req.Haves)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: haves: %w", url, err)
	}
	if req.Filter != printable(req.Filter) {
		return nil, fmt.Errorf("fetch %s: %.80q is not a filter: it is printable ASCII without spaces", url, req.Filter)
	}
	if req.RequireCommon && len(haves) > 0 {
		pack, common, err := c.fetch(ctx, url, c.fetchBody(wants, haves, req.Deepen, req.Filter, false))
		switch {
		case err != nil:
			return nil, err
		case pack != nil:
			return pack, nil
		case !common:
			return nil, fmt.Errorf("fetch %s: %w", url, ErrNoCommonHave)
		}
	}
	pack, _, err := c.fetch(ctx, url, c.fetchBody(wants, haves, req.Deepen, req.Filter, true))
	if err == nil && pack == nil {
		err = &ProtocolError{URL: url, Detail: "the server goes on negotiating after the request said done"}
	}
	if err != nil {
		return nil, err
	}
	return pack, nil
}

// fetchBody writes the command. Without done the server may answer with acknowledgments only.
func (c *Client) fetchBody(wants, haves []string, deepen int, filter string, done bool) []byte {
	b := make([]byte, 0, 256+50*(len(wants)+len(haves)))
	b = c.appendCommand(b, "fetch")
	b = appendLine(b, "ofs-delta")
	b = appendLine(b, "no-progress")
	for _, id := range wants {
		b = appendLine(b, "want "+id)
	}
	for _, id := range haves {
		b = appendLine(b, "have "+id)
	}
	if deepen > 0 {
		b = appendLine(b, fmt.Sprintf("deepen %d", deepen))
	}
	if filter != "" {
		b = appendLine(b, "filter "+filter)
	}
	if done {
		b = appendLine(b, "done")
	}
	return appendFlush(b)
}

func (c *Client) appendCommand(b []byte, name string) []byte {
	b = appendLine(b, "command="+name)
	b = appendLine(b, "agent="+printable(c.userAgent()))
	b = appendLine(b, "object-format=sha1")
	return appendDelim(b)
}

// fetch performs one POST. A nil pack without an error means acknowledgments only.
func (c *Client) fetch(ctx context.Context, url string, request []byte) (pack io.ReadCloser, common bool, err error) {
	body, err := c.post(ctx, url, request)
	if err != nil {
		return nil, false, err
	}
	a := newAnswer(body.ctx, url, body)
	ready, common, err := a.sections()
	if err != nil || !ready {
		_ = body.Close() // nothing of it is used any more
		return nil, common, err
	}
	return &packReader{a: a, body: body}, common, nil
}

// post sends the request and returns the body of an answer that claims to be git's.
func (c *Client) post(ctx context.Context, repository string, request []byte) (_ *timedBody, err error) {
	at, err := url.Parse(strings.TrimSuffix(repository, "/") + "/git-upload-pack")
	if err != nil {
		return nil, fmt.Errorf("repository's address: %w", err)
	}
	if at.User != nil {
		return nil, fmt.Errorf("repository's address on %s holds credentials: they belong into the client's transport", at.Host)
	}
	if at.Scheme != "http" && at.Scheme != "https" {
		return nil, fmt.Errorf("repository's address %s: only http and https are spoken", repository)
	}
	client := http.Client{}
	if c.HTTP != nil {
		client = *c.HTTP
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	body := c.Timeouts.begin(ctx)
	defer func() {
		if err != nil {
			body.end()
			err = body.explain(err)
		}
	}()
	for hop := 0; ; hop++ {
		resp, err := c.send(body.ctx, &client, at, request)
		if err != nil {
			return nil, err
		}
		next, moved := redirect(at, resp)
		if !moved || hop == maxRedirects {
			body.ReadCloser = resp.Body
			resp.Body = body
			return body, accept(repository, resp)
		}
		_ = resp.Body.Close() // a redirect's page is of no interest
		at = next
	}
}

func (c *Client) send(ctx context.Context, client *http.Client, at *url.URL, request []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, at.String(), bytes.NewReader(request))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", requestType)
	r.Header.Set("Accept", resultType)
	r.Header.Set("Git-Protocol", "version=2")
	r.Header.Set("User-Agent", c.userAgent())
	return client.Do(r)
}

func (c *Client) userAgent() string {
	if c.UserAgent == "" {
		return "rekey"
	}
	return c.UserAgent
}

// redirect says where an answer moves the request, if it may be followed there.
func redirect(from *url.URL, resp *http.Response) (*url.URL, bool) {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, false
	}
	to, err := resp.Location()
	if err != nil || to.Scheme != from.Scheme || to.Host != from.Host || to.User != nil {
		return nil, false
	}
	return to, true
}

// accept returns nil for a good answer, and closes another one.
func accept(repository string, resp *http.Response) error {
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if resp.StatusCode == http.StatusOK && err == nil && kind == resultType {
		return nil
	}
	defer resp.Body.Close()
	start, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	if resp.StatusCode != http.StatusOK {
		// What could be read of the body is all there is to tell; the status says the rest.
		return &StatusError{URL: repository, Status: resp.StatusCode, Header: resp.Header, Body: string(start)}
	}
	if err != nil {
		return fmt.Errorf("POST %s: reading the answer: %w", repository, err)
	}
	return &ProtocolError{URL: repository, Detail: fmt.Sprintf(
		"the answer is %.80q, not %s: something between here and the git server answers in its place",
		resp.Header.Get("Content-Type"), resultType)}
}

// objectIDs checks ids and drops repeats and all-zero ones, keeping the order.
func objectIDs(ids []string) ([]string, error) {
	seen := make(map[string]bool, len(ids))
	good := make([]string, 0, len(ids))
	for _, id := range ids {
		if len(id) == 64 && isHex(id) {
			return nil, fmt.Errorf("%s: %w", id, ErrSHA256)
		}
		if len(id) != 40 || !isHex(id) {
			return nil, fmt.Errorf("%.80q is not an object id of 40 hexadecimal digits", id)
		}
		id = strings.ToLower(id)
		if strings.Trim(id, "0") == "" || seen[id] {
			continue
		}
		seen[id] = true
		good = append(good, id)
	}
	return good, nil
}

func isHex(s string) bool {
	for i := range len(s) {
		if _, ok := hexDigit(s[i]); !ok {
			return false
		}
	}
	return true
}

// printable makes a text fit for a line's argument, such as the agent capability: printable ASCII without spaces.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '-'
		}
		return r
	}, s)
}
