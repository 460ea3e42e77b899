package api

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// noncePlace is what index.html has in the place of the nonce.
const noncePlace = "__CSP_NONCE__"

// site is the built web UI. What its files are called and hold does not change while the process runs.
type site struct {
	files fs.FS
	index []byte // nil when there is no UI
	known map[string]asset
}

type asset struct {
	kind   string // its media type
	etag   string
	packed bool // there is a .gz of it
}

var mediaTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".html": "text/html; charset=utf-8", ".ico": "image/x-icon", ".jpg": "image/jpeg",
	".js": "text/javascript; charset=utf-8", ".json": "application/json", ".map": "application/json", ".mjs": "text/javascript; charset=utf-8",
	".png": "image/png", ".svg": "image/svg+xml", ".ttf": "font/ttf", ".txt": "text/plain; charset=utf-8", ".wasm": "application/wasm",
	".webmanifest": "application/manifest+json", ".woff": "font/woff", ".woff2": "font/woff2",
}

// newSite looks at every file once. Without files it is a site that says that there is none.
func newSite(files fs.FS) (*site, error) {
	if files == nil {
		return &site{}, nil
	}
	w := &site{files: files, known: map[string]asset{}}
	var err error
	if w.index, err = fs.ReadFile(files, "index.html"); err != nil {
		return nil, fmt.Errorf("the web UI has no page: %w", err)
	}
	err = fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || name == "index.html" || strings.HasPrefix(path.Base(name), ".") || strings.HasSuffix(name, ".gz") {
			return err
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		kind := mediaTypes[path.Ext(name)]
		if kind == "" {
			kind = "application/octet-stream"
		}
		sum := sha256.Sum256(text)
		_, err = fs.Stat(files, name+".gz")
		w.known[name] = asset{kind: kind, etag: hex.EncodeToString(sum[:12]), packed: err == nil}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the web UI: %w", err)
	}
	return w, nil
}

// elsewhere answers what is no route of the API: files of the UI, and its page for everything else, because the UI's
// own paths are not the server's to know.
func (s *Server) elsewhere(c *gin.Context) {
	name := strings.TrimPrefix(path.Clean("/"+c.Request.URL.Path), "/")
	switch {
	case name == "v1" || strings.HasPrefix(name, "v1/"):
		s.problem(c, http.StatusNotFound, "there is no such path; /v1/openapi.yaml describes those that there are")
	case c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead:
		c.Header("Allow", "GET, HEAD")
		s.problem(c, http.StatusMethodNotAllowed, "")
	case s.web.index == nil:
		s.noSite(c)
	case s.web.known[name].etag != "":
		s.file(c, name, s.web.known[name])
	case strings.HasPrefix(name, "assets/"):
		s.problem(c, http.StatusNotFound, "there is no such file; the page may be of another version: load it again")
	default:
		s.indexPage(c)
	}
}

// indexPage answers the UI's page with a nonce of its own.
func (s *Server) indexPage(c *gin.Context) {
	b := make([]byte, 18)
	_, _ = rand.Read(b) // never fails: see crypto/rand
	nonce := base64.StdEncoding.EncodeToString(b)
	c.Header("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-"+nonce+"'; img-src 'self' data:; "+
		"font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	c.Data(http.StatusOK, mediaTypes[".html"], bytes.ReplaceAll(s.web.index, []byte(noncePlace), []byte(nonce)))
}

// file answers a file of the UI: those under assets/ have their digest in their name and can be kept for ever.
func (s *Server) file(c *gin.Context, name string, a asset) {
	c.Header("Cache-Control", "no-cache")
	if strings.HasPrefix(name, "assets/") {
		c.Header("Cache-Control", "public, max-age=31536000, immutable")
	}
	c.Header("Content-Type", a.kind)
	etag := a.etag
	if a.packed {
		c.Header("Vary", "Accept-Encoding")
		if takesGzip(c.GetHeader("Accept-Encoding")) {
			c.Header("Content-Encoding", "gzip")
			name, etag = name+".gz", etag+"-gz"
		}
	}
	c.Header("ETag", `"`+etag+`"`)
	file, err := s.web.files.Open(name)
	if err != nil {
		s.fail(c, err)
		return
	}
	defer file.Close()
	content, ok := file.(io.ReadSeeker)
	if !ok {
		text, err := io.ReadAll(file)
		if err != nil {
			s.fail(c, err)
			return
		}
		content = bytes.NewReader(text)
	}
	http.ServeContent(c.Writer, c.Request, "", time.Time{}, content)
}

// takesGzip reads an Accept-Encoding.
func takesGzip(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(part, ";")
		if strings.TrimSpace(name) == "gzip" {
			q := strings.ReplaceAll(params, " ", "")
			return q != "q=0" && !strings.HasPrefix(q, "q=0.0")
		}
	}
	return false
}

const noSitePage = `<!doctype html><meta charset="utf-8"><title>Picket</title>
<p>This is Picket. Its web UI is not part of this binary: run <code>make web</code> and build it again.
<p>The API is described in <a href="/v1/openapi.yaml">/v1/openapi.yaml</a>.
`

func (s *Server) noSite(c *gin.Context) {
	status := http.StatusOK
	if c.Request.URL.Path != "/" {
		status = http.StatusNotFound
	}
	c.Data(status, mediaTypes[".html"], []byte(noSitePage))
}
