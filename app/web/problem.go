package web

import "net/http"

// Problem is why a page is not shown, and what to do.
type Problem struct {
	Status   int
	Title    string
	Text     string
	Link     string // where to go on; "": to the front page
	LinkText string
}

// Problems that any page may have.
var (
	NotFound = Problem{
		Status: http.StatusNotFound, Title: "There is no such page",
		Text: "The address may be wrong, or what it led to is gone: a repository that was removed, or one that you have no access to on GitHub.",
	}
	Foreign = Problem{
		Status: http.StatusForbidden, Title: "This didn't come from rekey",
		Text: "Another site asked your browser to send this, so nothing was done. If it was you, open rekey and try again there.",
	}
	StaleForm = Problem{
		Status: http.StatusForbidden, Title: "This form is out of date",
		Text: "You signed in again, or signed out, since the page was opened. Nothing was done. Go back, reload the page and try again.",
	}
	Broken = Problem{
		Status: http.StatusInternalServerError, Title: "Something went wrong",
		Text: "rekey couldn't build this page. Its log says why. Scans go on all the same; try again in a moment.",
	}
	NotAllowedMethod = Problem{
		Status: http.StatusMethodNotAllowed, Title: "This page can't be used that way", Text: "Open it from rekey's own pages.",
	}
)

// Fail sends a page that says what the problem is.
func (s *Site) Fail(w http.ResponseWriter, r *http.Request, p Problem) {
	s.FailAs(w, r, p, Page{})
}

// FailAs is Fail within a page's navigation.
func (s *Site) FailAs(w http.ResponseWriter, r *http.Request, problem Problem, p Page) {
	if problem.Link == "" {
		problem.Link, problem.LinkText = "/", "Go to the front page"
	}
	p.Title, p.Data, p.Refresh = problem.Title, problem, 0
	s.Render(w, r, problem.Status, s.problem, p)
}
