package recovery

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/ledger"
)

// TestChoose goes through what a page of GitHub's log may hold. GitHub's clock is an hour ahead of ours.
func TestChoose(t *testing.T) {
	t.Parallel()
	ours := time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC)
	c := clocks{github: ours.Add(time.Hour), ours: ours}
	floor := c.github.Add(-72 * time.Hour)
	entry := func(id int64, guid string, age time.Duration, code int) github.Delivery {
		return github.Delivery{ID: id, GUID: guid, Event: "push", DeliveredAt: c.github.Add(-age), StatusCode: code}
	}
	missed := func(id int64, guid string, age time.Duration) ledger.Missed {
		return ledger.Missed{GUID: guid, Log: id, Event: "push", Delivered: ours.Add(-age), Due: ours}
	}
	event := func(d github.Delivery, event string) github.Delivery {
		d.Event = event
		return d
	}
	timeless := entry(5, "a", 0, 500)
	timeless.DeliveredAt = time.Time{}
	later := missed(5, "a", time.Second)
	later.Due = ours.Add(pendingFor)
	for name, tt := range map[string]struct {
		page   []github.Delivery
		known  []string
		want   []ledger.Missed
		failed int
	}{
		"an empty log":                  {},
		"known":                         {page: []github.Delivery{entry(5, "a", time.Hour, 500)}, known: []string{"a"}},
		"failed":                        {[]github.Delivery{entry(5, "a", time.Hour, 500)}, nil, []ledger.Missed{missed(5, "a", time.Hour)}, 1},
		"answered, and not on record":   {[]github.Delivery{entry(5, "a", time.Hour, 202)}, nil, []ledger.Missed{missed(5, "a", time.Hour)}, 0},
		"a redelivery that failed too":  {[]github.Delivery{entry(9, "a", time.Minute, 500), entry(5, "a", time.Hour, 502)}, nil, []ledger.Missed{missed(9, "a", time.Hour)}, 1},
		"a redelivery that came":        {page: []github.Delivery{entry(9, "a", time.Minute, 202), entry(5, "a", time.Hour, 502)}, known: []string{"a"}},
		"one that another one answered": {[]github.Delivery{entry(9, "a", time.Minute, 200), entry(5, "a", time.Hour, 502)}, nil, []ledger.Missed{missed(9, "a", time.Hour)}, 0},
		"the same entry twice":          {[]github.Delivery{entry(5, "a", time.Hour, 500), entry(5, "a", time.Hour, 500)}, nil, []ledger.Missed{missed(5, "a", time.Hour)}, 1},
		"out of order": {
			[]github.Delivery{entry(5, "a", time.Minute, 500), entry(7, "b", time.Hour, 500), entry(6, "c", time.Minute, 500)},
			nil,
			[]ledger.Missed{missed(7, "b", time.Hour), missed(5, "a", time.Minute), missed(6, "c", time.Minute)},
			3,
		},
		"in the future":           {[]github.Delivery{entry(5, "a", -time.Hour, 500)}, nil, []ledger.Missed{missed(5, "a", 0)}, 1},
		"without a time":          {[]github.Delivery{timeless}, nil, []ledger.Missed{missed(5, "a", 72*time.Hour)}, 1},
		"out of reach":            {page: []github.Delivery{entry(5, "a", 73*time.Hour, 500)}},
		"under way":               {[]github.Delivery{entry(5, "a", time.Second, 0)}, nil, []ledger.Missed{later}, 1},
		"under way for long":      {[]github.Delivery{entry(5, "a", time.Hour, 0)}, nil, []ledger.Missed{missed(5, "a", time.Hour)}, 1},
		"under way again":         {[]github.Delivery{entry(9, "a", time.Second, 0), entry(5, "a", time.Hour, 500)}, nil, []ledger.Missed{missed(9, "a", time.Hour)}, 1},
		"an event of no use":      {page: []github.Delivery{event(entry(5, "a", time.Hour, 500), "star")}},
		"a ping":                  {page: []github.Delivery{event(entry(5, "a", time.Hour, 500), "ping")}},
		"no event":                {page: []github.Delivery{event(entry(5, "a", time.Hour, 500), "")}},
		"what is no GUID":         {page: []github.Delivery{entry(5, "a\nb", time.Hour, 500)}},
		"an unknown installation": {[]github.Delivery{event(entry(5, "a", time.Hour, 500), "installation")}, nil, []ledger.Missed{func() ledger.Missed { m := missed(5, "a", time.Hour); m.Event = "installation"; return m }()}, 1},
	} {
		known := map[string]bool{}
		for _, guid := range tt.known {
			known[guid] = true
		}
		got, failed := choose(tt.page, known, floor, c)
		if diff := cmp.Diff(tt.want, got); diff != "" || failed != tt.failed {
			t.Errorf("%s: %d failed, want %d; -want +got\n%s", name, failed, tt.failed, diff)
		}
	}
}

