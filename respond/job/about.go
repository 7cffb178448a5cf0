package job

import (
	"context"
	"encoding/json"
	"time"

	"github.com/riverqueue/river/rivertype"
)

// About says what a job is about, for logs, metrics and traces; nothing that rekey does depends on it. It travels in the context
// of the work, and from there into the jobs that the work queues.
type About struct {
	Origin
	Installation, Repository int64 // 0: none, or not known
}

// Origin is where a job comes from. It is kept with the job.
type Origin struct {
	Delivery string `json:"delivery,omitempty"` // GUID of the delivery that the job follows from; "": none
	Received int64  `json:"received,omitempty"` // when that one was received, in Unix microseconds; 0: not known
	// Recovered says that the delivery was missed, and read from GitHub's log: Received is when it was first sent.
	Recovered bool   `json:"recovered,omitempty"`
	Trace     string `json:"trace,omitempty"` // traceparent of W3C Trace Context; "": not traced
}

// ReceivedAt is when the delivery was received; the zero time: not known.
func (o Origin) ReceivedAt() time.Time {
	if o.Received == 0 {
		return time.Time{}
	}
	return time.UnixMicro(o.Received)
}

type aboutKey struct{}

// WithAbout returns a context of work on a.
func WithAbout(ctx context.Context, a About) context.Context {
	return context.WithValue(ctx, aboutKey{}, a)
}

// AboutOf is what the work of the context is about.
func AboutOf(ctx context.Context) About {
	a, _ := ctx.Value(aboutKey{}).(About)
	return a
}

// metadata is what a job's metadata holds of ours, beside its [Crashes].
type metadata struct {
	Origin Origin `json:"origin"`
}

// OriginOf reads where a job comes from.
func OriginOf(row *rivertype.JobRow) Origin {
	var m metadata
	_ = json.Unmarshal(row.Metadata, &m) // metadata that cannot be read names none
	if row.Kind == (Delivery{}).Kind() && m.Origin.Delivery == "" {
		var args Delivery
		_ = json.Unmarshal(row.EncodedArgs, &args)
		m.Origin.Delivery = args.GUID
	}
	return m.Origin
}

// Metadata is the metadata of a job that comes from there; nil where there is nothing to say.
func (o Origin) Metadata() []byte {
	if o == (Origin{}) {
		return nil
	}
	text, err := json.Marshal(metadata{o})
	if err != nil { // cannot happen to texts and numbers
		return nil
	}
	return text
}
