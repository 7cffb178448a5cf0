package dashboard

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

// choice is an option of a filter.
type choice struct {
	Value, Text string
	Count       int
	Chosen      bool
}

// filter is a select of a page's form.
type filter struct {
	Name, Label string
	Choices     []choice
}

// column is a column by which a list can be sorted.
type column struct {
	Text, URL string
	Sort      string // for aria-sort; "": the list is not sorted by it
	Number    bool
}

type leaksPage struct {
	Now             time.Time
	Search          string
	Repository      string // its name, where the list is of one
	Filters         []filter
	Hidden          url.Values // of the form: what the filters do not say
	Filtered        bool
	Columns         []column
	Leaks           []ledger.LeakRow
	Total           int
	Next, CSV, JSON string
}

const leaksPerPage = 50

// allStates stands for no filter by state: what a page shows at first are open leaks.
const allStates = "all"

// leakQuery reads a query of the page's address. What it does not know is left out.
func leakQuery(values url.Values) ledger.LeakQuery {
	q := ledger.LeakQuery{Order: ledger.LeakOrder(values.Get("sort")), Reverse: values.Get("reverse") == "true", After: values.Get("after"), Limit: leaksPerPage}
	if !slices.Contains([]ledger.LeakOrder{ledger.ByOpened, ledger.BySeen, ledger.BySeverity, ledger.ByRepository}, q.Order) {
		q.Order = ledger.BySeverity
	}
	switch state := respond.State(values.Get("state")); {
	case state == "":
		q.States = []respond.State{respond.Open}
	case slices.Contains(ledger.LeakStates(), state):
		q.States = []respond.State{state}
	}
	if kind := detect.Kind(values.Get("kind")); slices.Contains(ledger.LeakKinds(), kind) {
		q.Kinds = []detect.Kind{kind}
	}
	if s := detect.Severity(values.Get("severity")); slices.Contains(severities, s) {
		q.Severities = []detect.Severity{s}
	}
	if e := detect.Environment(values.Get("environment")); e == detect.Live || e == detect.Test {
		q.Environments = []detect.Environment{e}
	}
	q.Search = values.Get("search")
	if id, err := strconv.ParseInt(values.Get("repository"), 10, 64); err == nil {
		q.Repository = id
	}
	return q
}

var severities = []detect.Severity{detect.CriticalSeverity, detect.HighSeverity, detect.MediumSeverity, detect.LowSeverity}

func (d *Dashboard) leaks(w http.ResponseWriter, r *http.Request) {
	_, visible := reader(r)
	values := r.URL.Query()
	query := leakQuery(values)
	p := leaksPage{Now: d.Now(), Search: query.Search, Hidden: url.Values{}}
	var counts ledger.LeakCounts
	ok := d.view(w, r, func(ctx context.Context, tx Tx) error {
		list, err := tx.Leaks(ctx, visible, query)
		if err != nil {
			return err
		}
		p.Leaks = list.Leaks
		p.Next = pageAfter(values, "/leaks", list.Next)
		if query.Repository != 0 {
			one, err := tx.RepositoryList(ctx, visible, ledger.RepositoryQuery{ID: query.Repository, Limit: 1})
			if err != nil {
				return err
			}
			p.Repository = "a repository that you don't see"
			if len(one.Repositories) > 0 {
				p.Repository = one.Repositories[0].Repository.FullName()
			}
		}
		return nil
	}, func(ctx context.Context, tx Tx) (err error) {
		counts, err = tx.LeakCounts(ctx, visible, query.LeakFilter)
		return err
	})
	if !ok {
		return
	}
	p.Total = counts.Total
	p.Filters = filtersOf(query, counts, values)
	for _, name := range []string{"sort", "reverse", "repository"} {
		if v := values.Get(name); v != "" {
			p.Hidden.Set(name, v)
		}
	}
	p.Filtered = query.Search != "" || query.Repository != 0 || values.Get("kind")+values.Get("severity")+values.Get("environment") != "" || values.Get("state") != ""
	for _, c := range []struct {
		text  string
		order ledger.LeakOrder
	}{{"Severity", ledger.BySeverity}, {"Leak", ""}, {"Repository", ledger.ByRepository}, {"State", ""}, {"Found", ledger.ByOpened}, {"Last seen", ledger.BySeen}} {
		p.Columns = append(p.Columns, sortable(values, c.text, string(c.order), string(query.Order), query.Reverse, c.order == ledger.ByRepository, "/leaks"))
	}
	export := exported(query)
	p.CSV, p.JSON = "/api/v1/leaks.csv?"+export, "/api/v1/leaks.json?"+export
	d.show(w, r, "leaks", d.page(r, "Leaks", "/leaks", p))
}

