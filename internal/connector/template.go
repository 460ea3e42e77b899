package connector

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// template is text with {argument} and {argument|filter} holes. It is no expression language: a hole is an
// argument's value, or nothing.
type template struct {
	parts []templatePart
}

type templatePart struct {
	text     string // fixed text when argument is ""
	argument string
	filters  []string
	path     bool // escape the segments between slashes, not the slashes
}

// filters turn an argument's text into another text, before the place's own escaping.
var filters = map[string]func(string) string{
	"lower":     strings.ToLower,
	"odata":     func(s string) string { return strings.ReplaceAll(s, "'", "''") },   // inside '...' of an OData literal
	"quoted":    strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace,                   // inside "..." of a SCIM filter or of KQL
	"slack":     strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace, // no mention and no disguised link
	"base64url": func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
}

func parseTemplate(text string, arguments []string) (template, error) {
	var t template
	rest := text
	for rest != "" {
		open := strings.IndexByte(rest, '{')
		if open < 0 {
			t.parts = append(t.parts, templatePart{text: rest})
			break
		}
		if open > 0 {
			t.parts = append(t.parts, templatePart{text: rest[:open]})
		}
		hole, after, found := strings.Cut(rest[open+1:], "}")
		if !found {
			return t, fmt.Errorf("template %q: a { is not closed", text)
		}
		fields := strings.Split(hole, "|")
		if !slices.Contains(arguments, fields[0]) {
			return t, fmt.Errorf("template %q: the input schema has no property %q", text, fields[0])
		}
		part := templatePart{argument: fields[0]}
		for _, filter := range fields[1:] {
			switch {
			case filter == "path":
				part.path = true
			case filters[filter] == nil:
				return t, fmt.Errorf("template %q: unknown filter %q", text, filter)
			default:
				part.filters = append(part.filters, filter)
			}
		}
		t.parts = append(t.parts, part)
		rest = after
	}
	return t, nil
}

// whole tells the argument's name when the template is one bare hole.
func (t template) whole() (string, bool) {
	if len(t.parts) == 1 && t.parts[0].argument != "" && len(t.parts[0].filters) == 0 {
		return t.parts[0].argument, true
	}
	return "", false
}

// render joins the parts; escape is applied to arguments only. present is false when an argument is absent.
func (t template) render(arguments map[string]any, escape func(string) (string, error)) (text string, present bool, err error) {
	var b strings.Builder
	for _, part := range t.parts {
		if part.argument == "" {
			b.WriteString(part.text)
			continue
		}
		value, ok := arguments[part.argument]
		if !ok || value == nil {
			return "", false, nil
		}
		s, err := textOf(value)
		if err != nil {
			return "", false, fmt.Errorf("argument %s: %w", part.argument, err)
		}
		for _, filter := range part.filters {
			s = filters[filter](s)
		}
		if escape != nil {
			if s, err = escapeEach(s, part.path, escape); err != nil {
				return "", false, fmt.Errorf("argument %s: %w", part.argument, err)
			}
		}
		b.WriteString(s)
	}
	return b.String(), true, nil
}

func textOf(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case bool, json.Number, int, int64, uint64, float64:
		return fmt.Sprint(v), nil
	}
	return "", fmt.Errorf("a list or an object cannot stand in text")
}

func escapeEach(s string, path bool, escape func(string) (string, error)) (string, error) {
	if !path {
		return escape(s)
	}
	segments := strings.Split(strings.TrimPrefix(s, "/"), "/")
	for i, segment := range segments {
		if segment == "" && i > 0 && i == len(segments)-1 {
			break // a final slash
		}
		var err error
		if segments[i], err = escape(segment); err != nil {
			return "", err
		}
	}
	return strings.Join(segments, "/"), nil
}

// escapeSegment makes an argument one segment of a path. Dots that would climb are refused, because servers and
// proxies resolve them even when escaped.
func escapeSegment(s string) (string, error) {
	if s == "" || s == "." || s == ".." {
		return "", fmt.Errorf("%q cannot stand in a path", s)
	}
	for _, r := range s {
		if r < ' ' || r == 0x7f {
			return "", fmt.Errorf("a control character cannot stand in a path")
		}
	}
	return url.PathEscape(s), nil
}

// tree is a JSON value in which strings may be templates: a string that is one bare hole keeps the argument's
// type, a member whose hole is absent is left out.
type tree struct {
	literal any
	text    *template
	object  map[string]tree
	list    []tree
}

func parseTree(value any, arguments []string) (tree, error) {
	switch v := value.(type) {
	case string:
		t, err := parseTemplate(v, arguments)
		if err != nil {
			return tree{}, err
		}
		return tree{text: &t}, nil
	case map[string]any:
		out := tree{object: map[string]tree{}}
		for key, member := range v {
			child, err := parseTree(member, arguments)
			if err != nil {
				return tree{}, err
			}
			out.object[key] = child
		}
		return out, nil
	case []any:
		out := tree{list: []tree{}}
		for _, element := range v {
			child, err := parseTree(element, arguments)
			if err != nil {
				return tree{}, err
			}
			out.list = append(out.list, child)
		}
		return out, nil
	}
	return tree{literal: value}, nil
}

func (t tree) render(arguments map[string]any) (value any, present bool, err error) {
	switch {
	case t.text != nil:
		if name, ok := t.text.whole(); ok {
			value, present = arguments[name]
			return value, present && value != nil, nil
		}
		return wrapText(t.text.render(arguments, nil))
	case t.object != nil:
		out := make(map[string]any, len(t.object))
		for key, child := range t.object {
			v, ok, err := child.render(arguments)
			if err != nil {
				return nil, false, err
			}
			if ok {
				out[key] = v
			}
		}
		return out, true, nil
	case t.list != nil:
		out := make([]any, 0, len(t.list))
		for _, child := range t.list {
			v, ok, err := child.render(arguments)
			if err != nil {
				return nil, false, err
			}
			if ok {
				out = append(out, v)
			}
		}
		return out, true, nil
	}
	return t.literal, true, nil
}

func wrapText(text string, present bool, err error) (any, bool, error) { return text, present, err }
