package wasmbin

import (
	"bytes"
	"sort"
	"strings"
)

const (
	contractPrefix = "wasmcloud:"
	maxContract    = 128 // bytes; longer texts are no contract ids
)

// finder collects the texts that look like contract ids (wasmcloud: and then
// lower-case letters and colons) from what is written to it, in pieces of any size.
type finder struct {
	seen map[string]bool
	tail []byte // the end of what was written, in which a text may have begun
}

func newFinder() *finder { return &finder{seen: map[string]bool{}} }

func (f *finder) Write(p []byte) (int, error) {
	data := append(f.tail, p...)
	for {
		i := bytes.Index(data, []byte(contractPrefix))
		if i < 0 {
			break
		}
		data = data[i:]
		end := contractEnd(data)
		if end == len(data) && end < maxContract {
			f.tail = bytes.Clone(data) // it may go on
			return len(p), nil
		}
		f.add(data[:end])
		data = data[end:]
	}
	f.tail = bytes.Clone(data[max(0, len(data)-len(contractPrefix)+1):])
	return len(p), nil
}

func contractEnd(data []byte) int {
	end := len(contractPrefix)
	for end < len(data) && end < maxContract && (data[end] == ':' || data[end] >= 'a' && data[end] <= 'z') {
		end++
	}
	return end
}

func (f *finder) add(text []byte) {
	if id := strings.TrimRight(string(text), ":"); len(id) > len(contractPrefix) && len(text) < maxContract {
		f.seen[id] = true
	}
}

func (f *finder) contracts() []string {
	if bytes.HasPrefix(f.tail, []byte(contractPrefix)) {
		f.add(f.tail[:contractEnd(f.tail)])
		f.tail = nil
	}
	ids := make([]string, 0, len(f.seen))
	for id := range f.seen {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	return ids
}
