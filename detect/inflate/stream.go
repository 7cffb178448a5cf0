package inflate

// stream is what Feed keeps between two calls beside the state.
type stream struct {
	window []byte // the last content, for matches to reach back into
	filled int    // how much of window is content, all of it emitted
	rest   int64  // bytes of content still to come
	sum    uint32 // Adler-32 of what was emitted
}

const streamWindow = 4 * windowSize

// Begin starts a zlib stream that announces size bytes of content, to be read by [Decoder.Feed]. A call of Zlib ends
// it.
func (d *Decoder) Begin(size int64) {
	if d.window == nil {
		d.window = make([]byte, streamWindow)
	}
	d.state = state{phase: atStart}
	d.stream = stream{window: d.window, rest: size, sum: adlerStart}
}

// Feed inflates what src holds of the stream and hands the content to emit in order, in parts of at most 128 KiB, so that
// an object of any size takes 128 KiB. emit must not keep the part; its error ends the stream and is returned as it is.
// With a nil emit, Feed only finds where the stream ends; following the symbols without their content would be no more
// than an eighth quicker.
//
// It returns how many bytes of src it used, and nil once the stream, checksum included, is over. With [ErrTruncated] it
// used those bytes and needs more than src held: call it again with the unused rest and what follows. That rest is at
// most a block's header, under 400 bytes. After another error the stream is lost.
//
// emit never sees more than the announced size. The Adler-32 is verified at the end unless Trust is set: what emit saw
// is certain only once Feed returns nil.
func (d *Decoder) Feed(src []byte, emit func(part []byte) error) (used int, err error) {
	d.in = 0
	if d.phase == atStart {
		if err := checkHeader(src); err != nil {
			return 0, err
		}
		d.in = headerSize
		d.phase = atHeader
	}
	for d.phase != finished {
		d.slide()
		end := d.filled + int(min(int64(len(d.window)-d.filled), d.rest))
		filled, err := d.run(d.window[:end], d.filled, src)
		part := d.window[d.filled:filled]
		d.filled = filled
		d.rest -= int64(len(part))
		if err == errFull && d.rest == 0 {
			return d.in, ErrSize
		}
		if err != nil && err != errFull && err != ErrTruncated {
			return d.in, err
		}
		if !d.Trust {
			d.sum = adler(d.sum, part)
		}
		if emit != nil && len(part) > 0 {
			if err := emit(part); err != nil {
				return d.in, err
			}
		}
		if err == ErrTruncated {
			return d.in, err
		}
	}
	if d.rest != 0 {
		return d.in, ErrSize
	}
	want, err := d.trailer(src)
	if err == nil && !d.Trust && want != d.sum {
		err = ErrChecksum
	}
	return d.in, err
}

// slide makes room where the window is full.
func (d *Decoder) slide() {
	if d.filled == len(d.window) {
		copy(d.window, d.window[len(d.window)-windowSize:])
		d.filled = windowSize
	}
}
