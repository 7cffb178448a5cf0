package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/rekey-app/rekey/app/observe"
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

// maskWithin is how long a body is searched for credentials, at most: GitHub waits ten seconds for the answer.
const maskWithin = 2 * time.Second

// webhook takes one delivery. It answers 202 when the delivery is stored, waits already, or was queued again, and for
// events that are not used; 200 for a ping and for a delivery that was finished; 400, 401 and 413 for what is not taken;
// 503 when it could not be stored in time: GitHub then lists it as failed, and it is asked for later.
func (in *Intake) webhook(w http.ResponseWriter, r *http.Request) {
	begun := time.Now()
	event := r.Header.Get("X-GitHub-Event")
	body, err := in.read(w, r)
	defer in.memory.give(peerOf(r.RemoteAddr), int64(cap(body)))
	var d ledger.Delivery
	if err == nil {
		d, err = in.authenticate(r.Header, event, body)
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
		writeJSON(w, http.StatusOK, `{"status":"pong"}`)
	case !webhook.Known(event):
		o = ignored
		writeJSON(w, http.StatusAccepted, `{"status":"ignored"}`)
	default:
		acceptance, err := in.take(r.Context(), d, begun)
		if err != nil {
			in.refuse(w, r, event, err)
			return
		}
		o = outcome(acceptance)
		code := http.StatusAccepted
		if acceptance == ledger.Done {
			code = http.StatusOK
		}
		writeJSON(w, code, `{"status":"`+string(acceptance)+`"}`)
	}
	in.metrics.count(event, o)
	in.metrics.ack.Observe(time.Since(begun).Seconds())
}

// take masks and stores a delivery that is used.
func (in *Intake) take(ctx context.Context, d ledger.Delivery, begun time.Time) (acceptance ledger.Acceptance, err error) {
	ctx, span := in.Tracing.Root(ctx, "webhook", begun, observe.Text("rekey.delivery", d.GUID), observe.Text("rekey.event", d.Event),
		observe.Int("rekey.installation", d.Installation), observe.Int("rekey.repository", d.Repository), observe.Int("rekey.bytes", len(d.Body)))
	defer func() { span.End(err) }()
	if err := in.readTexts(ctx, &d); err != nil {
		return "", err
	}
	d.Trace = span.Traceparent()
	ctx, store := observe.Start(ctx, "store")
	acceptance, err = in.writer.write(ctx, d)
	store.End(err)
	span.Set(observe.Text("rekey.outcome", acceptance))
	return acceptance, err
}

// maxMasking is how many bytes of bodies are searched at once.
const maxMasking = 32 << 20

// readTexts takes the credentials out of the body.
func (in *Intake) readTexts(ctx context.Context, d *ledger.Delivery) error {
	waiting, cancel := context.WithTimeout(ctx, in.AnswerWithin)
	defer cancel()
	weight := min(int64(len(d.Body)), maxMasking)
	if in.masking.Acquire(waiting, weight) != nil {
		return &refusal{http.StatusServiceUnavailable, overloaded, "too many deliveries are waiting to be checked"}
	}
	defer in.masking.Release(weight)
	in.Reading.take(ctx, d)
	return nil
}

// mask takes credentials out of a body. Who sent it may be gone; what could not be searched in time is withheld.
func mask(ctx context.Context, body []byte, redact func(context.Context, []byte) []byte) []byte {
	searching, done := context.WithTimeout(context.WithoutCancel(ctx), maskWithin)
	defer done()
	return maskTexts(searching, body, redact)
}

const (
	// firstRead is how much is read of a body before memory is taken for it: what a connection costs that sends nothing.
	firstRead = 4 << 10
	// growth is how many times what has arrived is set aside for what follows. Most deliveries need one step.
	growth = 4
	// slowAfter is when a body that is still arriving counts as slow. GitHub sends the largest within it.
	slowAfter = time.Second
)

