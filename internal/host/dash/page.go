package dash

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed assets
var assetFiles embed.FS

// assetHandler serves scripts, styles and the icon. Types are set here: what a
// system knows of them differs, and browsers run no module of another type.
func assetHandler() http.Handler {
	types := map[string]string{
		".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		kind, known := types[path.Ext(name)]
		b, err := fs.ReadFile(assetFiles, name)
		if err != nil || !known {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(b) // the client may be gone
	})
}

// pageData is what the page says before its script has asked for anything.
type pageData struct {
	Host, HostID, Lattice, Version string
	MaxUpload                      int64
}

func (s *Server) page(w http.ResponseWriter, _ *http.Request) {
	d := s.cfg.Host.Describe()
	s.render(w, http.StatusOK, "index.html", pageData{d.FriendlyName, d.ID, d.LatticePrefix, d.Version, s.cfg.MaxUpload})
}

// refusePage asks a person for the token.
func (s *Server) refusePage(w http.ResponseWriter, _ *http.Request, why string) {
	s.render(w, http.StatusUnauthorized, "login.html", why)
}

func (s *Server) render(w http.ResponseWriter, status int, name string, data any) {
	var b bytes.Buffer
	t, err := template.ParseFS(assetFiles, "assets/"+name)
	if err == nil {
		err = t.Execute(&b, data)
	}
	if err != nil {
		fail(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the client may be gone
}
