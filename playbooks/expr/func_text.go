package expr

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"
)

var textFunctions = map[string]function{
	"type": {params: []param{anything}, result: always(String()), call: func(c call) any { return typeName(c.args[0]) }},
	"string": {params: []param{anything}, result: always(String()), call: func(c call) any {
		return c.render(c.args[0])
	}},
	"upper":       textToText(2, strings.ToUpper),
	"lower":       textToText(2, strings.ToLower),
	"trim":        {params: []param{aText, aText}, optional: 1, result: always(String()), call: trim},
	"trimPrefix":  {params: []param{aText, aText}, optional: 1, result: always(String()), call: func(c call) any { return strings.TrimPrefix(c.text(0), c.textOr(1, " ")) }},
	"trimSuffix":  {params: []param{aText, aText}, optional: 1, result: always(String()), call: func(c call) any { return strings.TrimSuffix(c.text(0), c.textOr(1, " ")) }},
	"hasPrefix":   {params: []param{aText, aText}, null: false, result: always(Bool()), call: func(c call) any { return strings.HasPrefix(c.text(0), c.text(1)) }},
	"hasSuffix":   {params: []param{aText, aText}, null: false, result: always(Bool()), call: func(c call) any { return strings.HasSuffix(c.text(0), c.text(1)) }},
	"indexOf":     {params: []param{aText, aText}, null: int64(-1), result: always(Integer()), call: func(c call) any { return c.place(strings.Index(c.text(0), c.text(1))) }},
	"lastIndexOf": {params: []param{aText, aText}, null: int64(-1), result: always(Integer()), call: func(c call) any { return c.place(strings.LastIndex(c.text(0), c.text(1))) }},
	"split":       {params: []param{aText, aText, aWhole}, optional: 1, null: []any{}, result: always(List(String())), call: func(c call) any { return c.split(strings.SplitN) }},
	"splitAfter":  {params: []param{aText, aText, aWhole}, optional: 1, null: []any{}, result: always(List(String())), call: func(c call) any { return c.split(strings.SplitAfterN) }},
	"replace":     {params: []param{aText, aText, aText, aWhole}, optional: 1, result: always(String()), call: replace},
	"repeat":      {params: []param{aText, aWhole}, result: always(String()), call: repeat},
	"join":        {params: []param{aList, aText}, optional: 1, null: "", result: always(String()), call: join},

	"toJSON": {params: []param{anything}, result: always(String()), call: func(c call) any {
		out, fault := encode(c.args[0], MaxOutput)
		if fault != "" {
			c.fail("%s", fault)
		}
		c.r.grow(c.n, len(out))
		return string(out)
	}},
	"fromJSON": {params: []param{aText}, result: always(Any()), call: func(c call) any {
		c.r.grow(c.n, 8*len(c.text(0)))
		value, err := decode([]byte(c.text(0)))
		if err != nil {
			c.fail("the text cannot be read: %s", err.Error())
		}
		return value
	}},
	"base64":        textToText(2, encodeBase64),
	"toBase64":      textToText(2, encodeBase64),
	"base64_decode": {params: []param{aText}, result: always(String()), call: decodeBase64},
	"fromBase64":    {params: []param{aText}, result: always(String()), call: decodeBase64},
	"sha256": {params: []param{aText}, result: always(String()), call: func(c call) any {
		c.r.spend(c.n, len(c.text(0))/16)
		sum := sha256.Sum256([]byte(c.text(0)))
		return hex.EncodeToString(sum[:])
	}},
	"url_encode": textToText(3, url.QueryEscape),
}

func typeName(value any) string {
	switch value.(type) {
	case nil:
		return "nil"
	case bool:
		return "bool"
	case int64, digits:
		return "int"
	case float64:
		return "float"
	case []any:
		return "array"
	case map[string]any:
		return "map"
	}
	if kindOf(value) == kDuration {
		return "duration"
	}
	if kindOf(value) == kTime {
		return "time"
	}
	return "string"
}

func (c call) render(value any) string {
	text, fault := render(value)
	if fault != "" {
		c.fail("%s", fault)
	}
	c.r.grow(c.n, len(text))
	return text
}

func (c call) textOr(i int, missing string) string {
	if c.has(i) {
		return c.text(i)
	}
	return missing
}

// place turns a place in bytes into one in characters, as indices and slices count.
func (c call) place(bytes int) int64 {
	c.r.read(c.n, len(c.text(0)))
	if bytes < 0 {
		return -1
	}
	return int64(utf8.RuneCountInString(c.text(0)[:bytes]))
}

func trim(c call) any {
	c.r.read(c.n, len(c.text(0)))
	if c.has(1) {
		c.r.spend(c.n, len(c.text(0))*len(c.text(1))/64)
		return strings.Trim(c.text(0), c.text(1))
	}
	return strings.TrimSpace(c.text(0))
}

func (c call) split(f func(s, sep string, n int) []string) any {
	count := int64(-1)
	if c.has(2) {
		count = max(-1, min(c.int(2), MaxMemory))
	}
	most := len(c.text(0)) + 1
	if separator := c.text(1); separator != "" {
		c.r.read(c.n, len(c.text(0)))
		most = strings.Count(c.text(0), separator) + 1
	}
	c.r.grow(c.n, 3*slot*most)
	parts := f(c.text(0), c.text(1), int(count))
	out := make([]any, len(parts))
	for i, part := range parts {
		out[i] = part
	}
	return out
}

func replace(c call) any {
	count := int64(-1)
	if c.has(3) {
		count = max(-1, min(c.int(3), MaxMemory))
	}
	text, old, fresh := c.text(0), c.text(1), c.text(2)
	c.r.read(c.n, len(text))
	found := strings.Count(text, old)
	if count >= 0 {
		found = min(found, int(count))
	}
	if len(fresh) > 0 && found > MaxMemory/len(fresh) {
		c.fail("the result would be too long")
	}
	c.r.grow(c.n, len(text)+found*len(fresh))
	return strings.Replace(text, old, fresh, int(count))
}

func repeat(c call) any {
	text, count := c.text(0), c.int(1)
	if count < 0 {
		c.fail("the number must not be negative")
	}
	if len(text) > 0 && count > int64(MaxOutput/len(text)) {
		c.fail("the result would have more than %d bytes", MaxOutput)
	}
	if len(text) == 0 {
		return ""
	}
	c.r.grow(c.n, len(text)*int(count))
	return strings.Repeat(text, int(count))
}

func join(c call) any {
	glue := c.textOr(1, "")
	var b strings.Builder
	for i, item := range c.list(0) {
		if i > 0 {
			c.r.grow(c.n, len(glue))
			b.WriteString(glue)
		}
		c.r.spend(c.n, 1)
		b.WriteString(c.render(item))
	}
	return b.String()
}

func encodeBase64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// decodeBase64 takes the standard and the URL alphabet, padded or not, as mails and logs hold all of them. What is
// no UTF-8 comes out with replacement characters, since JSON has no other texts.
func decodeBase64(c call) any {
	text := strings.TrimSpace(c.text(0))
	c.r.grow(c.n, 2*len(text))
	out, err := base64Bytes(text)
	if err != nil {
		c.fail("%s", err.Error())
	}
	return strings.ToValidUTF8(string(out), "\uFFFD")
}

func base64Bytes(text string) ([]byte, error) {
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(text, "-_") {
		encoding = base64.RawURLEncoding
	}
	out, err := encoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return nil, errors.New("the text is not base64")
	}
	return out, nil
}
