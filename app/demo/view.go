package main

import (
	"fmt"
	"html/template"
	"os/exec"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
)

// context lines around an annotated one.
const contextLines = 3

// page gathers what the stand-in GitHub holds at the end of the story.
func (s *story) page(steps []*step) (page, error) {
	r := newRenderer()
	p := page{Repository: s.shop.FullName()}
	for i, step := range steps {
		if !step.Page {
			continue
		}
		for _, run := range s.shop.CheckRuns(step.head) {
			check, err := s.checkView(r, run)
			if err != nil {
				return page{}, err
			}
			p.Pushes = append(p.Pushes, pushView{
				Number: i + 1, Title: step.Title, Detail: step.sent.Event + ", answered in " + step.sent.Took.Round(100000).String(),
				Author: s.author(step.head), Commit: short(step.head), Check: check,
			})
		}
	}
	for _, issue := range s.shop.Issues() {
		body, err := r.html(issue.Body)
		if err != nil {
			return page{}, err
		}
		view := issueView{
			Number: issue.Number, Title: issue.Title, State: issue.State, Author: issue.Author, Labels: issue.Labels, Body: body,
		}
		for _, c := range issue.Comments {
			var text template.HTML
			if text, err = r.html(c.Body); err != nil {
				return page{}, err
			}
			view.Comments = append(view.Comments, commentView{Author: c.Author, Body: text})
		}
		p.Issues = append(p.Issues, view)
	}
	return p, nil
}

func (s *story) checkView(r *renderer, run githubtest.CheckRun) (checkView, error) {
	summary, err := r.html(run.Summary)
	if err != nil {
		return checkView{}, err
	}
	v := checkView{Name: run.Name, Conclusion: run.Conclusion, Title: run.Title, Summary: summary}
	for _, b := range run.Actions {
		v.Buttons = append(v.Buttons, buttonView{b.Label, b.Description})
	}
	for _, a := range run.Annotations {
		lines, err := s.source(run.HeadSHA, a)
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
func (s *story) source(commit string, a githubtest.Annotation) ([]sourceLine, error) {
	text, err := exec.Command("git", "-C", s.shop.Dir(), "cat-file", "blob", commit+":"+a.Path).Output()
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

func (s *story) sourceLine(text string, n int, a githubtest.Annotation) sourceLine {
	line := sourceLine{Number: n, Before: s.masked(text), Hit: n >= a.StartLine && n <= a.EndLine}
	if from, to := a.StartColumn-1, a.EndColumn; line.Hit && a.StartLine == a.EndLine && from >= 0 && from < to && to <= len(text) {
		line.Before, line.Marked, line.After = s.masked(text[:from]), s.masked(text[from:to]), s.masked(text[to:])
	}
	return line
}

func (s *story) masked(text string) string {
	for _, key := range s.keys {
		text = strings.ReplaceAll(text, key, detect.NewSecret(key).Redacted())
	}
	return text
}

func (s *story) author(commit string) string {
	name, err := exec.Command("git", "-C", s.shop.Dir(), "log", "-1", "--format=%an", commit).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(name))
}
