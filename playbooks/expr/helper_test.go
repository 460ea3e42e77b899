package expr_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/playbooks/expr"
)

// noon is the clock of the tests.
var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

var documents = expr.Vars{
	"alert": json.RawMessage(`{
		"id": "alr_1", "source": "wazuh", "severity": "high", "title": "Sign-in", "class_uid": 2004,
		"time": "2026-03-04T11:00:00Z", "received_at": "2026-03-04T11:00:00.5Z",
		"rule": {"id": "5710", "level": 10, "groups": ["sshd", "authentication_failed"]},
		"user": {"name": "bob"}, "host": {}, "src_ip": "203.0.113.7",
		"mail": {"to": [], "urls": ["https://evil.example/a?b=<c>&d"], "subject": null},
		"observables": [
			{"type": "ip", "value": "10.0.0.1", "role": "src_ip"},
			{"type": "domain", "value": "evil.example"},
			{"type": "ip", "value": "8.8.8.8"}
		],
		"raw": {"id": 9007199254740993, "huge": 123456789012345678901234567890, "ratio": 1.50, "z": 1, "a": 2, "é": "ü"}
	}`),
	"steps": json.RawMessage(`{
		"geo": {"status": "completed", "output": {"country": "CH", "asn": 3303, "tags": ["isp", "swiss"]}, "error": null},
		"skipped": {"status": "skipped", "output": null, "error": null}
	}`),
	"inputs": json.RawMessage(`{"user": "bob", "limit": 3, "min": "medium"}`),
	"index":  json.RawMessage(`4`),
	"case":   nil,
}

func scope() *expr.Scope { return expr.NewScope(documents, noon) }

func environment(t testing.TB) *expr.Env {
	t.Helper()
	geo, err := expr.FromJSONSchema(json.RawMessage(`{"type": "object", "required": ["country"], "properties": {
		"country": {"type": "string"}, "asn": {"type": "integer"}, "tags": {"type": "array", "items": {"type": "string"}},
		"verdict": {"enum": ["benign", "malicious"]}}}`))
	require.NoError(t, err)
	step := func(output expr.Type) expr.Type {
		return expr.Object(map[string]expr.Type{"status": expr.Enum("completed", "failed", "skipped"), "output": output, "error": expr.Any()})
	}
	return expr.NewEnv(map[string]expr.Type{
		"alert":  expr.AlertType(),
		"steps":  expr.Object(map[string]expr.Type{"geo": step(geo), "skipped": step(expr.Any())}),
		"inputs": expr.Object(map[string]expr.Type{"user": expr.String(), "limit": expr.Integer(), "min": expr.Severity()}),
		"index":  expr.Integer(),
		"case":   expr.Any(),
	})
}
