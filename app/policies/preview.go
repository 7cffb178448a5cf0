package policies

import (
	"context"

	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/policy"
)

// The bounds of a preview: each path of a leak is matched against each pattern, twice.
const (
	maxPreviewed = 100 // open leaks, the most urgent
	maxPlaces    = 50  // of each
)

// preview says what a file would change in the place of a repository's own one.
func (p *Policies) preview(ctx context.Context, r respond.Repository, read readPolicy, after policy.File) (respond.PolicyPreview, error) {
	last := len(read.files) - 1
	replacement := policy.Replacement{Above: read.files[:last], Before: read.files[last], After: after, Unseen: map[string]bool{}, Now: p.Now()}
	if IsOrganisations(r) {
		preview := policy.Preview(replacement)
		var err error
		preview.Organisation = true
		preview.Repositories, preview.Leaks, err = p.concerned(ctx, r.Installation)
		return preview, err
	}
	err := p.Store.View(ctx, func(ctx context.Context, tx Tx) error {
		leaks, err := tx.StillOpen(ctx, r.ID, maxPreviewed)
		if err != nil {
			return err
		}
		for _, leak := range leaks {
			places, err := tx.Sightings(ctx, leak.ID, maxPlaces)
			if err != nil {
				return err
			}
			replacement.Unseen[leak.Fingerprint] = len(places) == maxPlaces
			replacement.Open = append(replacement.Open, respond.Seen{Leak: record.WithVisibility(leak, r), Sightings: places})
		}
		return nil
	})
	if err != nil {
		return respond.PolicyPreview{}, err
	}
	return policy.Preview(replacement), nil
}

// concerned counts the repositories of an installation, and the leaks that are open in them.
func (p *Policies) concerned(ctx context.Context, installation int64) (repositories, leaks int, err error) {
	err = p.Store.View(ctx, func(ctx context.Context, tx Tx) error {
		reached, err := tx.RepositoriesOf(ctx, installation)
		if err != nil {
			return err
		}
		repositories = len(reached)
		leaks, err = tx.OpenLeaksIn(ctx, installation)
		return err
	})
	return repositories, leaks, err
}

// Differs reports whether a commit's policy file is another one than that of the default branch.
func (p *Policies) Differs(ctx context.Context, r respond.Repository, commit string) (bool, error) {
	there, err := p.policyAt(ctx, record.Target(r), commit)
	if err != nil {
		return false, err
	}
	here, err := p.policyAt(ctx, record.Target(r), "")
	return err == nil && string(there) != string(here), err
}
