package read

import (
	"context"
	"fmt"
	"slices"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/respond"
)

// selection is what of a scan's sightings is recorded.
type selection struct {
	sightings []pack.Sighting
	unseen    map[string]bool // fingerprints of what is also at paths that are not recorded
	more      int             // places that are not recorded, of credentials that are
	left      []leftOut       // credentials that are not
}

// leftOut is a credential of which nothing is recorded.
type leftOut struct {
	finding detect.Finding
	places  int
}

// selected chooses which sightings are recorded where there are more than one transaction takes. Every credential gets one
// before any gets two, the most urgent first, and of those that are as urgent the ones that the ledger does not know yet: so
// each reading comes further. known says which those are, by fingerprint.
func selected(report pack.Report, known map[string]bool, limit, each int) selection {
	numbers := map[detect.Secret]int{}
	var groups []budget.Group
	var sightings [][]pack.Sighting // by credential, in the order of dates
	for _, s := range report.Sightings {
		n, ok := numbers[s.Finding.Secret]
		if !ok {
			n = len(groups)
			numbers[s.Finding.Secret] = n
			groups = append(groups, budget.Group{Rank: rankOf(s.Finding, known)})
			sightings = append(sightings, nil)
		}
		groups[n].Rank = min(groups[n].Rank, rankOf(s.Finding, known))
		groups[n].Size++
		sightings[n] = append(sightings[n], s)
	}
	out := selection{unseen: map[string]bool{}}
	for n, count := range budget.Deal(groups, limit, each) {
		first := sightings[n][0].Finding
		if count == 0 {
			out.left = append(out.left, leftOut{first, groups[n].Size})
			continue
		}
		keep, cut := pack.Choose(sightings[n], count)
		for _, i := range keep {
			out.sightings = append(out.sightings, sightings[n][i])
		}
		out.more += groups[n].Size - count
		if cut {
			out.unseen[first.Secret.Fingerprint()] = true
		}
	}
	for _, m := range report.More {
		out.more += m.Places
		if m.Paths {
			out.unseen[m.Secret.Fingerprint()] = true
		}
	}
	return out
}

func rankOf(f detect.Finding, known map[string]bool) int {
	rank := 2 * f.Urgency()
	if len(known) > 0 && known[f.Secret.Fingerprint()] {
		rank++
	}
	return rank
}

// unjudged says what the record leaves out, for people; "" where it has every credential.
func (s selection) unjudged() string {
	live := 0
	for _, l := range s.left {
		if l.finding.Environment == detect.Live {
			live++
		}
	}
	if len(s.left) == 0 {
		return ""
	}
	return fmt.Sprintf("%d more credentials, %d of them for production: one scan records %d places, the most urgent",
		len(s.left), live, budget.ScanSightings)
}

// choose selects what is recorded. The ledger is asked only where there is more than it takes.
func (r *Reader) choose(ctx context.Context, repository int64, report pack.Report) (selection, error) {
	var known map[string]bool
	if len(report.Sightings) > budget.ScanSightings {
		err := r.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
			known, err = tx.Fingerprints(ctx, repository)
			return err
		})
		if err != nil {
			return selection{}, err
		}
	}
	return selected(report, known, budget.ScanSightings, budget.ScanPlaces), nil
}

// judgedByRepository judges the sightings again that are Clerk's only in a repository that uses Clerk. The ledger is asked only
// where there is one: the scan itself saw nothing of Clerk in what was pushed.
func (r *Reader) judgedByRepository(ctx context.Context, repository int64, sightings []pack.Sighting) ([]pack.Sighting, error) {
	if !slices.ContainsFunc(sightings, func(s pack.Sighting) bool { return s.Finding.AsksRepository() }) {
		return sightings, nil
	}
	var uses bool
	err := r.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		uses, err = tx.UsesClerk(ctx, repository)
		return err
	})
	if err != nil || !uses {
		return sightings, err
	}
	sightings = slices.Clone(sightings)
	for i := range sightings {
		sightings[i].Finding = sightings[i].Finding.InRepository()
	}
	return sightings, nil
}

// observations turns sightings into the ledger's records.
func (r *Reader) observations(ctx context.Context, sightings []pack.Sighting, t *Task) (observations []respond.Observation) {
	for _, s := range sightings {
		f := s.Finding
		observations = append(observations, respond.Observation{
			Leak:     r.leakOf(ctx, f, s, t),
			Sighting: r.redacted(ctx, sightingOf(f, s, t)),
			AtHead:   s.AtHead,
			Nowhere:  s.Blob == "",
		})
	}
	return observations
}

// setSkipped writes what was not read into the scan's record: what a limit left out apart from what nobody could read.
func (r *Reader) setSkipped(ctx context.Context, scan *respond.Scan, skipped []pack.Skipped, unjudged string) {
	if unjudged != "" {
		scan.Unjudged = append(scan.Unjudged, unjudged)
	}
	for _, s := range skipped {
		text := s.Reason
		switch {
		case s.Path != "":
			text = s.Path + ": " + s.Reason
		case s.Object != "":
			text = s.Object + ": " + s.Reason
		}
		if s.Limit {
			scan.Unjudged = append(scan.Unjudged, text)
		} else {
			scan.Skipped = append(scan.Skipped, text)
		}
	}
	scan.Unjudged = r.redactedAll(ctx, bounded(scan.Unjudged))
	scan.Skipped = r.redactedAll(ctx, bounded(scan.Skipped))
}

// bounded returns texts as many and as long as are recorded, and how many more there are.
func bounded(texts []string) []string {
	more := len(texts) - budget.ScanSkipped
	texts = texts[:min(len(texts), budget.ScanSkipped)]
	for i, text := range texts {
		if len(text) > budget.ScanReason {
			texts[i] = text[:budget.ScanReason] + "…"
		}
	}
	if more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return texts
}
