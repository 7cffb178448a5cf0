package intake

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/respond/ledger"
)

// refusal is why a request is not taken, and how it is answered.
type refusal struct {
	code    int
	outcome outcome
	text    string
}

func (r *refusal) Error() string { return r.text }

// webhook takes one delivery. It answers 202 when the delivery is stored, waits already, or was queued again, and for
// events that are not used; 200 for a ping and for a delivery that was finished; 400, 401 and 413 for what is not taken;
// 503 when it could not be stored in time: GitHub then lists it as failed, and it is asked for later.
func (in *Intake) webhook(w http.ResponseWriter, r *http.Request) {
	begun := time.Now()
	event := r.Header.Get("X-GitHub-Event")
	body, err := in.read(w, r)
	defer in.memory.Release(int64(cap(body)))
	var d ledger.Delivery
	if err == nil {
		d, err = in.check(r.Header, event, body)
	}
	if err != nil {
		in.refuse(w, r, event, err)
		return
	}
	in.metrics.last.Store(d.Received.UnixMicro())
	var o outcome
	switch {
	case event == "ping":
		o = pinged
		answer(w, http.StatusOK, `{"status":"pong"}`)
	case !used(event):
		o = ignored
		answer(w, http.StatusAccepted, `{"status":"ignored"}`)
	default:
		d.Body = in.Redact(r.Context(), d.Body)
		acceptance, err := in.writer.write(r.Context(), d)
		if err != nil {
			in.refuse(w, r, event, err)
			return
		}
		o = outcome(acceptance)
		code := http.StatusAccepted
		if acceptance == ledger.Done {
			code = http.StatusOK
		}
		answer(w, code, `{"status":"`+string(acceptance)+`"}`)
	}
	in.metrics.count(event, o)
	in.metrics.ack.Observe(time.Since(begun).Seconds())
}

// firstRead is how much is read of a body before it is certain that there is more. Most deliveries fit.
const firstRead = 64 << 10

// read reads the body. Memory is taken from the common store as bytes come, not as a header promises them; the caller
// gives cap(body) back, also after an error.
func (in *Intake) read(w http.ResponseWriter, r *http.Request) (body []byte, err error) {
	if r.ContentLength > in.MaxBody {
		return nil, in.tooLarge()
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(in.ReadBodyWithin)) // not every writer can
	source := http.MaxBytesReader(w, r.Body, in.MaxBody)
	size := int64(firstRead)
	if 0 <= r.ContentLength && r.ContentLength < size {
		size = r.ContentLength + 1 // and the end, without growing
	}
	if body, err = in.grow(nil, size); err != nil {
		return nil, err
	}
	for {
		n, err := source.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch tooLong := (*http.MaxBytesError)(nil); {
		case errors.Is(err, io.EOF):
			return body, nil
		case errors.As(err, &tooLong):
			return body, in.tooLarge()
		case err != nil:
			return body, &refusal{http.StatusBadRequest, cutOff, "the body did not come whole"}
		}
		if len(body) < cap(body) {
			continue
		}
		size := min(2*int64(cap(body)), in.MaxBody+1)
		if r.ContentLength >= int64(len(body)) {
			size = min(size, r.ContentLength+1)
		}
		larger, err := in.grow(body, size)
		if err != nil {
			return body, err
		}
		body = larger
	}
}

// grow moves a body to a larger buffer, whose memory it takes before it gives the old one's back.
func (in *Intake) grow(body []byte, size int64) ([]byte, error) {
	if !in.memory.TryAcquire(size) {
		return nil, &refusal{http.StatusServiceUnavailable, overloaded, "too much waits to be read"}
	}
	larger := make([]byte, len(body), size)
	copy(larger, body)
	in.memory.Release(int64(cap(body)))
	return larger, nil
}

func (in *Intake) tooLarge() error {
	return &refusal{
		http.StatusRequestEntityTooLarge, tooLarge,
		fmt.Sprintf("the body is larger than %d bytes", in.MaxBody),
	}
}

// check tells whether the body may be taken, and reads the little that the ledger notes.
func (in *Intake) check(header http.Header, event string, body []byte) (ledger.Delivery, error) {
	if err := webhook.Verify(header, body, in.Secrets); err != nil {
		o := forged
		switch {
		case errors.Is(err, webhook.ErrUnsigned):
			o = unsigned
		case errors.Is(err, webhook.ErrSHA1):
			o = sha1
		}
		return ledger.Delivery{}, &refusal{http.StatusUnauthorized, o, err.Error()}
	}
	bad := func(text string) error { return &refusal{http.StatusBadRequest, malformed, text} }
	d := ledger.Delivery{GUID: header.Get("X-GitHub-Delivery"), Event: event, Body: body, Received: in.Now()}
	switch {
	case !isGUID(d.GUID):
		return d, bad("X-GitHub-Delivery is missing, or no GUID")
	case event == "":
		return d, bad("X-GitHub-Event is missing")
	case !isJSON(body):
		return d, bad("the body is no JSON object: set the webhook's content type to application/json")
	}
	if action := gjson.GetBytes(body, "action"); action.Type == gjson.String {
		d.Action = action.Str
	}
	d.Installation = gjson.GetBytes(body, "installation.id").Int()
	d.Repository = gjson.GetBytes(body, "repository.id").Int()
	if event == "push" {
		d.Head = objectID(gjson.GetBytes(body, "after"))
	}
	return d, nil
}

// objectID returns a field that is a git object's id, but for the one that stands for none; else "".
func objectID(field gjson.Result) string {
	id := field.Str
	if len(id) != 40 && len(id) != 64 || strings.Trim(id, "0123456789abcdef") != "" || strings.Trim(id, "0") == "" {
		return ""
	}
	return id
}

// isGUID takes what GitHub sends, and what tests and other forges like to send, but nothing that could do harm in a
// log or an index.
func isGUID(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '-') {
			return false
		}
	}
	return 0 < len(s) && len(s) <= 64
}

// fastJSON is up to which size bodies are checked by a validator that is several times as fast as the standard one, but
// recurses as deep as a body is nested.
const fastJSON = 1 << 20

func isJSON(body []byte) bool {
	i := 0
	for i < len(body) && (body[i] == ' ' || body[i] == '\t' || body[i] == '\n' || body[i] == '\r') {
		i++
	}
	if i == len(body) || body[i] != '{' {
		return false
	}
	if len(body) <= fastJSON {
		return gjson.ValidBytes(body)
	}
	return json.Valid(body)
}

// logRefusals is the least time between two log lines about refused requests: strangers may send many.
const logRefusals = 10 * time.Second

func (in *Intake) refuse(w http.ResponseWriter, r *http.Request, event string, err error) {
	why, ok := errors.AsType[*refusal](err)
	if !ok {
		why = &refusal{http.StatusServiceUnavailable, failed, "the delivery could not be stored"}
	}
	in.metrics.count(event, why.outcome)
	now := time.Now().Unix()
	last := in.refused.Load()
	if now-last >= int64(logRefusals.Seconds()) && in.refused.CompareAndSwap(last, now) {
		in.Log.WarnContext(r.Context(), "delivery not taken; further ones are counted, not logged, for some seconds",
			"reason", why.text, "outcome", string(why.outcome))
	}
	if why.code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "10")
	}
	text, _ := json.Marshal(why.text)
	answer(w, why.code, `{"error":`+string(text)+`}`)
}
