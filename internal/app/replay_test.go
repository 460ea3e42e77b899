package app_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/worker"

	"picket/internal/app"
	"picket/internal/engine"
)

const histories = "../../workflows/testdata/history"

func replay(keys *engine.Keyring, history []byte) error {
	return engine.Replay(context.Background(), history, engine.ReplayOptions{
		Keys: keys, Register: func(r worker.WorkflowReplayer) { app.RegisterWorkflows(r) },
	})
}

func TestRecordedHistoriesReplay(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(histories, "*", "*.json"))
	require.NoError(t, err)
	for _, playbook := range []string{"suspicious-sign-in", "malware-on-host", "phishing-mail"} {
		require.Contains(t, strings.Join(files, "\n"), playbook, "every playbook has a history")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			history, err := os.ReadFile(file)
			require.NoError(t, err)
			keys, err := engine.OpenKeyring(filepath.Join(filepath.Dir(file), "payload.keys"), false)
			require.NoError(t, err)
			require.NoError(t, replay(keys, history))

			for name, change := range map[string]func(string) string{
				"another operation is called": func(plan string) string { return strings.ReplaceAll(plan, "net.classify", "geoip.lookup") },
				"another argument is given": func(plan string) string {
					return strings.ReplaceAll(strings.ReplaceAll(plan, `"inputs.address"`, `"\"192.0.2.1\""`), `steps.account.output.id`, `\"someone else\"`)
				},
				"another question is asked": func(plan string) string { return strings.ReplaceAll(plan, "Decide whether", "Tell whether") },
				"another user is looked up": func(plan string) string { return strings.ReplaceAll(plan, "@example.com", "@example.org") },
				"a step has another id":     func(plan string) string { return strings.ReplaceAll(plan, `"triage"`, `"triage2"`) },
			} {
				changed, did := changeInput(t, keys, history, change)
				if did {
					require.Error(t, replay(keys, changed), name)
				}
			}
		})
	}
}

// changeInput changes the plan that a sealed history began with, and tells whether there was anything to change.
func changeInput(t *testing.T, keys *engine.Keyring, history []byte, change func(string) string) ([]byte, bool) {
	t.Helper()
	codec, err := engine.NewCodec(keys)
	require.NoError(t, err)
	var doc struct {
		Events []map[string]json.RawMessage `json:"events"`
	}
	require.NoError(t, json.Unmarshal(history, &doc))
	const attributes = "workflowExecutionStartedEventAttributes"
	var started map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(doc.Events[0][attributes], &started))
	var input struct {
		Payloads []struct {
			Metadata map[string]string `json:"metadata"`
			Data     string            `json:"data"`
		} `json:"payloads"`
	}
	require.NoError(t, json.Unmarshal(started["input"], &input))
	sealed := &commonpb.Payload{Metadata: map[string][]byte{}}
	for name, value := range input.Payloads[0].Metadata {
		sealed.Metadata[name], err = base64.StdEncoding.DecodeString(value)
		require.NoError(t, err)
	}
	sealed.Data, err = base64.StdEncoding.DecodeString(input.Payloads[0].Data)
	require.NoError(t, err)
	open, err := codec.Decode([]*commonpb.Payload{sealed})
	require.NoError(t, err)
	changed := []byte(change(string(open[0].Data)))
	if bytes.Equal(changed, open[0].Data) {
		return nil, false
	}
	require.True(t, json.Valid(changed))
	open[0].Data = changed
	again, err := codec.Encode(open)
	require.NoError(t, err)
	for name, value := range again[0].Metadata {
		input.Payloads[0].Metadata[name] = base64.StdEncoding.EncodeToString(value)
	}
	input.Payloads[0].Data = base64.StdEncoding.EncodeToString(again[0].Data)
	started["input"], err = json.Marshal(input)
	require.NoError(t, err)
	doc.Events[0][attributes], err = json.Marshal(started)
	require.NoError(t, err)
	text, err := json.Marshal(doc)
	require.NoError(t, err)
	return text, true
}
