package connector

import (
	"bytes"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"picket/internal/soc"
)

// vendorTextSize is how many runes of the vendor's own words an error holds.
const vendorTextSize = 200

// answer turns the vendor's answer into the operation's output.
func (op *operationEntry) answer(resp *http.Response, body []byte, conn *connection, arguments map[string]any, now time.Time) (any, *CallError) {
	host := conn.base.Host
	if op.spec.Absent != nil && slices.Contains(op.spec.Absent.Status, resp.StatusCode) {
		return op.output.fit(op.absent, nil, arguments, resp.StatusCode, host)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		call := &CallError{Kind: classify(resp.StatusCode, op.spec.Errors), Sent: true, Status: resp.StatusCode}
		if call.Kind == soc.Unavailable {
			call.RetryAfter = retryAfter(resp.Header, now)
		}
		call.Message = fmt.Sprintf("%s answered %d %s", host, resp.StatusCode, http.StatusText(resp.StatusCode))
		if text := op.connector.vendorText(body); text != "" {
			call.Message += ": " + oneLine(conn.mask.text(text), vendorTextSize)
		}
		return nil, call
	}
	var document any
	if len(bytes.TrimSpace(body)) > 0 {
		if !isJSON(resp.Header.Get("Content-Type")) && len(op.fields) > 0 {
			return nil, &CallError{Kind: soc.Invalid, Sent: true, Status: resp.StatusCode, Message: host + " answered with something that is not JSON"}
		}
		decoded, err := decodeJSON(body)
		if err != nil {
			return nil, &CallError{Kind: soc.Invalid, Sent: true, Status: resp.StatusCode, Message: host + " answered with broken JSON"}
		}
		document = conn.mask.value(decoded) // before anything is cut, lest half a secret be left
	}
	root, _ := op.from.at(document)
	if op.newest != nil {
		root = newest(root, op.newest)
	}
	return op.output.fit(op.fields, root, arguments, resp.StatusCode, host)
}

// fit maps an answer and holds it against the output schema, so that what the compiler was promised is true.
func (s *schema) fit(fields map[string]field, document any, arguments map[string]any, status int, host string) (any, *CallError) {
	output, err := mapFields(fields, document, arguments)
	if err == nil {
		err = s.validate(output)
	}
	if err != nil {
		return nil, &CallError{Kind: soc.Invalid, Sent: true, Status: status, Message: host + " answered otherwise than documented: " + err.Error()}
	}
	return output, nil
}

func isJSON(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return contentType == "" || err == nil && (media == "application/json" || strings.HasSuffix(media, "+json"))
}

// vendorText finds the vendor's own words on an error.
func (c *connectorEntry) vendorText(body []byte) string {
	if len(c.message) == 0 || len(body) > 64<<10 {
		return ""
	}
	document, err := decodeJSON(body)
	if err != nil {
		return ""
	}
	for _, at := range c.message {
		if value, ok := at.at(document); ok {
			if text, isText := value.(string); isText && text != "" {
				return text
			}
		}
	}
	return ""
}