// sortable is a column's head: its link sorts by it, and once more the other way.
func sortable(values url.Values, text, order, by string, reverse, ascends bool, path string) column {
	c := column{Text: text}
	if order == "" {
		return c
	}
	query := url.Values{}
	for name, v := range values {
		if name != "after" && name != "reverse" {
			query[name] = v
		}
	}
	query.Set("sort", order)
	if order == by {
		c.Sort = "descending"
		if ascends != reverse {
			c.Sort = "ascending"
		}
		if !reverse {
			query.Set("reverse", "true")
		}
	}
	c.URL = path + "?" + query.Encode()
	return c
}

// pageAfter is the address of the page after a cursor; "" where there is none.
func pageAfter(values url.Values, path, cursor string) string {
	if cursor == "" {
		return ""
	}
	query := maps.Clone(values)
	query.Set("after", cursor)
	return path + "?" + query.Encode()
}

// exported is the query of the API that lists what the page lists, all of it.
func exported(q ledger.LeakQuery) string {
	values := url.Values{"sort": {string(q.Order)}}
	set := func(name, value string) {
		if value != "" && value != "0" {
			values.Set(name, value)
		}
	}
	for _, s := range q.States {
		set("state", string(s))
	}
	for _, k := range q.Kinds {
		set("kind", string(k))
	}
	for _, s := range q.Severities {
		set("severity", string(s))
	}
	for _, e := range q.Environments {
		set("environment", string(e))
	}
	set("search", q.Search)
	set("repository", strconv.FormatInt(q.Repository, 10))
	if q.Reverse {
		set("reverse", "true")
	}
	return values.Encode()
}

func filtersOf(q ledger.LeakQuery, counts ledger.LeakCounts, values url.Values) []filter {
	state := filter{Name: "state", Label: "State"}
	total := 0
	for _, s := range ledger.LeakStates() {
		total += counts.States[s]
		value := string(s)
		if s == respond.Open {
			value = ""
		}
		state.Choices = append(state.Choices, choice{Value: value, Text: stateName(s), Count: counts.States[s], Chosen: len(q.States) == 1 && q.States[0] == s})
	}
	state.Choices = append(state.Choices, choice{Value: allStates, Text: "Any", Count: total, Chosen: len(q.States) == 0})
	severity := filter{Name: "severity", Label: "Severity", Choices: []choice{{Text: "Any", Count: -1}}}
	for _, s := range severities {
		severity.Choices = append(severity.Choices, choice{Value: string(s), Text: title(string(s)), Count: counts.Severities[s], Chosen: values.Get("severity") == string(s)})
	}
	environment := filter{Name: "environment", Label: "Environment", Choices: []choice{{Text: "Any", Count: -1}}}
	for _, e := range []detect.Environment{detect.Live, detect.Test} {
		environment.Choices = append(environment.Choices, choice{Value: string(e), Text: environmentName(e), Count: counts.Environments[e], Chosen: values.Get("environment") == string(e)})
	}
	kind := filter{Name: "kind", Label: "Kind", Choices: []choice{{Text: "Any", Count: -1}}}
	for _, k := range ledger.LeakKinds() {
		if n := counts.Kinds[k]; n > 0 || values.Get("kind") == string(k) {
			kind.Choices = append(kind.Choices, choice{Value: string(k), Text: title(respond.Describe(k, "")), Count: n, Chosen: values.Get("kind") == string(k)})
		}
	}
	return []filter{state, severity, environment, kind}
}
