package crashtest

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rekey-app/rekey/app/serve"
)

const (
	// patience is how long nothing at all may happen, beyond the time for which the next job waits, until what is missing is taken
	// for lost. Each five minutes servers look for leaks that have no issue.
	patience = 7 * time.Minute
	// farOff is when a job is for later on purpose: questions about keys that are watched, digests.
	farOff = 20 * time.Minute
)

// calm waits until GitHub shows what the model wants and nothing is left to do. It gives up when nothing happens any more. lasted is
// until the last that happened.
func (w *world) calm(ctx context.Context) (lasted time.Duration, calm bool) {
	var last, told string
	began := time.Now()
	since, moved, quiet := began, began, 0
	var passed time.Time
	for ctx.Err() == nil {
		w.must(w.github.Settle(ctx))
		if time.Since(passed) > 3*time.Second { // what was asked for again is on its way
			w.passTime(ctx)
			passed = time.Now()
		}
		different := w.compare()
		busy, next := w.busy()
		missed := w.missed()
		if len(different) == 0 && busy == "" && missed == 0 {
			if quiet++; quiet >= 3 {
				return moved.Sub(began), true
			}
		} else {
			quiet = 0
		}
		now := fmt.Sprint(len(different), busy, missed, len(w.github.Deliveries()))
		if len(different) > 0 {
			now += different[0].String()
		}
		if now != last {
			last, moved = now, time.Now()
			since = moved
		}
		if time.Since(moved) > time.Minute && now != told {
			told = now
			w.log.note("nothing happens any more; %d differences: %v; busy: %s; missed: %d", len(different), different[:min(len(different), 5)], busy, missed)
		}
		if next.After(since) {
			since = next
		}
		if time.Since(since) > patience {
			return moved.Sub(began), false
		}
		time.Sleep(200 * time.Millisecond)
	}
	return moved.Sub(began), false
}

// passTime makes minutes pass for missed deliveries, each of which is left alone for some, first and after each try that failed; and
// the hour, whose requests may be spent.
func (w *world) passTime(ctx context.Context) {
	_, err := w.db.ExecContext(ctx, `UPDATE missed SET due = 1`)
	if err == nil {
		err = w.spend(ctx, 0)
	}
	if err != nil {
		w.log.note("no time passes for missed deliveries: %v", err) // while another one writes
	}
}

// spend says how many of the hour's requests to GitHub for missed deliveries are spent.
func (w *world) spend(ctx context.Context, requests int) error {
	set := `json_set(value, '$.Spent', $1)`
	if w.set.postgres != "" {
		set = `jsonb_set(value::jsonb, '{Spent}', to_jsonb($1::int))::text`
	}
	_, err := w.db.ExecContext(ctx, `UPDATE meta SET value = `+set+` WHERE key = 'delivery log' AND value <> ''`, requests)
	return err
}

// busy says what the ledger still has to do, and when the job is due that is due last.
func (w *world) busy() (what string, next time.Time) {
	var unfinished int
	if err := w.db.QueryRow(`SELECT count(*) FROM deliveries WHERE finished = 0`).Scan(&unfinished); err != nil {
		return "the ledger cannot be read: " + err.Error(), time.Time{}
	}
	var missed int
	if err := w.db.QueryRow(`SELECT count(*) FROM missed m JOIN deliveries d ON d.guid = m.guid WHERE d.given_up <> 0`).Scan(&missed); err != nil {
		return "the ledger cannot be read: " + err.Error(), time.Time{}
	}
	due := `julianday(scheduled_at) < julianday('now') + $1 / 86400.0`
	seconds := `CAST(strftime('%s', max(scheduled_at)) AS INTEGER)`
	if w.set.postgres != "" {
		due, seconds = `scheduled_at < now() + make_interval(secs => $1)`, `CAST(extract(epoch FROM max(scheduled_at)) AS BIGINT)`
	}
	var jobs int
	var latest sql.NullInt64
	err := w.db.QueryRow(`SELECT count(*), `+seconds+` FROM river_job WHERE state IN ('available', 'pending', 'retryable', 'running', 'scheduled') AND `+due,
		farOff.Seconds()).Scan(&jobs, &latest)
	if err != nil {
		return "the queue cannot be read: " + err.Error(), time.Time{}
	}
	if latest.Valid {
		next = time.Unix(latest.Int64, 0)
	}
	if unfinished+jobs+missed > 0 {
		what = fmt.Sprintf("%d deliveries, %d jobs, %d missed deliveries", unfinished, jobs, missed)
	}
	return what, next
}

