package detect

const (
	prefixLength = len("sk_live_")
	bodyLength   = 42
	keyLength    = prefixLength + bodyLength
)

// environment returns the environment of the secret key that t starts as, if it does.
func (t *token) environment() (env Environment, ok bool) {
	switch {
	case t.has("sk_live_"):
		return Live, true
	case t.has("sk_test_"):
		return Test, true
	}
	return "", false
}

// severityOf is the severity of a secret key of an environment.
func severityOf(env Environment) Severity {
	if env == Live {
		return CriticalSeverity
	}
	return MediumSeverity
}

// secretKey looks for a secret key at v.text[at:].
func (r *run) secretKey(v *view, at int) {
	if r.s.malformed {
		r.malformedKey(v, at)
	}
	t := &r.tok
	t.read(v.text, at, keyLength+2)
	env, ok := t.environment()
	if !ok || t.n < keyLength || !isAlphanumeric(t.text(keyLength)[prefixLength:]) {
		return
	}
	if !t.bounded(v.text, keyLength) {
		return
	}
	value := t.text(keyLength)
	if !r.wants(v, value) || !random(value[prefixLength:]) {
		return
	}
	f := Finding{Kind: SecretKey, Environment: env, Severity: severityOf(env), Secret: NewSecret(value)}
	end := t.end(keyLength)
	written := t.forms
	s := r.surroundingsOf(v, at, end)
	f.Instance = s.instance(env)
	f.Dashboard = s.page()
	reasons := s.forClerk()
	switch {
	case s.removed:
		f.Confidence = LowConfidence
		reasons = reasons.after(Reason{Code: RemovedLine})
	case s.otherVendor() != "":
		f.Confidence = LowConfidence
		reasons = Reasons{{AssignedToOther, s.variable}}
	case len(reasons) > 0:
		f.Confidence = HighConfidence
	default:
		f.Confidence = MediumConfidence
	}
	f.Reasons = append(reasons, Reason{Code: RightLength}) //nolint:gocritic // the list is this finding's alone
	r.finish(v, at, end, f, &s, written)
}

// finish adds to a finding what all kinds have in common, and takes it.
func (r *run) finish(v *view, start, end int, f Finding, s *surroundings, written forms) {
	if r.s.isSample(f.Secret) {
		return
	}
	if f.Confidence == HighConfidence && nameAfter(v.text, start, end) { // glued to what follows
		f.Confidence = MediumConfidence
	}
	f.Variable = s.variable
	f.Allowed = s.allowed
	if f.Browser = shipsToBrowsers(f.Variable); f.Browser {
		f.Reasons = append(f.Reasons, Reason{Code: BrowserVariable})
	}
	r.add(v, start, end, f, written)
}
