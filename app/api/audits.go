package api

import (
	"context"
	"time"

	"github.com/rekey-app/rekey/detect/audit"
	"github.com/rekey-app/rekey/respond/ledger"
)

// Audits is a page of the latest audits of repositories that use Clerk.
type Audits struct {
	Audits []Audit `json:"audits"`
	Next   string  `json:"next,omitempty"` // for after; absent on the last page
	Total  int     `json:"total"`
}

// Audit is what the Clerk configuration of a repository's default branch showed last.
type Audit struct {
	Repository
	Head     string         `json:"head"`
	Audited  time.Time      `json:"audited_at"`
	Counts   AuditCounts    `json:"counts"`
	Findings []AuditFinding `json:"findings"` // the worst, at most 20
	Gaps     int            `json:"gaps"`
	Allowed  int            `json:"allowed"`
	// Development counts places of files for production that use a development instance.
	Development int `json:"development_in_production"`
}

// AuditCounts counts findings by severity.
type AuditCounts struct {
	Critical int `json:"critical"`
	High     int `json:"high"`
	Medium   int `json:"medium"`
	Low      int `json:"low"`
}

// AuditFinding is one mistake at one place.
type AuditFinding struct {
	Check    string `json:"check"`
	Title    string `json:"title"`
	Severity string `json:"severity"`
	Path     string `json:"path"`
	Line     int    `json:"line,omitempty"`
}

func (a *api) audits(q *ask) (any, error) {
	query := auditQuery(&q.params)
	var page ledger.AuditPage
	err := a.view(q, func(ctx context.Context, tx Tx) (err error) {
		page, err = tx.AuditList(ctx, q.sees, query)
		return err
	})
	if err != nil {
		return nil, err
	}
	titles := map[string]string{}
	for _, check := range audit.Checks() {
		titles[check.ID] = check.Title
	}
	out := Audits{Audits: []Audit{}, Next: page.Next, Total: page.Total}
	for _, row := range page.Audits {
		one := Audit{
			Repository: a.repository(row.Repository), Head: row.Head, Audited: row.At, Counts: AuditCounts(row.Counts), Findings: []AuditFinding{},
			Gaps: row.Gaps, Allowed: row.Allowed, Development: row.Development,
		}
		for _, f := range row.Findings {
			one.Findings = append(one.Findings, AuditFinding{Check: f.Check, Title: titles[f.Check], Severity: string(f.Severity), Path: f.Path, Line: f.Line})
		}
		out.Audits = append(out.Audits, one)
	}
	return out, nil
}

// Packages are the versions of packages that matter to a check, and how many repositories use them.
type Packages struct {
	Packages []Package `json:"packages"`
}

// Package is a version of a package in use.
type Package struct {
	Name         string  `json:"name"`
	Version      string  `json:"version"`
	Locked       bool    `json:"locked"`
	Repositories int     `json:"repositories"`
	Fixed        []Fixed `json:"fixed_later"`
}

// Fixed is a mistake in a package that a later version doesn't have.
type Fixed struct {
	Check    string `json:"check"`
	Title    string `json:"title"`
	Severity string `json:"severity"`
	In       string `json:"fixed_in"`
}

func (a *api) packages(q *ask) (any, error) {
	var list []ledger.PackageUse
	err := a.view(q, func(ctx context.Context, tx Tx) (err error) {
		list, err = tx.AuditPackages(ctx, q.sees)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := Packages{Packages: []Package{}}
	for _, p := range list {
		one := Package{Name: p.Name, Version: p.Version, Locked: p.Locked, Repositories: p.Repositories, Fixed: []Fixed{}}
		if p.Locked {
			for _, f := range audit.FixedSince(p.Name, p.Version) {
				one.Fixed = append(one.Fixed, Fixed{Check: f.ID, Title: f.Title, Severity: string(f.Severity), In: f.In})
			}
		}
		out.Packages = append(out.Packages, one)
	}
	return out, nil
}
