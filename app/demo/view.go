package main

import (
	"context"
	"fmt"
	"html/template"
	"os/exec"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/format"
)

// contextLines are shown before and after an annotated line.
const contextLines = 3

// page shows what the stand-in GitHub held after each step, and the issues as they are at the end.
func (s *scenario) page(ctx context.Context, steps []*step) (page, error) {
	r := newRenderer()
	p := page{Repository: s.shop.FullName()}
	comments := 0
	for i, step := range steps {
		check, err := s.checkView(ctx, r, step.run)
		if err != nil {
			return page{}, err
		}
		m := momentView{
			Number: i + 1, Title: step.Title, Who: step.Who, Event: step.sent.Event, Commit: short(step.head), CommitURL: s.local("/commit/" + step.head),
			Short: step.Short, Check: check,
		}
		if step.after > 0 {
			m.After = format.Duration(step.after)
		}
		for ; comments < len(step.issue.Comments); comments++ {
			text, err := s.text(r, step.issue.Comments[comments].Body)
			if err != nil {
				return page{}, err
			}
			m.Comments = append(m.Comments, commentView{Author: step.issue.Comments[comments].Author, Body: text})
		}
		if step.issue.Number > 0 {
			m.Issue = &issueView{Number: step.issue.Number, State: step.issue.State, Title: step.issue.Title}
		}
		if step.filed {
			filed, err := s.issueView(r, step.issue)
			if err != nil {
				return page{}, err
			}
			m.Filed = &filed
		}
		p.Moments = append(p.Moments, m)
	}
	for _, issue := range s.shop.Issues() {
		view, err := s.issueView(r, issue)
		if err != nil {
			return page{}, err
		}
		p.Issues = append(p.Issues, view)
	}
	return p, nil
}

func (s *scenario) issueView(r *renderer, issue githubtest.Issue) (issueView, error) {
	body, err := s.text(r, issue.Body)
	if err != nil {
		return issueView{}, err
	}
	view := issueView{
		Number: issue.Number, Title: issue.Title, State: issue.State, Author: issue.Author, Labels: issue.Labels, Body: body,
	}
	for _, c := range issue.Comments {
		text, err := s.text(r, c.Body)
		if err != nil {
			return issueView{}, err
		}
		view.Comments = append(view.Comments, commentView{Author: c.Author, Body: text})
	}
	return view, nil
}

// text renders Markdown. What it links to on the stand-in GitHub is linked to on the demo's own pages.
func (s *scenario) text(r *renderer, markdown string) (template.HTML, error) {
	return r.html(strings.ReplaceAll(markdown, s.shop.URL()+"/", s.local("/")))
}

// local is the address of a page about the repository on the demo's own server.
func (s *scenario) local(path string) string { return "/" + s.shop.FullName() + path }

func (s *scenario) checkView(ctx context.Context, r *renderer, run githubtest.CheckRun) (checkView, error) {
	summary, err := s.text(r, run.Summary)
	if err != nil {
		return checkView{}, err
	}
	v := checkView{Name: run.Name, Conclusion: run.Conclusion, Title: run.Title, Summary: summary}
	for _, b := range run.Actions {
		v.Buttons = append(v.Buttons, b.Label)
	}
	for _, a := range run.Annotations {
		lines, err := s.source(ctx, run.HeadSHA, a)
		if err != nil {
			return checkView{}, err
		}
		where := fmt.Sprintf("line %d", a.StartLine)
		if a.StartColumn > 0 {
			where += fmt.Sprintf(", columns %d to %d", a.StartColumn, a.EndColumn)
		}
		v.Annotations = append(v.Annotations, annotationView{
			Path: a.Path, Level: a.Level, Title: a.Title, Message: a.Message, Where: where, Lines: lines,
		})
	}
	return v, nil
}

// source reads the annotated file at the commit, and masks the keys in it: even the demo's page shows none.
func (s *scenario) source(ctx context.Context, commit string, a githubtest.Annotation) ([]sourceLine, error) {
	text, err := exec.CommandContext(ctx, "git", "-C", s.shop.Dir(), "cat-file", "blob", commit+":"+a.Path).Output()
	if err != nil {
		return nil, fmt.Errorf("reading %s at %s: %w", a.Path, short(commit), err)
	}
	all := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	var lines []sourceLine
	for n := max(1, a.StartLine-contextLines); n <= min(len(all), a.EndLine+contextLines); n++ {
		lines = append(lines, s.sourceLine(all[n-1], n, a))
	}
	return lines, nil
}

func (s *scenario) sourceLine(text string, n int, a githubtest.Annotation) sourceLine {
	line := sourceLine{Number: n, Before: s.masked(text), Hit: n >= a.StartLine && n <= a.EndLine}
	if from, to := a.StartColumn-1, a.EndColumn; line.Hit && a.StartLine == a.EndLine && from >= 0 && from < to && to <= len(text) {
		line.Before, line.Marked, line.After = s.masked(text[:from]), s.masked(text[from:to]), s.masked(text[to:])
	}
	return line
}

func (s *scenario) masked(text string) string {
	for _, key := range s.keys {
		text = strings.ReplaceAll(text, key, detect.NewSecret(key).Redacted())
	}
	return text
}
