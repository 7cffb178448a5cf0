package read

import (
	"context"
	"errors"
	"fmt"

	"github.com/rekey-app/rekey/app/observe"
	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/wire"
)

// Scan reads what the Task names, and records it. It returns what it did, in words.
func (r *Reader) Scan(ctx context.Context, t *Task) (string, error) {
	client := r.GitHub.Repository(t.Repository, github.ScanAccess)
	haves, listed, err := r.haves(ctx, client, t)
	if err != nil {
		return "", err
	}
	// What an event or the ledger names may be gone from the server, which then sends the whole history and does not say so.
	request := wire.Request{Wants: t.wants(), Haves: haves, RequireCommon: !listed && len(haves) > 0}
	report, err := r.Read(ctx, client, request, []string{t.Want}, nil)
	if errors.Is(err, wire.ErrNoCommonHave) {
		if request.Haves, err = r.fallbackHaves(ctx, client, t); err != nil {
			return "", err
		}
		request.RequireCommon = false
		if t.From = ""; len(request.Haves) > 0 {
			t.From = request.Haves[0]
		}
		report, err = r.Read(ctx, client, request, []string{t.Want}, nil)
	}
	if err != nil {
		return "", fmt.Errorf("reading %s of %s/%s: %w", t.Want, t.Repository.Owner, t.Repository.Name, err)
	}
	if commit, ok := report.Peeled[t.Want]; ok && t.Head == "" {
		t.Head = commit
	}
	unjudged, err := r.Record(ctx, t, report)
	if err != nil {
		return "", err
	}
	r.Metrics.Scanned(t.Trigger, report)
	note := fmt.Sprintf("scanned %d commits, %d blobs: %d findings", report.Stats.Commits, report.Stats.Blobs, len(report.Sightings))
	if len(unjudged) > 0 {
		note += "; not all could be judged"
	}
	return note, nil
}

// Read fetches the request's pack and scans it as it comes. It reports to follow how far it is, where that is not nil.
func (r *Reader) Read(ctx context.Context, client *github.Client, req wire.Request, heads []string, follow func(pack.Progress)) (pack.Report, error) {
	ctx, span := observe.Start(ctx, "scan")
	report, err := r.read(ctx, client, req, heads, follow)
	span.Set(observe.Int("rekey.commits", report.Stats.Commits), observe.Int("rekey.blobs", report.Stats.Blobs),
		observe.Int("rekey.bytes", report.Stats.Bytes), observe.Int("rekey.sightings", len(report.Sightings)))
	span.End(err)
	return report, err
}

func (r *Reader) read(ctx context.Context, client *github.Client, req wire.Request, heads []string, follow func(pack.Progress)) (pack.Report, error) {
	started := r.Now()
	body, err := client.FetchPack(ctx, req)
	if err != nil {
		return pack.Report{}, err
	}
	defer body.Close()
	options := r.PackOptions()
	options.Progress = follow
	p, err := pack.Open(ctx, body, options)
	if err != nil {
		return pack.Report{}, err
	}
	defer p.Close()
	report, err := p.Scan(ctx, r.Scanner, pack.Range{Heads: heads})
	if err != nil {
		return pack.Report{}, err
	}
	report.Stats.Duration = r.Now().Sub(started)
	return report, nil
}

// PackOptions are the bounds of reading a pack, which all that read in this process have in common.
func (r *Reader) PackOptions() pack.Options {
	return pack.Options{TempDir: r.TempDir, Budget: r.Memory, MaxTrees: r.Memory.Size()}
}
