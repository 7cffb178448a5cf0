package github

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Pages by number lose a text for each one that is deleted before them. So lists that GitHub sorts by the time of the last change are read
// on from the time where the last page ended, and what was changed meanwhile comes at the end. The other two, of comments on commits and
// of releases, are read by number: each page is proved to begin where the one before it ended, and else they are read back to there.

// restCursor is where a list of REST is read on. It is a query, with two parameters of our own; so it stays good when the repository is renamed.
type restCursor struct {
	query url.Values
	seen  []string // ids of texts of the last page that come again
	last  string   // id of the last page's last text, in a list by number
}

// The parameters of our own.
const seenParameter, lastParameter = "rekey_seen", "rekey_last"

func parseRESTCursor(cursor string) (restCursor, error) {
	query, err := url.ParseQuery(cursor)
	if err != nil {
		return restCursor{}, &InvalidError{"cursor", fmt.Sprintf("%.80q is none", cursor)}
	}
	at := restCursor{query: query, last: query.Get(lastParameter)}
	if seen := query.Get(seenParameter); seen != "" {
		at.seen = strings.Split(seen, ",")
	}
	query.Del(seenParameter)
	query.Del(lastParameter)
	return at, nil
}

func (at restCursor) String() string {
	query := maps.Clone(at.query)
	if len(at.seen) > 0 {
		query.Set(seenParameter, strings.Join(at.seen, ","))
	}
	if at.last != "" {
		query.Set(lastParameter, at.last)
	}
	return query.Encode()
}

// since is from when on the cursor's page lists what was changed; zero: from the beginning.
func (at restCursor) since() time.Time {
	since, _ := time.Parse(time.RFC3339, at.query.Get("since"))
	return since
}

// fresh are those of a page's texts that the page before it did not have as they are.
func (at restCursor) fresh(page []textJSON) []textJSON {
	until := at.since().Add(sameTime)
	return slices.DeleteFunc(page, func(t textJSON) bool {
		return !t.UpdatedAt.After(until) && slices.Contains(at.seen, strconv.FormatInt(t.ID, 10))
	})
}

// sameTime is how far before the last text's time the next page begins: GitHub's times are whole seconds, and whether since includes its own is
// told in two ways.
const sameTime = time.Second

// following is the cursor of the page after one that was listed whole; link is the query of GitHub's own next page.
func (at restCursor) following(listed []textJSON, link url.Values) restCursor {
	next := restCursor{query: link}
	if len(listed) == 0 {
		return next
	}
	end := listed[len(listed)-1]
	if at.query.Get("sort") == "" {
		next.last = strconv.FormatInt(end.ID, 10)
		return next
	}
	since := end.UpdatedAt.UTC().Add(-sameTime)
	var again []string
	for _, t := range listed {
		if !t.UpdatedAt.Before(since) {
			again = append(again, strconv.FormatInt(t.ID, 10))
		}
	}
	if len(again)*2 > len(listed) { // so many were changed at once that by time it would go on at a crawl
		next.seen = at.seen
		return next
	}
	next.seen = again
	next.query = maps.Clone(at.query)
	next.query.Del("page")
	next.query.Set("since", since.Format(time.RFC3339))
	return next
}

// restPage reads the page at the cursor, and says where the next one is and about how many texts are left; -1: not known.
func (c *Client) restPage(ctx context.Context, op, of string, at restCursor) (texts []textJSON, next string, left int, err error) {
	var listed []textJSON
	header, err := c.texts(ctx, op, of, at.query, &listed)
	if err != nil {
		return nil, "", 0, err
	}
	link, left, err := c.linked(header, at.query)
	if err != nil {
		return nil, "", 0, &Error{Op: op, About: c.calls.about, Err: err}
	}
	if link != nil {
		next = at.following(listed, link).String()
	}
	texts = at.fresh(slices.Clone(listed))
	if at.last != "" {
		missed, err := c.missed(ctx, op, of, at)
		return append(missed, texts...), next, left, err
	}
	return texts, next, left, nil
}

// missed reads what has moved from the cursor's page to those before it, as texts there were deleted since those were read.
func (c *Client) missed(ctx context.Context, op, of string, at restCursor) (texts []textJSON, err error) {
	number, _ := strconv.Atoi(at.query.Get("page"))
	size, _ := strconv.Atoi(at.query.Get("per_page"))
	before := func(page, size int) (listed []textJSON, err error) {
		query := url.Values{"page": {strconv.Itoa(page)}, "per_page": {strconv.Itoa(size)}}
		_, err = c.texts(ctx, op, of, query, &listed)
		return listed, err
	}
	isLast := func(t textJSON) bool { return strconv.FormatInt(t.ID, 10) == at.last }
	end, err := before((number-1)*size, 1)
	if err != nil || slices.ContainsFunc(end, isLast) {
		return nil, err
	}
	for number--; number > 0; number-- {
		listed, err := before(number, size)
		if err != nil {
			return nil, err
		}
		texts = append(listed, texts...)
		if slices.ContainsFunc(listed, isLast) {
			break
		}
	}
	return texts, nil
}

func (c *Client) texts(ctx context.Context, op, of string, query url.Values, listed *[]textJSON) (http.Header, error) {
	resp, err := c.get(ctx, op, c.path("")+of+"?"+query.Encode(), "", listed)
	if err != nil {
		return nil, err
	}
	return resp.Header, nil
}

// linked reads the query of the next page, nil at the end, and how many texts are left after this one.
func (c *Client) linked(header http.Header, at url.Values) (next url.Values, left int, err error) {
	address, err := c.calls.page(header, "next")
	if err != nil || address == "" {
		return nil, 0, err
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, 0, err
	}
	left = -1
	if address, err := c.calls.page(header, "last"); err == nil && address != "" {
		if end, err := url.Parse(address); err == nil {
			left = pagesBetween(at, end.Query())
		}
	}
	return u.Query(), left, nil
}

// pagesBetween is how many texts the pages from one to the last hold, that one apart; -1: the last one has no number.
func pagesBetween(at, last url.Values) int {
	size, _ := strconv.Atoi(at.Get("per_page"))
	end, err := strconv.Atoi(last.Get("page"))
	if err != nil {
		return -1
	}
	number, err := strconv.Atoi(at.Get("page"))
	if err != nil {
		number = 1
	}
	return max(end-number, 0) * size
}
