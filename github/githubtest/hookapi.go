package githubtest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// again is a delivery's redelivery, ready to be sent, or nil. The caller holds the lock.
func (s *Server) again(id int64) *Delivery {
	d := s.find(id)
	if d == nil {
		return nil
	}
	return &Delivery{
		GUID: d.GUID, Event: d.Event, Action: d.Action, InstallationID: d.InstallationID,
		RepositoryID: d.RepositoryID, Payload: d.Payload, Redelivery: true,
	}
}

// find looks among the deliveries that are not too old.
func (s *Server) find(id int64) *Delivery {
	for _, d := range s.deliveries {
		if d.ID == id && s.opt.Now().Sub(d.At) < deliveriesKept {
			return d
		}
	}
	return nil
}

// listDeliveries is GET /app/hook/deliveries: newest first, by cursor.
func listDeliveries(c *call) answer {
	q := c.r.URL.Query()
	size := min(max(atoiOr(q.Get("per_page"), 30), 1), 100)
	before, err := strconv.ParseInt(strings.TrimPrefix(q.Get("cursor"), "v1_"), 10, 64)
	if q.Get("cursor") != "" && err != nil {
		return fail(http.StatusBadRequest, "Invalid cursor")
	}
	list := []object{}
	link := ""
	for _, d := range slices.Backward(c.s.deliveries) {
		late := c.s.opt.Now().Sub(d.At) >= deliveriesKept
		seen := q.Get("cursor") != "" && d.ID > before
		other := q.Get("status") == "success" && !d.OK() || q.Get("status") == "failure" && d.OK() ||
			q.Get("redelivery") != "" && q.Get("redelivery") != strconv.FormatBool(d.Redelivery)
		if late || seen || other {
			continue
		}
		if len(list) == size {
			q.Set("cursor", "v1_"+itoa(d.ID))
			link = fmt.Sprintf("<%s?%s>; rel=\"next\"", c.address(), q.Encode())
			break
		}
		list = append(list, d.json())
	}
	a := answer{status: 200, body: list, link: link, etag: true}
	a.date, a.known = c.s.opt.Now(), c.r.Header.Get("If-None-Match")
	return a
}

// json is the delivery as lists show it.
func (d *Delivery) json() object {
	j := object{
		"id": d.ID, "guid": d.GUID, "delivered_at": cmp.Or(d.Stamp, stamp(d.At)), "redelivery": d.Redelivery, "duration": d.Took.Seconds(),
		"status": statusWords(d.Status), "status_code": d.Status, "event": d.Event, "action": orNull(d.Action),
		"installation_id": nil, "repository_id": nil, "throttled_at": nil,
	}
	if d.InstallationID != 0 {
		j["installation_id"] = d.InstallationID
	}
	if d.RepositoryID != 0 {
		j["repository_id"] = d.RepositoryID
	}
	return j
}

func statusWords(code int) string {
	switch {
	case code == 0:
		return "pending"
	case code >= 200 && code < 300:
		return "OK"
	case code == http.StatusBadGateway:
		return "failed to connect to host"
	case code == http.StatusGatewayTimeout:
		return "timed out"
	}
	return "Invalid HTTP Response: " + strconv.Itoa(code)
}

// getDelivery is GET /app/hook/deliveries/{id}.
func getDelivery(c *call) answer {
	d := c.s.find(c.number("id"))
	if d == nil {
		return notFound()
	}
	headers := object{}
	for k, v := range d.Header {
		headers[k] = v[0]
	}
	j := d.json()
	j["url"] = c.s.webhookURL
	request := object{"headers": headers, "payload": nil}
	payload := d.Payload
	if d.Shown != nil {
		payload = d.Shown
	}
	switch {
	case json.Valid(payload):
		request["payload"] = json.RawMessage(payload)
	case payload != nil:
		request["payload"] = string(payload)
	}
	j["request"] = request
	j["response"] = object{"headers": object{}, "payload": d.Answer}
	return ok(j)
}

// redeliver is POST /app/hook/deliveries/{id}/attempts.
func redeliver(c *call) answer {
	again := c.s.again(c.number("id"))
	if again == nil {
		return notFound()
	}
	c.s.later(func() { c.s.send(c.s.ctx, again) })
	return answer{status: http.StatusAccepted, body: object{}}
}
