package sandbox

import (
	_ "embed"
	"html/template"
	"net/http"
	"strings"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// showState answers browsers with a page and everything else with JSON.
func (s *Server) showState(w http.ResponseWriter, r *http.Request) {
	v := s.state.view()
	w.Header().Set("Cache-Control", "no-store")
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		writeJSON(w, http.StatusOK, v)
		return
	}
	s.state.mu.Lock()
	calls := s.state.calls[max(0, len(s.state.calls)-shownCalls):]
	recent := make([]Call, 0, len(calls))
	for i := len(calls) - 1; i >= 0; i-- {
		recent = append(recent, calls[i])
	}
	s.state.mu.Unlock()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_ = page.Execute(w, map[string]any{"View": v, "Recent": recent})
}

// shownCalls is how many of the last calls the page lists.
const shownCalls = 50

// showCalls lists every call that would change something, oldest first.
func (s *Server) showCalls(w http.ResponseWriter, _ *http.Request) {
	s.state.mu.Lock()
	calls := append([]Call{}, s.state.calls...)
	s.state.mu.Unlock()
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, map[string]any{"count": len(calls), "calls": calls})
}
