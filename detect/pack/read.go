package pack

import "sync/atomic"

// read makes one object of its chain of bases.
func (p *packfile) read(entry int32, opts Options) ([]byte, error) {
	w := newWalker(opts, 0, new(atomic.Int64))
	chain := []int32{entry}
	for b := p.bases[entry]; b != none; b = p.bases[b] {
		chain = append(chain, b)
	}
	var text buffer
	for i := len(chain) - 1; i >= 0; i-- {
		next, err := w.make(p, chain[i], text.data)
		w.memory.back(text)
		if err != nil {
			return nil, p.fail(chain[i], err)
		}
		text = next
	}
	if text.spool == nil {
		return text.data, nil
	}
	defer w.memory.back(text)
	return append([]byte{}, text.data...), nil
}
