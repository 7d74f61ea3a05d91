package wasmbin

import (
	"fmt"
	"io"
	"strings"
)

const (
	// maxTable is the largest section whose entries are read: code and data, the
	// large ones, are only passed on.
	maxTable    = 64 << 20
	maxFeatures = 64 << 10
)

// Alias asks for a second export, New, of the function that is exported as Of.
type Alias struct{ New, Of string }

// Edit says how a module is to be changed.
type Edit struct {
	// Strip drops the sections that no host needs: names, producers, debugging.
	Strip bool
	// Aliases are added if New is not exported and Of is a function.
	Aliases []Alias
	// Globals exports every mutable global, as Summary.Globals names them.
	Globals bool
	// Data takes the first contents of the memory out, into Summary.Data.
	Data bool
}

// Rewrite copies the binary in r to w with the changes of e, sizes being minimal,
// and tells what it holds. w may be io.Discard. Of a component only its custom
// sections are told, and nothing is changed. Token sections stay: it is for the
// caller to refuse changing what is signed.
func Rewrite(w io.Writer, r io.Reader, e Edit) (*Summary, error) {
	in, err := NewReader(r)
	if err != nil {
		return nil, err
	}
	sum := &Summary{Format: in.Format()}
	find := newFinder()
	out := &counter{w: w}
	if _, err := out.Write(in.header[:]); err != nil {
		return nil, err
	}
	for {
		s, err := in.Next()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = sum.section(out, s, e, find)
		}
		if err != nil {
			return nil, err
		}
	}
	sum.Contracts = find.contracts()
	sum.Size, sum.Read = out.n, in.Offset()
	return sum, nil
}

func (sum *Summary) section(w io.Writer, s *Section, e Edit, find *finder) error {
	if s.ID == SectionCustom {
		return sum.custom(w, s, e)
	}
	if sum.Format == Component {
		return s.Copy(w)
	}
	switch s.ID {
	case SectionType, SectionImport, SectionFunction, SectionTable, SectionMemory, SectionTag:
		return sum.table(w, s)
	case SectionGlobal:
		// Only who asks for the globals depends on their being understood.
		if e.Globals {
			return sum.table(w, s)
		}
		return s.Copy(w)
	case SectionExport:
		return sum.exports(w, s, e)
	case SectionCode:
		return sum.code(w, s)
	case sectionStart:
		sum.starts = true
		return s.Copy(w)
	case sectionDataCount:
		if e.Data {
			return s.Body.copyTo(io.Discard)
		}
		return s.Copy(w)
	case SectionData:
		if e.Data {
			return sum.takeData(s)
		}
		return s.Copy(io.MultiWriter(w, find))
	default:
		return s.Copy(w)
	}
}

// custom passes on a custom section, unless it is to be stripped.
func (sum *Summary) custom(w io.Writer, s *Section, e Edit) error {
	entry := Custom{Name: s.Name, Size: s.Size, Dropped: e.Strip && needless(s.Name)}
	sum.Customs = append(sum.Customs, entry)
	if s.Name == "target_features" && s.Size <= maxFeatures {
		body, err := s.Body.All(maxFeatures)
		if err != nil {
			return err
		}
		sum.targetFeatures(body)
		return writeSection(w, s.ID, append(s.head, body...))
	}
	if entry.Dropped {
		return nil
	}
	return s.Copy(w)
}

// needless says which custom sections only serve people and their tools.
func needless(name string) bool {
	switch name {
	case "name", "producers", "sourceMappingURL", "external_debug_info", "linking", "build_id", "go:buildid":
		return true
	}
	return strings.HasPrefix(name, ".debug_") || strings.HasPrefix(name, "reloc.")
}

// table reads a section's entries and passes it on.
func (sum *Summary) table(w io.Writer, s *Section) error {
	body, err := sum.entries(s)
	if err != nil {
		return err
	}
	return writeSection(w, s.ID, body)
}

func (sum *Summary) entries(s *Section) ([]byte, error) {
	r := s.Body.r
	start := r.offset
	body, err := s.Body.All(maxTable)
	if err != nil {
		return nil, err
	}
	if err := sum.read(s.ID, body); err != nil {
		return nil, &FormatError{Offset: start, Reason: fmt.Sprintf("section %d: %v", s.ID, err)}
	}
	return body, nil
}

// exports passes on the export section with the aliases added.
func (sum *Summary) exports(w io.Writer, s *Section, e Edit) error {
	body, err := sum.entries(s)
	if err != nil {
		return err
	}
	c := &cursor{data: body}
	count := c.uint()
	var added []byte
	for _, a := range e.Aliases {
		of, found := sum.Export(a.Of)
		if _, exists := sum.Export(a.New); exists || !found || of.Kind != Func {
			continue
		}
		added = append(AppendUint(added, uint32(len(a.New))), a.New...)
		added = AppendUint(append(added, byte(Func)), of.Index)
		of.Name = a.New
		sum.Exports = append(sum.Exports, of)
		sum.Aliased = append(sum.Aliased, a.New)
	}
	count += uint32(len(sum.Aliased))
	if e.Globals {
		added = append(added, sum.exportGlobals()...)
		count += uint32(len(sum.Globals))
	}
	if len(added) > 0 {
		body = append(append(AppendUint(nil, count), c.data...), added...)
	}
	return writeSection(w, s.ID, body)
}

// Export gives the export with that name.
func (sum *Summary) Export(name string) (Export, bool) {
	for _, e := range sum.Exports {
		if e.Name == name {
			return e, true
		}
	}
	return Export{}, false
}

// Signed says whether the binary holds a token.
func (sum *Summary) Signed() bool {
	for _, c := range sum.Customs {
		if isToken(c.Name) {
			return true
		}
	}
	return false
}

func writeSection(w io.Writer, id byte, body []byte) error {
	if err := writeHead(w, id, uint32(len(body))); err != nil {
		return err
	}
	_, err := w.Write(body)
	return err
}

// counter counts what goes to w.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
