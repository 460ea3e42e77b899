package connector

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// maxXMLDepth is far beyond what an API answers with.
const maxXMLDepth = 64

// decodeXML gives an XML document as a JSON value that pointers reach into: an object with the root's name as its one
// member; an element with children is an object of them, one without is its text, an empty one is absent (null).
// Children of one name are a list; children that are all called member (as AWS writes lists) make their parent the
// list, so that a list of one is a list. Attributes and namespaces fall away.
func decodeXML(text []byte) (any, error) {
	dec := xml.NewDecoder(bytes.NewReader(text))
	var root any
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			if root == nil {
				return nil, errors.New("no element")
			}
			return root, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if root != nil {
				return nil, errors.New("a second element after the document")
			}
			value, err := xmlElement(dec, 1)
			if err != nil {
				return nil, err
			}
			root = map[string]any{t.Name.Local: value}
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return nil, errors.New("text outside of the document")
			}
		}
	}
}

func xmlElement(dec *xml.Decoder, depth int) (any, error) {
	if depth > maxXMLDepth {
		return nil, errors.New("nested too deeply")
	}
	var text strings.Builder
	children := map[string][]any{}
	for {
		token, err := dec.Token()
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			child, err := xmlElement(dec, depth+1)
			if err != nil {
				return nil, err
			}
			children[t.Name.Local] = append(children[t.Name.Local], child)
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			return xmlValue(children, text.String()), nil
		}
	}
}

func xmlValue(children map[string][]any, text string) any {
	if len(children) == 0 {
		if text = strings.TrimSpace(text); text == "" {
			return nil
		}
		return text
	}
	if members, ok := children["member"]; ok && len(children) == 1 {
		return members
	}
	object := make(map[string]any, len(children))
	for name, values := range children {
		if len(values) == 1 {
			object[name] = values[0]
		} else {
			object[name] = values
		}
	}
	return object
}
