package dash

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// maxUploads is how many uploads are kept; the oldest makes room. A host needs a
// file no longer once it runs what is in it.
const maxUploads = 32

// uploadTime is what sending one file may take.
const uploadTime = 10 * time.Minute

// Reasons for which an upload is refused.
const (
	reasonUnsigned = "unsigned"
	reasonTampered = "tampered"
	reasonExpired  = "expired"
	reasonEarly    = "not_yet_valid"
	reasonIssuer   = "issuer"
	reasonKind     = "kind"
	reasonBroken   = "broken"
	reasonTooLarge = "too_large"
)

// Upload is a file that was verified and may be started.
type Upload struct {
	ID       string     `json:"id"`
	Name     string     `json:"file"` // as it was called where it came from
	Ref      string     `json:"ref"`  // by which it is started: file://…
	Kind     string     `json:"kind"` // actor or provider
	Title    string     `json:"name"`
	Subject  string     `json:"subject"`
	Issuer   string     `json:"issuer"`
	DevKey   bool       `json:"development_key"` // signed with the published key, which everybody has
	Version  string     `json:"version,omitempty"`
	Revision int        `json:"revision"`
	Caps     []string   `json:"caps"`
	Alias    string     `json:"call_alias,omitempty"`
	Contract string     `json:"contract_id,omitempty"`
	Vendor   string     `json:"vendor,omitempty"`
	Targets  []string   `json:"targets"` // of a provider: the machines it runs on
	Expires  *time.Time `json:"expires,omitempty"`
	Size     int64      `json:"size"`
	Digest   string     `json:"digest"`
}

// refusal is why a file may not be started, in words for its user.
type refusal struct {
	status int
	reason string
	err    error
}

func (r *refusal) Error() string { return r.err.Error() }

// uploads are the files at hand, oldest first.
type uploads struct {
	dir  string
	mu   sync.Mutex
	list []Upload
}

func (u *uploads) find(id string) (Upload, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, have := range u.list {
		if have.ID == id {
			return have, true
		}
	}
	return Upload{}, false
}

func (u *uploads) all() []Upload {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]Upload{}, u.list...)
}

// keep takes a verified file to its place: named as its user named it, because
// the reference is what lists show, in a folder named by its content.
func (u *uploads) keep(temp string, up Upload) (Upload, error) {
	up.ID = strings.TrimPrefix(up.Digest, "sha256:")[:16]
	folder := filepath.Join(u.dir, up.ID)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return up, err
	}
	path := filepath.Join(folder, up.Name)
	if err := os.Rename(temp, path); err != nil {
		return up, err
	}
	up.Ref = fileURL(path)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.list = slices.DeleteFunc(u.list, func(have Upload) bool { return have.ID == up.ID })
	u.list = append(u.list, up)
	for len(u.list) > maxUploads {
		_ = os.RemoveAll(filepath.Join(u.dir, u.list[0].ID)) // stays a few bytes too many at worst
		u.list = slices.Delete(u.list, 0, 1)
	}
	return up, nil
}

// fileURL: no escapes, because the host and its peers read none.
func fileURL(path string) string {
	slash := filepath.ToSlash(path)
	if !strings.HasPrefix(slash, "/") {
		slash = "/" + slash // C:/…
	}
	return "file://" + slash
}

// remove forgets an upload; what runs from it keeps running.
func (u *uploads) remove(id string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	before := len(u.list)
	u.list = slices.DeleteFunc(u.list, func(have Upload) bool { return have.ID == id })
	if len(u.list) == before {
		return false
	}
	_ = os.RemoveAll(filepath.Join(u.dir, id))
	return true
}

