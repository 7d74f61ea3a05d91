package msgpack

// Read reads a whole message by the function.
func Read(message []byte, read func(*Reader)) error {
	r := NewReader(message)
	read(r)
	return r.Done()
}

// Explain says what a Reader's error came of. It does what fmt.Errorf would, without fmt; nil stays nil.
func Explain(doing string, err error) error {
	if err == nil {
		return nil
	}
	return &explained{doing: doing, err: err}
}

type explained struct {
	doing string
	err   error
}

func (e *explained) Error() string { return e.doing + ": " + e.err.Error() }
func (e *explained) Unwrap() error { return e.err }
