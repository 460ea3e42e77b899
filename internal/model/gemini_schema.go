package model

import (
	"encoding/json"
	"strings"

	"github.com/google/generative-ai-go/genai"
)

// geminiSchema says a JSON Schema in Gemini's dialect, or is nil where the dialect lacks the words. What it leaves out
// (bounds, patterns) is checked on the answer.
func geminiSchema(schema json.RawMessage) *genai.Schema {
	var root map[string]any
	if json.Unmarshal(schema, &root) != nil {
		return nil
	}
	defs, _ := root["$defs"].(map[string]any)
	out, ok := geminiNode(root, defs, 0)
	if !ok || out.Type != genai.TypeObject {
		return nil
	}
	return out
}

func geminiNode(node, defs map[string]any, depth int) (*genai.Schema, bool) {
	if depth > 12 {
		return nil, false
	}
	if ref, ok := node["$ref"].(string); ok {
		target, ok := defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
		if !ok {
			return nil, false
		}
		return geminiNode(target, defs, depth+1)
	}
	for _, word := range []string{"anyOf", "oneOf", "allOf", "not", "if", "const", "patternProperties", "prefixItems"} {
		if _, used := node[word]; used {
			return nil, false
		}
	}
	out := &genai.Schema{}
	out.Description, _ = node["description"].(string)
	kind, _ := node["type"].(string)
	switch kind {
	case "string":
		out.Type = genai.TypeString
		words, _ := node["enum"].([]any)
		for _, word := range words {
			text, ok := word.(string)
			if !ok {
				return nil, false
			}
			out.Enum = append(out.Enum, text)
		}
		if len(out.Enum) > 0 {
			out.Format = "enum"
		}
	case "number":
		out.Type = genai.TypeNumber
	case "integer":
		out.Type = genai.TypeInteger
	case "boolean":
		out.Type = genai.TypeBoolean
	case "array":
		items, ok := node["items"].(map[string]any)
		if !ok {
			return nil, false
		}
		item, ok := geminiNode(items, defs, depth+1)
		if !ok {
			return nil, false
		}
		out.Type, out.Items = genai.TypeArray, item
	case "object":
		out.Type, out.Properties = genai.TypeObject, map[string]*genai.Schema{}
		properties, _ := node["properties"].(map[string]any)
		for name, property := range properties {
			child, _ := property.(map[string]any)
			if child["type"] == "object" && child["properties"] == nil {
				continue // Gemini wants to know every member of an object: a free one can't be asked for
			}
			sub, ok := geminiNode(child, defs, depth+1)
			if !ok {
				return nil, false
			}
			out.Properties[name] = sub
		}
		required, _ := node["required"].([]any)
		for _, name := range required {
			if text, ok := name.(string); ok && out.Properties[text] != nil {
				out.Required = append(out.Required, text)
			}
		}
		if len(out.Properties) == 0 {
			return nil, false
		}
	default:
		return nil, false
	}
	return out, true
}
