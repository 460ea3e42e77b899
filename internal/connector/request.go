package connector

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"picket/internal/soc"
)

// request builds the HTTP request, as yet without proof of who makes it, and gives its body. The host is the
// connection's, whatever the arguments say.
func (op *operationEntry) request(ctx context.Context, conn *connection, arguments map[string]any, key string) (*http.Request, []byte, error) {
	path, present, err := op.path.render(arguments, escapeSegment)
	if err != nil {
		return nil, nil, err
	}
	if !present {
		return nil, nil, fmt.Errorf("an argument that the path needs is absent")
	}
	query, err := op.queryText(arguments)
	if err != nil {
		return nil, nil, err
	}
	target := conn.base.Scheme + "://" + conn.base.Host + conn.prefix + path
	if query != "" {
		target += "?" + query
	}
	body, contentType, err := op.bodyOf(conn, arguments)
	if err != nil {
		return nil, nil, err
	}
	var reader io.Reader
	if contentType != "" {
		reader = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, op.spec.Request.Method, target, reader)
	if err != nil {
		return nil, nil, fmt.Errorf("the arguments make no valid URL")
	}
	req.Header.Set("Accept", "application/json")
	if op.spec.Response.Format == "xml" {
		req.Header.Set("Accept", "text/xml, application/xml")
	}
	req.Header.Set("User-Agent", "picket")
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for name, values := range op.headers {
		req.Header[name] = values
	}
	if op.spec.Request.Idempotency != "" && key != "" {
		req.Header.Set(op.spec.Request.Idempotency, key)
	}
	return req, body, nil
}

// bodyOf gives the body and its content type; both are empty when nothing is sent.
func (op *operationEntry) bodyOf(conn *connection, arguments map[string]any) (body []byte, contentType string, err error) {
	if len(op.form) > 0 {
		text, err := parameters(op.form, arguments)
		return []byte(text), "application/x-www-form-urlencoded", err
	}
	if op.body == nil {
		return nil, "", nil
	}
	value, present, err := op.body.render(arguments)
	if err != nil || !present {
		return nil, "", err
	}
	if value, err = conn.proof.inBody(value); err != nil {
		return nil, "", err
	}
	text, err := encodeJSON(value)
	return text, "application/json", err
}

func (op *operationEntry) queryText(arguments map[string]any) (string, error) {
	text, err := parameters(op.query, arguments)
	if err != nil || op.spec.Request.QueryFrom == "" {
		return text, err
	}
	further, _ := arguments[op.spec.Request.QueryFrom].(map[string]any)
	pairs := []string{text}
	for _, name := range slices.Sorted(maps.Keys(further)) {
		value, err := textOf(further[name])
		if err != nil {
			return "", soc.Errorf(soc.Invalid, "argument %s: %s: %w", op.spec.Request.QueryFrom, oneLine(name, 80), err)
		}
		pairs = append(pairs, escapeParameter(name)+"="+escapeParameter(value))
	}
	return strings.Trim(strings.Join(pairs, "&"), "&"), nil
}

// parameters writes a query or a form. A parameter none of whose templates is filled is left out.
func parameters(parts []queryPart, arguments map[string]any) (string, error) {
	var pairs []string
	for _, part := range parts {
		for _, choice := range part.values {
			value, present, err := choice.render(arguments, nil)
			if err != nil {
				return "", err
			}
			if present {
				pairs = append(pairs, escapeParameter(part.name)+"="+escapeParameter(value))
				break
			}
		}
	}
	return strings.Join(pairs, "&"), nil
}

func escapeParameter(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}
