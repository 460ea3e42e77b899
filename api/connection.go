package api

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

type connectionBody struct {
	Name      string `json:"name"`
	Connector string `json:"connector"`
	Title     string `json:"title,omitempty"`
	BaseURL   string `json:"base_url"`
	Sandbox   bool   `json:"sandbox"`
}

func (s *Server) listConnections(c *gin.Context) {
	items := []connectionBody{}
	for _, x := range s.Connectors.Connections() {
		items = append(items, connectionBody{
			Name: x.Name, Connector: x.Connector, Title: x.Title, BaseURL: x.BaseURL,
			Sandbox: s.SandboxURL != "" && strings.HasPrefix(x.BaseURL+"/", strings.TrimSuffix(s.SandboxURL, "/")+"/"),
		})
	}
	answer(c, http.StatusOK, page(items, ""))
}

type operationBody struct {
	Name      string          `json:"name"`
	Connector string          `json:"connector"`
	Title     string          `json:"title"`
	Effect    string          `json:"effect"`
	Local     bool            `json:"local"`
	Untrusted bool            `json:"untrusted"`
	Confirm   bool            `json:"confirm"`
	TimeoutMS int64           `json:"timeout_ms"`
	Input     json.RawMessage `json:"input"`
	Output    json.RawMessage `json:"output"`
}

func (s *Server) listOperations(c *gin.Context) {
	items := []operationBody{}
	for _, op := range s.Connectors.Operations() {
		items = append(items, operationBody{
			Name: op.Name, Connector: op.Connector, Title: op.Title, Effect: op.Effect, Local: op.Local, Untrusted: op.Untrusted,
			Confirm: op.Confirm != "", TimeoutMS: op.Timeout.Milliseconds(), Input: op.Input, Output: op.Output,
		})
	}
	answer(c, http.StatusOK, page(items, ""))
}

// verifyAudit walks the whole ledger, one walk at a time.
func (s *Server) verifyAudit(c *gin.Context) {
	ctx := c.Request.Context()
	select {
	case s.verify <- struct{}{}:
		defer func() { <-s.verify }()
	case <-ctx.Done():
		return
	}
	report, err := s.Verify(ctx)
	if err != nil {
		s.fail(c, err)
		return
	}
	answer(c, http.StatusOK, struct {
		OK        bool   `json:"ok"`
		Entries   int64  `json:"entries"`
		Archived  int64  `json:"archived"`
		Head      string `json:"head"`
		Signed    bool   `json:"signed"`
		FirstBad  int64  `json:"first_bad,omitempty"`
		Kind      string `json:"kind,omitempty"`
		RunID     string `json:"run_id,omitempty"`
		Key       string `json:"key,omitempty"`
		Why       string `json:"why,omitempty"`
		CheckedAt string `json:"checked_at"`
	}{
		report.OK, report.Entries, report.Archived, report.Head, report.Signed, report.FirstBad, report.Kind, report.RunID,
		report.Key, report.Why, s.Now().UTC().Format("2006-01-02T15:04:05Z"),
	})
}
