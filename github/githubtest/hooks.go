package githubtest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1" // GitHub still sends the old signature beside the new one
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/rekey-app/rekey/github/webhook"
)

// deliveriesKept is how long GitHub remembers deliveries, and how long they can be asked for again.
const deliveriesKept = 3 * 24 * time.Hour

// Delivery is one attempt to deliver a webhook.
type Delivery struct {
	ID             int64
	GUID           string // X-GitHub-Delivery; the same for a redelivery
	Event, Action  string
	InstallationID int64
	RepositoryID   int64 // 0 for none
	Payload        []byte
	At             time.Time
	Took           time.Duration
	Redelivery     bool
	Status         int    // the receiver's answer; 0 before it, 502 when it could not be reached, 504 when it took over 10 s
	Answer         string // the start of the receiver's body
	Stamp          string // what the log says in place of At; "": At
	Shown          []byte // what the log shows in place of Payload; nil: Payload. A redelivery sends Payload
	Header         http.Header
}

// OK reports whether the receiver took it. A Delivery that was never made (no installation) is not.
func (d Delivery) OK() bool { return d.Status >= 200 && d.Status < 300 }

// Deliveries lists all attempts so far, oldest first.
func (s *Server) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Delivery, len(s.deliveries))
	for i, d := range s.deliveries {
		list[i] = *d
	}
	return list
}

// EditDeliveries changes GitHub's log, oldest first: entries may be taken out, repeated, put elsewhere and damaged.
func (s *Server) EditDeliveries(edit func([]Delivery) []Delivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Delivery, len(s.deliveries))
	same := make(map[int64]*Delivery, len(s.deliveries)) // those under way are told their outcome
	for i, d := range s.deliveries {
		list[i], same[d.ID] = *d, d
	}
	s.deliveries = nil
	for _, d := range edit(list) {
		entry := same[d.ID]
		delete(same, d.ID)
		if entry == nil {
			entry = new(Delivery)
		}
		*entry = d
		s.deliveries = append(s.deliveries, entry)
	}
}

// Redeliver sends a delivery again, with the same GUID and payload.
func (s *Server) Redeliver(ctx context.Context, id int64) (Delivery, error) {
	s.mu.Lock()
	again := s.again(id)
	s.mu.Unlock()
	if again == nil {
		return Delivery{}, errors.New("there is no delivery " + itoa(id))
	}
	return s.send(ctx, again), nil
}

// Ping sends a ping, as GitHub does when a webhook is set.
func (s *Server) Ping(ctx context.Context) Delivery {
	s.mu.Lock()
	d := s.delivery("ping", 0, nil, nil, object{
		"zen": "Keep it logically awesome.", "hook_id": s.opt.AppID,
		"hook": object{
			"type": "App", "id": s.opt.AppID, "name": "web", "active": true, "events": s.opt.Events, "app_id": s.opt.AppID,
			"config":     object{"content_type": "json", "insecure_ssl": "0", "secret": "********", "url": s.webhookURL},
			"created_at": stamp(s.created), "updated_at": stamp(s.created), "deliveries_url": s.APIURL() + "/app/hook/deliveries",
		},
	})
	s.mu.Unlock()
	return s.send(ctx, d)
}

// Deliver sends any event with any payload, signed and logged like the others.
func (s *Server) Deliver(ctx context.Context, event string, payload []byte) Delivery {
	var head struct {
		Action       string
		Installation struct{ ID int64 }
		Repository   struct{ ID int64 }
	}
	_ = json.Unmarshal(payload, &head) // a payload that is no JSON object has none of these
	d := &Delivery{
		GUID: uuid.NewString(), Event: event, Action: head.Action, InstallationID: head.Installation.ID,
		RepositoryID: head.Repository.ID, Payload: payload,
	}
	return s.send(ctx, d)
}

// maxPayload is the size in bytes beyond which GitHub sends no webhook at all.
const maxPayload = 25 << 20

