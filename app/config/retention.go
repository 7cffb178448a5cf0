package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rekey-app/rekey/respond/ledger"
)

const hoursOfDay = 24

// duration reads a duration in days, as in 30d, or as Go writes them; "" is the fallback.
func duration(setting, s string, fallback time.Duration) (time.Duration, error) {
	if s == "" {
		return fallback, nil
	}
	d, err := time.ParseDuration(s)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		var n int64
		n, err = strconv.ParseInt(days, 10, 32)
		d = time.Duration(n) * hoursOfDay * time.Hour
	}
	if err != nil || d < 0 {
		return 0, &Error{setting, fmt.Sprintf("is %q", s), "use a number of days or hours, such as 30d or 36h"}
	}
	return d, nil
}

// retention reads for how long the database keeps what is of no use any more.
func (f Flags) retention() (ledger.Retention, error) {
	const setting = "REKEY_RETENTION"
	keep, err := duration(setting, f.Retention, ledger.DefaultRetention.Keep)
	if err == nil && keep < ledger.MinKeep {
		err = &Error{
			setting, fmt.Sprintf("is %q", f.Retention),
			fmt.Sprintf("use %dd or more: GitHub may redeliver what is up to 7 days old, and a delivery that was deleted would be handled twice", int(ledger.MinKeep.Hours())/hoursOfDay),
		}
	}
	if err != nil {
		return ledger.Retention{}, err
	}
	after, err := duration("REKEY_FORGET_AFTER", f.ForgetAfter, ledger.DefaultRetention.ForgetAfter)
	if err != nil {
		return ledger.Retention{}, err
	}
	return ledger.Retention{Keep: keep, ForgetAfter: after}, nil
}