// safeName keeps of a file's name what is harmless in a path and in a reference.
func safeName(name string) string {
	name = filepath.Base(strings.ReplaceAll(name, `\`, "/"))
	var b strings.Builder
	for _, c := range name {
		if b.Len() >= 80 {
			break
		}
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("._-+", c) {
			b.WriteRune(c)
		} else {
			b.WriteByte('_')
		}
	}
	return cmp.Or(strings.TrimLeft(b.String(), "."), "upload")
}

// upload takes a file as the request's body (POST /api/uploads?name=…).
func (s *Server) upload(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	deadline := time.Now().Add(uploadTime)
	if control.SetReadDeadline(deadline) == nil { // a recorder in tests has none
		_ = control.SetWriteDeadline(deadline.Add(requestTime))
	}
	up, err := s.receive(w, r)
	var refused *refusal
	switch {
	case errors.As(err, &refused):
		s.cfg.Log.Info("upload refused", "file", safeName(r.URL.Query().Get("name")), "reason", refused.reason, "error", refused.err)
		answer(w, refused.status, map[string]any{"error": refused.Error(), "reason": refused.reason})
	case err != nil:
		fail(w, http.StatusInternalServerError, "the upload could not be kept: "+err.Error())
	default:
		s.cfg.Log.Info("upload verified", "file", up.Name, "kind", up.Kind, "name", up.Title, "digest", up.Digest)
		answer(w, http.StatusCreated, up)
	}
}

// receive streams the body into a temporary file, verifies that and keeps it.
func (s *Server) receive(w http.ResponseWriter, r *http.Request) (Upload, error) {
	tooLarge := &refusal{http.StatusRequestEntityTooLarge, reasonTooLarge, fmt.Errorf("the file has more than the %d MiB that a host loads", s.cfg.MaxUpload>>20)}
	if r.ContentLength > s.cfg.MaxUpload {
		return Upload{}, tooLarge
	}
	temp, err := os.CreateTemp(s.cfg.UploadDir, "incoming-*")
	if err != nil {
		return Upload{}, err
	}
	defer os.Remove(temp.Name()) // fails once it has been kept
	defer temp.Close()
	_, err = io.Copy(temp, http.MaxBytesReader(w, r.Body, s.cfg.MaxUpload))
	var limit *http.MaxBytesError
	if errors.As(err, &limit) {
		return Upload{}, tooLarge
	} else if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		return Upload{}, err // our disk's fault
	} else if err != nil {
		return Upload{}, &refusal{http.StatusBadRequest, reasonBroken, fmt.Errorf("the upload broke off: %w", err)}
	}
	if _, err := temp.Seek(0, io.SeekStart); err != nil {
		return Upload{}, err
	}
	up, err := s.examine(temp)
	if err != nil {
		return Upload{}, err
	}
	up.Name = safeName(r.URL.Query().Get("name"))
	if err := errors.Join(temp.Chmod(0o400), temp.Close()); err != nil {
		return Upload{}, err
	}
	return s.uploads.keep(temp.Name(), up)
}

// examine reads and verifies a file: nothing that a host would refuse is offered.
func (s *Server) examine(f io.ReadSeeker) (Upload, error) {
	refuse := func(reason string, err error) (Upload, error) {
		return Upload{}, &refusal{http.StatusUnprocessableEntity, reason, err}
	}
	head, _ := bufio.NewReader(f).Peek(2)
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return Upload{}, err
	}
	if len(head) == 0 {
		return refuse(reasonBroken, errors.New("the file is empty: choose the signed .wasm or .par.gz that the build made"))
	}
	art, err := artifact.Read(f)
	switch {
	case errors.Is(err, strkey.ErrSignature):
		return refuse(reasonTampered, fmt.Errorf("its token was changed after it was signed: %w; sign the file again (signer sign)", err))
	case errors.Is(err, par.ErrHash):
		return refuse(reasonTampered, fmt.Errorf("an executable in it was changed after it was signed: %w; pack it again (parpack create)", err))
	case err != nil:
		return refuse(reasonBroken, fmt.Errorf("this is neither a wasm module nor a provider archive that can be run: %w", err))
	case art.Kind == artifact.Component:
		return refuse(reasonKind, errors.New("this is a component, and the hosts of 0.x lattices run core modules: build it for wasm32-unknown-unknown or wasip1, without the component adapter"))
	}
	var early *claims.TimeError
	switch err := art.Verify(s.cfg.Verify()); {
	case errors.Is(err, artifact.ErrUnsigned):
		return refuse(reasonUnsigned, errors.New("it is not signed, and hosts run signed code alone: sign it (signer sign FILE.wasm), or take the file whose name ends in _s.wasm"))
	case errors.As(err, &early):
		reason := reasonExpired
		if !early.Expired {
			reason = reasonEarly
		}
		return refuse(reason, fmt.Errorf("%w: sign it again, with other dates", err))
	case errors.Is(err, artifact.ErrHash), errors.Is(err, strkey.ErrSignature):
		return refuse(reasonTampered, fmt.Errorf("%w; sign the file again (signer sign)", err))
	case errors.Is(err, artifact.ErrIssuer):
		return refuse(reasonIssuer, fmt.Errorf("%w: this host was started with --issuer, which lists who may sign", err))
	case err != nil:
		return refuse(reasonKind, err)
	}
	return describe(art), nil
}

// describe says of a verified artifact what its user decides by.
func describe(art *artifact.Artifact) Upload {
	up := Upload{
		Kind: string(art.Kind), Targets: []string{}, Caps: []string{}, Title: art.Name(), Subject: art.Subject(), Issuer: string(art.Issuer()),
		DevKey: strkey.IsDevelopment(art.Issuer()), Size: art.Size, Digest: art.Digest,
	}
	if art.Actor != nil {
		up.Expires = moment(art.Actor.Expires)
		m := art.Actor.Metadata
		up.Caps = append(up.Caps, m.Caps...)
		if m.Ver != nil {
			up.Version = *m.Ver
		}
		if m.Rev != nil {
			up.Revision = int(*m.Rev)
		}
		if m.CallAlias != nil {
			up.Alias = *m.CallAlias
		}
	}
	if art.Provider != nil {
		describeProvider(&up, art)
	}
	return up
}

func describeProvider(up *Upload, art *artifact.Artifact) {
	up.Expires, up.Targets = moment(art.Provider.Expires), art.Archive.Targets()
	m := art.Provider.Metadata
	if m == nil {
		return
	}
	up.Contract, up.Vendor = m.CapID, m.Vendor
	if m.Ver != nil {
		up.Version = *m.Ver
	}
	if m.Rev != nil {
		up.Revision = int(*m.Rev)
	}
}

func moment(unix int64) *time.Time {
	if unix == 0 {
		return nil
	}
	t := time.Unix(unix, 0).UTC()
	return &t
}

// reference gives what to start: an upload's file, or the reference as given.
func (s *Server) reference(ref, upload string) (string, error) {
	ref = strings.TrimSpace(ref)
	switch {
	case upload != "" && ref != "":
		return "", errors.New("both ref and upload are given: want one of them")
	case upload != "":
		up, ok := s.uploads.find(upload)
		if !ok {
			return "", fmt.Errorf("there is no upload %q any more: choose the file again", clip(upload, 40))
		}
		return up.Ref, nil
	case ref == "":
		return "", errors.New("nothing to start is named: want an OCI reference such as localhost:5000/echo:0.1.0, or an upload")
	}
	return ref, nil
}
