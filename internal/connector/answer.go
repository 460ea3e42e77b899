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
func (op *operationEntry) answer(resp *http.Response, body []byte, host string, mask masker, arguments map[string]any, now time.Time) (any, *CallError) {
	if op.spec.Absent != nil && slices.Contains(op.spec.Absent.Status, resp.StatusCode) {
		return op.output.fit(op.absent, nil, arguments, resp.StatusCode, host)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		call := &CallError{Kind: classify(resp.StatusCode, op.spec.Errors), Sent: true, Status: resp.StatusCode}
		call.Message = fmt.Sprintf("%s answered %d %s", host, resp.StatusCode, http.StatusText(resp.StatusCode))
		op.explain(call, body, mask)
		if call.Kind == soc.Unavailable {
			call.RetryAfter = retryAfter(resp.Header, now)
		}
		return nil, call
	}
	var document any
	if len(bytes.TrimSpace(body)) > 0 {
		if !op.hasForm(resp.Header.Get("Content-Type")) && len(op.fields) > 0 {
			return nil, &CallError{Kind: soc.Invalid, Sent: true, Status: resp.StatusCode, Message: host + " answered with something that is not " + op.format()}
		}
		decoded, err := op.decode(body)
		if err != nil {
			return nil, &CallError{Kind: soc.Invalid, Sent: true, Status: resp.StatusCode, Message: host + " answered with broken " + op.format()}
		}
		document = mask.value(decoded) // before anything is cut, lest half a secret be left
	}
	if call := op.connector.refused.of(document, resp.StatusCode, host); call != nil {
		return nil, call
	}
	root, _ := op.from.at(document)
	if op.where != nil {
		kept, err := where(root, op.where, arguments)
		if err != nil {
			return nil, &CallError{Kind: soc.Invalid, Sent: true, Status: resp.StatusCode, Message: err.Error()}
		}
		if root = kept; op.newest == nil {
			root, _ = pointer{"0"}.at(kept)
		}
	}
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

// of tells whether a vendor refused the call though the status says success.
func (r *refusal) of(document any, status int, host string) *CallError {
	if r == nil || r.at == nil {
		return nil
	}
	if value, ok := r.at.at(document); !ok || fmt.Sprint(value) != fmt.Sprint(r.equals) {
		return nil
	}
	call := &CallError{Kind: soc.Invalid, Sent: true, Status: status}
	word := r.wordOf(document, call)
	call.Message = host + " refused the call: " + oneLine(word, vendorTextSize)
	call.Refused = call.Kind != soc.Unavailable // a vendor in trouble may have done it all the same
	return call
}

// wordOf gives the vendor's word, and its kind to the call where the manifest has one.
func (r *refusal) wordOf(document any, call *CallError) string {
	if r == nil {
		return ""
	}
	value, _ := r.word.at(document)
	word, _ := value.(string)
	if kind, ok := r.kinds[word]; ok {
		call.Kind = soc.Kind(kind)
	}
	return word
}

func (op *operationEntry) format() string {
	if op.spec.Response.Format == "xml" {
		return "XML"
	}
	return "JSON"
}

// hasForm tells whether a content type is the one that the manifest says.
func (op *operationEntry) hasForm(contentType string) bool {
	if contentType == "" {
		return true
	}
	media, _, err := mime.ParseMediaType(contentType)
	if op.format() == "XML" {
		return err == nil && (media == "text/xml" || media == "application/xml")
	}
	return err == nil && (media == "application/json" || strings.HasSuffix(media, "+json"))
}

func (op *operationEntry) decode(body []byte) (any, error) {
	if op.format() == "XML" {
		return decodeXML(body)
	}
	return decodeJSON(body)
}

// maxErrorBody bounds in which answers the vendor's own words are looked for.
const maxErrorBody = 64 << 10

// explain adds the vendor's own words to a call's error.
func (op *operationEntry) explain(call *CallError, body []byte, mask masker) {
	if len(body) > maxErrorBody {
		return
	}
	document, err := op.decode(body)
	if err != nil {
		return
	}
	op.connector.refused.wordOf(document, call)
	for _, at := range op.connector.message {
		if value, ok := at.at(document); ok {
			if text, isText := value.(string); isText && text != "" {
				call.Message += ": " + oneLine(mask.text(text), vendorTextSize)
				return
			}
		}
	}
}
