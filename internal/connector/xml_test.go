package connector

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestXMLIsReadAsPointersNeedIt(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, want string }{
		"text":                              {`<a>x &lt; y</a>`, `{"a":"x < y"}`},
		"an empty element is absent":        {`<a><b/><c></c><d> </d></a>`, `{"a":{"b":null,"c":null,"d":null}}`},
		"children":                          {`<a><b>1</b><c>2</c></a>`, `{"a":{"b":"1","c":"2"}}`},
		"children of one name":              {`<a><b>1</b><b>2</b></a>`, `{"a":{"b":["1","2"]}}`},
		"a list of one":                     {`<a><member><b>1</b></member></a>`, `{"a":[{"b":"1"}]}`},
		"a list of texts":                   {`<a><member>1</member><member>2</member></a>`, `{"a":["1","2"]}`},
		"member beside others is no list":   {`<a><member>1</member><b>2</b></a>`, `{"a":{"member":"1","b":"2"}}`},
		"attributes and namespaces":         {`<x:a xmlns:x="u" y="z"><x:b>1</x:b></x:a>`, `{"a":{"b":"1"}}`},
		"declaration, comment and CDATA":    {`<?xml version="1.0"?><!-- c --><a><![CDATA[<b>]]></a>`, `{"a":"<b>"}`},
		"a number stays the text it was":    {`<a>007</a>`, `{"a":"007"}`},
		"text between children falls away":  {"<a>\n x <b>1</b></a>", `{"a":{"b":"1"}}`},
		"an entity that is declared inside": {`<!DOCTYPE a [<!ENTITY e "boom">]><a>x</a>`, `{"a":"x"}`},
	} {
		value, err := decodeXML([]byte(test.text))
		require.NoError(t, err, name)
		text, err := encodeJSON(value)
		require.NoError(t, err, name)
		require.JSONEq(t, test.want, string(text), name)
	}
	for name, text := range map[string]string{
		"nothing":                    ``,
		"no element":                 `<!-- x -->`,
		"text alone":                 `hello`,
		"an element that stays open": `<a><b>`,
		"elements that cross":        `<a><b></a></b>`,
		"a second document":          `<a/><b/>`,
		"text after the document":    `<a/>x`,
		"an entity of its own":       `<!DOCTYPE a [<!ENTITY e "boom">]><a>&e;</a>`,
		"nested without end":         strings.Repeat("<a>", 100_000),
		"nested too deeply":          strings.Repeat("<a>", maxXMLDepth+1) + strings.Repeat("</a>", maxXMLDepth+1),
	} {
		_, err := decodeXML([]byte(text))
		require.Error(t, err, name)
	}
}

func FuzzXML(f *testing.F) {
	for _, seed := range []string{`<a><member>1</member></a>`, `<a b="c">&lt;<d/></a>`, `<!DOCTYPE a><a/>`, `<a><![CDATA[x]]></a>`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		value, err := decodeXML(text)
		if err != nil {
			return
		}
		if root, ok := value.(map[string]any); !ok || len(root) != 1 {
			t.Fatalf("%q gave %v", text, value)
		}
		if _, err := encodeJSON(value); err != nil {
			t.Fatal(err)
		}
	})
}
