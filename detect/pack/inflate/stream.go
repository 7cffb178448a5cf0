package inflate

// Stream inflates the zlib stream at the start of src, which announces size bytes, and hands them to emit in parts of
// at most 96 KiB, in order, so that an object of any size takes 128 KiB. emit must not keep the part. It returns how many
// bytes of src the stream took; an error of emit ends it and is returned as it is. A stream longer than size is stopped
// before emit sees more than size bytes. The Adler-32 is verified at the end unless Trust is set: what emit saw is
// certain only once Stream returns nil.
func (d *Decoder) Stream(size int64, src []byte, emit func(part []byte) error) (consumed int, err error) {
	if err := checkHeader(src); err != nil {
		return 0, err
	}
	d.state = state{in: headerSize}
	var (
		window = make([]byte, 4*windowSize)
		sum    = uint32(adlerStart)
		kept   = 0 // bytes of the window already emitted
		rest   = size
	)
	for {
		end := int(min(int64(len(window)-kept), rest)) + kept
		filled, err := d.run(window[:end], kept, src)
		if err != nil && err != errFull {
			return 0, err
		}
		part := window[kept:filled]
		if rest == 0 && err == errFull {
			return 0, ErrSize
		}
		if len(part) > 0 {
			if !d.Trust {
				sum = adler(sum, part)
			}
			rest -= int64(len(part))
			if err := emit(part); err != nil {
				return 0, err
			}
		}
		if err == nil {
			break
		}
		kept = filled
		if kept == len(window) {
			copy(window, window[len(window)-windowSize:])
			kept = windowSize
		}
	}
	if rest != 0 {
		return 0, ErrSize
	}
	want, err := d.trailer(src)
	if err != nil {
		return 0, err
	}
	if !d.Trust && want != sum {
		return 0, ErrChecksum
	}
	return d.in, nil
}
