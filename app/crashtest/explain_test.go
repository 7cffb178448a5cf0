package crashtest

import (
	"fmt"
	"regexp"
	"strings"
)

// explain gathers all that is known of differences, so that a failure is understood from the test's output alone.
func (w *world) explain(different []difference) string {
	const most = 8
	var b strings.Builder
	for i, d := range different[:min(len(different), most)] {
		fmt.Fprintf(&b, "--- %d: %s\n", i+1, d)
		for _, line := range d.history() {
			b.WriteString("    " + line + "\n")
		}
	}
	return b.String()
}

var guids = regexp.MustCompile(`"delivery":"([0-9a-f-]{36})"|delivery ([0-9a-f-]{36})`)

// history is what happened to a head or to a leak, in the order of time, and what the ledger has of it.
func (d difference) history() []string {
	w := d.in.w
	texts := []string{}
	var rows []string
	id := d.in.on.ID()
	switch {
	case d.sha != "":
		texts = append(texts, d.sha)
		for _, run := range d.in.on.CheckRuns(d.sha) {
			texts = append(texts, fmt.Sprintf("/check-runs/%d", run.ID))
		}
		rows = append(rows, w.rows("scan", `SELECT event, ref, base, commits, finished FROM scans WHERE repository = $1 AND head = $2 ORDER BY id`, id, d.sha)...)
		rows = append(rows, w.rows("check", `SELECT run_id, conclusion, updated FROM checks WHERE repository = $1 AND head = $2`, id, d.sha)...)
		rows = append(rows, w.rows("effect", `SELECT key, begun, finished, result, token, sending FROM actions WHERE key = $1`, fmt.Sprintf("check:%d:%s", id, d.sha))...)
	default:
		if d.issue != 0 {
			texts = append(texts, fmt.Sprintf("/%s/issues/%d", d.in.on.Name(), d.issue))
		}
		if d.leak != nil {
			texts = append(texts, d.leak.fingerprint)
			for _, leak := range w.rows("", `SELECT id FROM leaks WHERE repository = $1 AND fingerprint = $2`, id, d.leak.fingerprint) {
				texts = append(texts, fmt.Sprintf(`"leak":%s,`, strings.TrimSpace(leak)))
			}
			rows = append(rows, w.rows("leak", `SELECT id, state, detected, outside, issue_number FROM leaks WHERE repository = $1 AND fingerprint = $2`, id, d.leak.fingerprint)...)
		}
	}
	lines := w.log.about(texts...)
	for _, found := range guids.FindAllStringSubmatch(strings.Join(lines, "\n"), -1) {
		if guid := found[1] + found[2]; !strings.Contains(strings.Join(texts, " "), guid) {
			texts = append(texts, guid)
			rows = append(rows, w.rows("delivery", `SELECT guid, event, action, received, finished, recovered, outcome FROM deliveries WHERE guid = $1`, guid)...)
		}
	}
	return append(w.log.about(texts...), rows...)
}

// rows are rows of the ledger, as text.
func (w *world) rows(what, query string, args ...any) (list []string) {
	rows, err := w.db.Query(query, args...)
	if err != nil {
		return []string{err.Error()}
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return []string{err.Error()}
	}
	for rows.Next() {
		values := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return append(list, err.Error())
		}
		line := what
		for i, v := range values {
			if text, ok := v.([]byte); ok {
				v = string(text)
			}
			if line += " "; what != "" {
				line += columns[i] + "="
			}
			line += fmt.Sprint(v)
		}
		list = append(list, line)
	}
	if err := rows.Err(); err != nil {
		list = append(list, err.Error())
	}
	return list
}