// state says where a run stands that does not come to an end.
func (w *world) state() string {
	busy, next := w.busy()
	return fmt.Sprintf("it does not come to an end: %s; the last job is due at %s; %d deliveries are in GitHub's log alone", busy, next.Format(time.TimeOnly), w.missed())
}

// stopAll stops the servers in good order.
func (w *world) stopAll() {
	for _, p := range w.processes {
		p.signal(syscall.SIGTERM)
	}
	for _, p := range w.processes {
		if !p.ended(serve.StopWithin + time.Minute) { // on a busy machine
			w.fault("%s does not stop in good order", p.name)
		} else if code := p.cmd.ProcessState.ExitCode(); code != 0 {
			w.fault("%s stopped with status %d", p.name, code)
		}
	}
}

// leftRunning looks for jobs that the stopped servers left as running.
func (w *world) leftRunning() []string {
	return w.counted("jobs that a stopped server left as running", `SELECT count(*) FROM river_job WHERE state = 'running'`)
}

func (w *world) counted(what, query string) []string {
	var n int
	if err := w.db.QueryRow(query).Scan(&n); err != nil {
		return []string{fmt.Sprintf("%s: %v", what, err)}
	} else if n != 0 {
		return []string{fmt.Sprintf("%d %s", n, what)}
	}
	return nil
}

var idIn = regexp.MustCompile(`installation=([0-9]+) repository=([0-9]+)`)

// jobsGivenUp lists the jobs that were given up though what they are about is there.
func (w *world) jobsGivenUp() (wrong []string) {
	args := `json(args)`
	if w.set.postgres != "" {
		args = `args::text`
	}
	for _, row := range w.rows("job given up:", `SELECT id, kind, state, `+args+` AS args FROM river_job WHERE state IN ('discarded', 'cancelled')`) {
		if _, text, _ := strings.Cut(row, " args="); !w.aboutGone(text) && len(wrong) < 10 {
			wrong = append(wrong, row)
		}
	}
	return wrong
}

// aboutGone reports whether a job is about an installation or a repository that is gone, or was forgotten since.
func (w *world) aboutGone(args string) bool {
	var about struct {
		Installation, Repository, Leak int64
		GUID                           string
	}
	if json.Unmarshal([]byte(args), &about) != nil || about.Installation == 0 && about.Repository == 0 && about.Leak == 0 && about.GUID == "" {
		return false
	}
	var err error
	if about.Leak != 0 {
		err = w.db.QueryRow(`SELECT repository FROM leaks WHERE id = $1`, about.Leak).Scan(&about.Repository)
	}
	if about.GUID != "" {
		err = w.db.QueryRow(`SELECT installation, repository FROM deliveries WHERE guid = $1`, about.GUID).Scan(&about.Installation, &about.Repository)
	}
	if err == nil && about.Installation == 0 {
		err = w.db.QueryRow(`SELECT installation FROM repositories WHERE id = $1`, about.Repository).Scan(&about.Installation)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return errors.Is(err, sql.ErrNoRows) || err == nil && (w.gone[about.Installation] || w.gone[about.Repository])
}

// ledgerIsWhole looks for what no server will ever do any more.
func (w *world) ledgerIsWhole() (wrong []string) {
	for what, query := range map[string]string{
		"deliveries not finished":            `SELECT count(*) FROM deliveries WHERE finished = 0`,
		"deliveries that are recorded twice": `SELECT count(*) - count(DISTINCT guid) FROM deliveries`,
	} {
		wrong = append(wrong, w.counted(what, query)...)
	}
	for _, given := range w.rows("delivery given up:", `SELECT guid, event, installation, repository, outcome FROM deliveries WHERE given_up <> 0`) {
		ids := idIn.FindStringSubmatch(given)
		installation, _ := strconv.ParseInt(ids[1], 10, 64)
		repository, _ := strconv.ParseInt(ids[2], 10, 64)
		if !w.gone[installation] && !w.gone[repository] {
			wrong = append(wrong, given)
		}
	}
	wrong = append(wrong, w.jobsGivenUp()...)
	lost := 0
	w.balancer.mu.Lock()
	defer w.balancer.mu.Unlock()
	for guid := range w.balancer.acked {
		if !w.recorded(guid) {
			lost++
		}
	}
	clear(w.balancer.acked)
	if lost > 0 {
		wrong = append(wrong, fmt.Sprintf("%d deliveries were acknowledged and are not in the ledger", lost))
	}
	return wrong
}
