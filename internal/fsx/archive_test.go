package fsx

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func gzipped(t *testing.T, data []byte, fast bool, step int) []byte {
	t.Helper()
	var out bytes.Buffer
	z, err := NewGzip(&out, fast)
	if err != nil {
		t.Fatal(err)
	}
	for len(data) > 0 {
		n := min(step, len(data))
		if _, err := z.Write(data[:n]); err != nil {
			t.Fatal(err)
		}
		data = data[n:]
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// The bytes depend on the input alone, and any reader of gzip reads them.
func TestGzip(t *testing.T) {
	defer goleak.VerifyNone(t)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, data := range [][]byte{nil, []byte("a"), bytes.Repeat([]byte("some text, "), 200_000), make([]byte, gzipBlock), make([]byte, 2*gzipBlock+1)} {
		for _, fast := range []bool{false, true} {
			want := gzipped(t, data, fast, max(1, len(data)))
			for _, cores := range []int{1, 7} {
				runtime.GOMAXPROCS(cores)
				if got := gzipped(t, data, fast, 7919); !bytes.Equal(got, want) {
					t.Errorf("%d bytes, fast %t: other bytes on %d cores in small writes", len(data), fast, cores)
				}
			}
			z, err := gzip.NewReader(bytes.NewReader(want))
			if err != nil {
				t.Fatal(err)
			}
			if !z.ModTime.IsZero() || z.Name != "" {
				t.Errorf("header %+v", z.Header)
			}
			if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d of %d bytes, %v", len(got), len(data), err)
			}
			ours, err := NewGunzip(bytes.NewReader(want))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(ours); err != nil || !bytes.Equal(got, data) {
				t.Errorf("ours: %d of %d bytes, %v", len(got), len(data), err)
			}
		}
	}
}

func TestGzipReportsTheWritersError(t *testing.T) {
	defer goleak.VerifyNone(t)
	broken := errors.New("cable pulled")
	z, err := NewGzip(writerFunc(func([]byte) (int, error) { return 0, broken }), false)
	if err != nil {
		t.Fatal(err)
	}
	block := bytes.Repeat([]byte("text"), gzipBlock/2)
	for n := 0; err == nil; n++ {
		if _, err = z.Write(block); n > 100 {
			t.Fatal("it goes on after the error")
		}
	}
	if closed := z.Close(); !errors.Is(err, broken) || !errors.Is(closed, broken) {
		t.Errorf("%v, %v", err, closed)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestGunzipReadsOneStream(t *testing.T) {
	one := gzipped(t, []byte("hello"), false, 5)
	for name, tt := range map[string]struct {
		data []byte
		want error
	}{
		"one": {one, nil}, "two": {append(bytes.Clone(one), one...), ErrTrailing}, "text": {append(bytes.Clone(one), 'x'), ErrTrailing},
		"cut": {one[:len(one)-3], io.ErrUnexpectedEOF},
	} {
		z, err := NewGunzip(bytes.NewReader(tt.data))
		if err == nil {
			_, err = io.Copy(io.Discard, z)
		}
		if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if _, err := NewGunzip(strings.NewReader("hello, world")); err == nil {
		t.Error("a text was decompressed")
	}
}

func TestTar(t *testing.T) {
	var out bytes.Buffer
	w := NewTar(&out)
	for _, size := range []int{0, 1, 511, 512, 513, 100_000} {
		if err := w.Add("file", 0o755, int64(size), bytes.NewReader(make([]byte, size))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := tar.NewReader(&out)
	for _, size := range []int64{0, 1, 511, 512, 513, 100_000} {
		h, err := r.Next()
		if err != nil || h.Size != size || h.Mode != 0o755 || h.Uid != 0 || h.ModTime.Unix() != 0 || h.Format != tar.FormatGNU {
			t.Fatalf("%+v, %v", h, err)
		}
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) || out.Len() != 0 {
		t.Errorf("%v, %d bytes left", err, out.Len())
	}
}

func TestTarRefuses(t *testing.T) {
	broken := errors.New("cable pulled")
	for name, tt := range map[string]struct {
		name string
		size int64
		r    io.Reader
		want string
	}{
		"no name":     {"", 1, strings.NewReader("x"), "can't be a name"},
		"long name":   {strings.Repeat("n", 101), 1, strings.NewReader("x"), "can't be a name"},
		"too large":   {"n", 8 << 30, strings.NewReader("x"), "is the most"},
		"too short":   {"n", 2, strings.NewReader("x"), "ended after 1 of 2"},
		"too long":    {"n", 2, strings.NewReader("xyz"), "more than 2"},
		"broken":      {"n", 2, io.MultiReader(strings.NewReader("x"), failing{}), "n: "},
		"broken late": {"n", 1, io.MultiReader(strings.NewReader("x"), failing{}), "n: "},
	} {
		if err := NewTar(io.Discard).Add(tt.name, 0o644, tt.size, tt.r); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	w := NewTar(writerFunc(func([]byte) (int, error) { return 0, broken }))
	if err := errors.Join(w.Add("n", 0, 1, strings.NewReader("x")), w.Close()); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}