// read reads the body. Memory is taken from the common store as bytes come, not as a header promises them; the caller
// gives cap(body) back, also after an error.
func (in *Intake) read(w http.ResponseWriter, r *http.Request) (body []byte, err error) {
	if r.ContentLength > in.MaxBody {
		return nil, in.tooLarge()
	}
	begun := time.Now()
	_ = http.NewResponseController(w).SetReadDeadline(begun.Add(in.ReadBodyWithin)) // not every writer can
	source := http.MaxBytesReader(w, r.Body, in.MaxBody)
	body, err = in.readFirst(r, begun, source)
	for err == nil {
		if len(body) == cap(body) {
			if body, err = in.grow(r, begun, body, in.sizeFor(r, len(body))); err != nil {
				break
			}
		}
		var n int
		n, err = source.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
	}
	return body, in.whyNotWhole(err)
}

// readFirst waits for the first bytes, and takes memory when they are there.
func (in *Intake) readFirst(r *http.Request, begun time.Time, source io.Reader) ([]byte, error) {
	first, _ := in.first.Get().(*[firstRead]byte)
	if first == nil {
		first = new([firstRead]byte)
	}
	defer in.first.Put(first)
	n, err := source.Read(first[:])
	if n == 0 {
		return nil, err
	}
	body, full := in.grow(r, begun, nil, in.sizeFor(r, n))
	if full != nil {
		return nil, full
	}
	return append(body, first[:n]...), err
}

// whyNotWhole turns the error that ended the reading into a refusal, or into nil at the body's end.
func (in *Intake) whyNotWhole(err error) error {
	if _, refused := errors.AsType[*refusal](err); refused {
		return err
	}
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		return in.tooLarge()
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return &refusal{http.StatusBadRequest, cutOff, "the body is incomplete"}
}

// sizeFor returns how large the buffer becomes once n bytes have arrived.
func (in *Intake) sizeFor(r *http.Request, n int) int64 {
	size := min(growth*int64(n), in.MaxBody+1)
	if r.ContentLength >= int64(n) {
		size = min(size, r.ContentLength+1) // and the end, without growing
	}
	return max(size, int64(n)+1)
}

// grow moves a body to a larger buffer, whose memory it takes before it gives the old one's back. With an error the body
// is as it was.
func (in *Intake) grow(r *http.Request, begun time.Time, body []byte, size int64) ([]byte, error) {
	peer := peerOf(r.RemoteAddr)
	if !in.memory.take(peer, size, time.Since(begun) > slowAfter) {
		return body, &refusal{http.StatusServiceUnavailable, overloaded, "too many deliveries are waiting to be read"}
	}
	larger := make([]byte, len(body), size)
	copy(larger, body)
	in.memory.give(peer, int64(cap(body)))
	return larger, nil
}

func (in *Intake) tooLarge() error {
	return &refusal{
		http.StatusRequestEntityTooLarge, tooLarge,
		fmt.Sprintf("the body is larger than %d bytes", in.MaxBody),
	}
}

// authenticate reports whether the body may be taken, and reads the little that the ledger notes.
func (in *Intake) authenticate(header http.Header, event string, body []byte) (ledger.Delivery, error) {
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
	return parse(header.Get("X-GitHub-Delivery"), event, body, in.Now())
}

// parse reads the little that the ledger notes of a delivery, whichever way it came.
func parse(guid, event string, body []byte, received time.Time) (ledger.Delivery, error) {
	bad := func(text string) error { return &refusal{http.StatusBadRequest, malformed, text} }
	d := ledger.Delivery{GUID: guid, Event: event, Body: body, Received: received}
	switch {
	case !isGUID(d.GUID):
		return d, bad("X-GitHub-Delivery is missing or not a GUID")
	case event == "":
		return d, bad("X-GitHub-Event is missing")
	case !isJSON(body):
		return d, bad("the body isn't a JSON object: set the webhook's content type to application/json")
	}
	if action := gjson.GetBytes(body, "action"); action.Type == gjson.String {
		d.Action = action.Str
	}
	d.Installation = gjson.GetBytes(body, "installation.id").Int()
	d.Repository = gjson.GetBytes(body, "repository.id").Int()
	setTurn(&d)
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
		in.Log.WarnContext(r.Context(), "delivery refused; further ones are counted, not logged, for a few seconds",
			"reason", why.text, "outcome", string(why.outcome))
	}
	if why.code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "10")
	}
	text, _ := json.Marshal(why.text) //nolint:errchkjson // a string
	writeJSON(w, why.code, `{"error":`+string(text)+`}`)
}