func TestWhereAReadingEnds(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC)
	floor := now.Add(-72 * time.Hour)
	if got := cutOf(time.Time{}, floor); !got.Equal(floor) {
		t.Errorf("without a mark: %s", got)
	}
	if got := cutOf(now.Add(-time.Hour), floor); !got.Equal(now.Add(-time.Hour - overlap)) {
		t.Errorf("with a mark: %s", got)
	}
	if got := cutOf(now.Add(-100*time.Hour), floor); !got.Equal(floor) {
		t.Errorf("with an old mark: %s", got)
	}
	at := func(ages ...time.Duration) (page []github.Delivery) {
		for _, age := range ages {
			page = append(page, github.Delivery{DeliveredAt: now.Add(-age)})
		}
		return page
	}
	many := at(slices.Repeat([]time.Duration{time.Minute, 2 * time.Hour}, 20)...)
	old := append(at(time.Minute), at(slices.Repeat([]time.Duration{2 * time.Hour}, 20)...)...)
	cut := now.Add(-time.Hour)
	if !endsBefore(at(2*time.Hour, 3*time.Hour), cut) || endsBefore(many, cut) || !endsBefore(old, cut) || !endsBefore(nil, cut) {
		t.Error("a reading ends at the wrong page")
	}
	if got := newest(at(time.Hour, -time.Hour, time.Minute), now); !got.Equal(now) {
		t.Errorf("a delivery from the future moves the mark to %s", got)
	}
	if got := newest(at(time.Hour, time.Minute, time.Hour), now); !got.Equal(now.Add(-time.Minute)) {
		t.Errorf("the newest of a page out of order is %s", got)
	}
}

// What was spent is forgotten evenly, and a clock that is set back gives nothing away.
func TestSpent(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC)
	l := ledger.DeliveryLog{Spent: requestsPerHour, SpentAt: now}
	for after, want := range map[time.Duration]float64{
		0: requestsPerHour, 30 * time.Minute: requestsPerHour / 2, time.Hour: 0, 24 * time.Hour: 0, -time.Hour: requestsPerHour,
	} {
		if got := spent(l, now.Add(after)); got != want {
			t.Errorf("after %s: %v, want %v", after, got, want)
		}
	}
}

// TestClocksAt: by our clock a delivery is never later than it was, wherever in its second GitHub answers.
func TestClocksAt(t *testing.T) {
	t.Parallel()
	sent := time.Date(2026, 11, 23, 12, 0, 0, 300_000_000, time.UTC)
	for _, answered := range []time.Duration{0, 100 * time.Millisecond, 699 * time.Millisecond, 700 * time.Millisecond, time.Hour} {
		now := sent.Add(answered)
		const ahead = 7 * time.Minute // our clock
		ours := clocksAt(now.Truncate(time.Second), now.Add(ahead)).toOurs(sent)
		if late := ours.Sub(sent.Add(ahead)); late > 0 || late < -time.Second {
			t.Errorf("answered after %s: %s late", answered, late)
		}
	}
	if c := clocksAt(time.Time{}, sent); c.toOurs(sent) != sent {
		t.Errorf("without a date: %s", c.toOurs(sent))
	}
}