// delivery makes an event ready to be sent; nil if the App is not subscribed to it, or if it is too large. The caller
// holds the lock.
func (s *Server) delivery(event string, installation int64, r *Repository, by *Account, body object) *Delivery {
	always := []string{"github_app_authorization", "installation", "installation_repositories", "installation_target", "ping"}
	if !slices.Contains(always, event) && !slices.Contains(s.opt.Events, event) {
		return nil
	}
	if by != nil {
		body["sender"] = s.accountJSON(by)
	}
	d := &Delivery{GUID: uuid.NewString(), Event: event, InstallationID: installation}
	d.Action, _ = body["action"].(string)
	if installation != 0 && body["installation"] == nil {
		body["installation"] = object{"id": installation, "node_id": nodeID("IntegrationInstallation", installation)}
	}
	if r != nil {
		d.RepositoryID = r.id
		if r.owner.Type == "Organization" {
			body["organization"] = s.organizationJSON(r.owner)
		}
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic("githubtest: a payload cannot be written: " + err.Error()) // its parts are strings, numbers and times
	}
	if len(text) > maxPayload {
		return nil
	}
	d.Payload = text
	return d
}

func (s *Server) sendAll(ctx context.Context, list []*Delivery) []Delivery {
	var sent []Delivery
	for _, d := range list {
		if d != nil {
			sent = append(sent, s.send(ctx, d))
		}
	}
	return sent
}

// send posts the delivery, logs it, and returns it with the receiver's answer. A nil delivery is not sent.
func (s *Server) send(ctx context.Context, d *Delivery) Delivery {
	if d == nil {
		return Delivery{}
	}
	s.mu.Lock()
	url := s.webhookURL
	d.ID, d.At = s.id(), s.opt.Now()
	d.Header = http.Header{
		"Accept":                                 {"*/*"},
		"Content-Type":                           {"application/json"},
		"User-Agent":                             {"GitHub-Hookshot/0000000"},
		"X-Github-Delivery":                      {d.GUID},
		"X-Github-Event":                         {d.Event},
		"X-Github-Hook-Id":                       {itoa(s.opt.AppID)},
		"X-Github-Hook-Installation-Target-Id":   {itoa(s.opt.AppID)},
		"X-Github-Hook-Installation-Target-Type": {"integration"},
		"X-Hub-Signature":                        {signSHA1(s.opt.WebhookSecret, d.Payload)},
		"X-Hub-Signature-256":                    {webhook.Sign(s.opt.WebhookSecret, d.Payload)},
	}
	s.deliveries = append(s.deliveries, d)
	copied := *d
	s.mu.Unlock()

	began := time.Now()
	status, text := s.post(ctx, url, copied)

	s.mu.Lock()
	defer s.mu.Unlock()
	d.Took, d.Status, d.Answer = time.Since(began), status, text
	return *d
}

// post returns the receiver's status, or the one that GitHub's log shows for a receiver that could not be reached.
func (s *Server) post(ctx context.Context, url string, d Delivery) (status int, text string) {
	if url == "" {
		return http.StatusBadGateway, "failed to connect to host"
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(d.Payload))
	if err != nil {
		return http.StatusBadGateway, err.Error()
	}
	r.Header = d.Header
	resp, err := s.hooks.Do(r)
	if err != nil {
		var timeout interface{ Timeout() bool }
		if errors.As(err, &timeout) && timeout.Timeout() {
			return http.StatusGatewayTimeout, "timed out"
		}
		return http.StatusBadGateway, "failed to connect to host"
	}
	defer resp.Body.Close()
	start, _ := io.ReadAll(io.LimitReader(resp.Body, 4096)) // the status was received; more of the body is not needed
	return resp.StatusCode, string(start)
}

func signSHA1(secret string, body []byte) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write(body)
	return "sha1=" + hex.EncodeToString(mac.Sum(nil))
}

// echo sends what the App's own doings cause, later and in order.
func (s *Server) echo(d *Delivery) {
	if !s.opt.Quiet {
		s.tell(d)
	}
}

// tell sends what a person did by REST, later and in order.
func (s *Server) tell(d *Delivery) {
	if d != nil {
		s.later(func() { s.send(s.ctx, d) })
	}
}

// later runs f in the background, after all that was there before.
func (s *Server) later(f func()) {
	select {
	case s.queue <- f:
	default: // thousands wait for a receiver that does not answer; GitHub drops events too
	}
}

func (s *Server) deliverInBackground() {
	defer s.background.Done()
	for {
		select {
		case f := <-s.queue:
			f()
		case <-s.ctx.Done():
			return
		}
	}
}

// Settle waits until all deliveries that were queued before have been made.
func (s *Server) Settle(ctx context.Context) error {
	done := make(chan struct{})
	select {
	case s.queue <- func() { close(done) }:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}
