package expr

import (
	"regexp"
	"strings"
)

var indicatorFunctions = map[string]function{
	"defang": textToText(4, defang),
	"refang": {params: []param{aText}, result: always(String()), call: func(c call) any {
		c.r.spend(c.n, 4*len(c.text(0)))
		c.r.grow(c.n, len(c.text(0)))
		return refang(c.text(0))
	}},
	"iocs": {params: []param{anything}, result: always(List(Object(map[string]Type{
		"type": Enum("ip", "domain", "url", "email", "hash", "cve"), "value": String(),
	}))), call: iocs},
}

var (
	hxxp      = regexp.MustCompile(`(?i)\bh(?:xx|\*\*|tt)p(s?)(?:\[?:\]?//|\[://\]|\[:\]//)`)
	fxp       = regexp.MustCompile(`(?i)\bfxp(s?)(?:\[?:\]?//|\[://\])`)
	dotForms  = regexp.MustCompile(`(?i)[ \t]?(?:\[\.\]|\(\.\)|\{\.\}|\[dot\]|\(dot\)|\{dot\}|\[\.|\.\])[ \t]?`)
	atForms   = regexp.MustCompile(`(?i)[ \t]?(?:\[@\]|\(@\)|\{@\}|\[at\]|\(at\)|\{at\})[ \t]?`)
	colonForm = regexp.MustCompile(`\[:\]`)
)

// defang makes addresses in a text unclickable: hxxp://, [.] and [@]. Doing it twice changes nothing.
func defang(text string) string {
	var b strings.Builder
	b.Grow(len(text) + len(text)/8)
	for i := 0; i < len(text); i++ {
		c := text[i]
		afterWord := i > 0 && (joins(text[i-1]) || text[i-1] == '-')
		switch {
		case c == '.' && afterWord && i+1 < len(text) && joins(text[i+1]) && text[i+1] != '_':
			b.WriteString("[.]")
		case c == '@' && !(i > 0 && text[i-1] == '[' && strings.HasPrefix(text[i+1:], "]")):
			b.WriteString("[@]")
		case (c == 'h' || c == 'H') && !afterWord && hasScheme(text[i:], "http"):
			b.WriteString(text[i:i+1] + "xx")
			i += 2
		case (c == 'f' || c == 'F') && !afterWord && hasScheme(text[i:], "ftp"):
			b.WriteString(text[i:i+1] + "x")
			i++
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// hasScheme tells whether a text begins with scheme:// or the scheme with an s.
func hasScheme(text, scheme string) bool {
	if len(text) < len(scheme) || !strings.EqualFold(text[:len(scheme)], scheme) {
		return false
	}
	rest := text[len(scheme):]
	return strings.HasPrefix(rest, "://") || len(rest) > 0 && (rest[0] == 's' || rest[0] == 'S') && strings.HasPrefix(rest[1:], "://")
}

// refang undoes defang, and the other ways in which people defang.
func refang(text string) string {
	if !strings.ContainsAny(text, "[({*xX") {
		return text
	}
	text = hxxp.ReplaceAllString(text, "http${1}://")
	text = fxp.ReplaceAllString(text, "ftp${1}://")
	text = dotForms.ReplaceAllString(text, ".")
	text = atForms.ReplaceAllString(text, "@")
	return colonForm.ReplaceAllString(text, ":")
}

var (
	urlForm   = regexp.MustCompile(`(?i)\b(?:https?|ftps?)://[^\s<>"'` + "`" + `\\{}|^]+`)
	emailForm = regexp.MustCompile(`[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+`)
	ipForm    = regexp.MustCompile(`[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:\.[0-9]{1,3}){0,3}`)
	hostForm  = regexp.MustCompile(`[A-Za-z0-9_][A-Za-z0-9_-]{0,62}(?:\.[A-Za-z0-9][A-Za-z0-9-]{0,62})+`)
	hashForm  = regexp.MustCompile(`[0-9A-Fa-f]{32,128}`)
	cveForm   = regexp.MustCompile(`(?i)\bCVE-[0-9]{4}-[0-9]{4,7}\b`)
)

const maxIndicators = 1000

// finder collects indicators, each once, in the order in which it finds them.
type finder struct {
	c    call
	seen map[string]bool
	out  []any
}

// iocs finds the indicators in a text, or in all texts of a list or object. It reads defanged forms and gives plain ones.
func iocs(c call) any {
	f := &finder{c: c, seen: make(map[string]bool), out: make([]any, 0)}
	f.walk(c.args[0])
	return f.out
}

func (f *finder) walk(value any) {
	f.c.r.spend(f.c.n, 1)
	switch v := value.(type) {
	case string:
		f.text(v)
	case []any:
		for _, item := range v {
			f.walk(item)
		}
	case map[string]any:
		for _, name := range sortedKeys(v) {
			f.walk(v[name])
		}
	}
}

func (f *finder) add(sort, value string) {
	key := sort + " " + value
	if value == "" || f.seen[key] {
		return
	}
	if len(f.out) == maxIndicators {
		f.c.fail("the data holds more than %d indicators", maxIndicators)
	}
	f.c.r.grow(f.c.n, 16*slot+len(value))
	f.seen[key] = true
	f.out = append(f.out, map[string]any{"type": sort, "value": value})
}

// text finds indicators in one text. What was found is blanked, so that a URL's host is not found once more as text.
func (f *finder) text(text string) {
	if len(text) < 4 {
		return
	}
	f.c.r.spend(f.c.n, 2*len(text))
	lower := strings.ToLower(text)
	rest := []byte(refang(text))
	f.each(&rest, urlForm, func(found string) bool {
		found = strings.TrimRight(found, ".,;:!?)]'\"")
		f.add("url", found)
		host := found[strings.Index(found, "://")+3:]
		if end := strings.IndexAny(host, "/?#"); end >= 0 {
			host = host[:end]
		}
		host = host[strings.LastIndexByte(host, '@')+1:]
		if name, ok := domain("http://" + host).(string); ok {
			f.add("domain", name)
		} else if ip, err := address(strings.TrimSuffix(host, host[portAt(host):])); err == nil {
			f.add("ip", ip.String())
		}
		return true
	})
	f.each(&rest, emailForm, func(found string) bool {
		name, ok := domain(found).(string)
		if ok {
			f.add("email", strings.ToLower(found))
			f.add("domain", name)
		}
		return ok
	})
	f.each(&rest, cveForm, func(found string) bool {
		f.add("cve", strings.ToUpper(found))
		return true
	})
	f.each(&rest, hashForm, func(found string) bool {
		n := len(found)
		if n != 32 && n != 40 && n != 64 && n != 128 {
			return false
		}
		f.add("hash", strings.ToLower(found))
		return true
	})
	f.each(&rest, ipForm, func(found string) bool {
		ip, err := address(found)
		if err != nil || ip.IsUnspecified() { // :: is more often code than an address
			return false
		}
		f.add("ip", ip.String())
		return true
	})
	f.each(&rest, hostForm, func(found string) bool {
		host := strings.ToLower(found)
		if !isHost(host) || !likelyDomain(host) && strings.Contains(lower, host) { // else it was written defanged
			return false
		}
		f.add("domain", host)
		return true
	})
}

// portAt is where the :port of a host begins, or its end.
func portAt(host string) int {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && i > strings.LastIndexByte(host, ']') && strings.Count(host[:i], ":") == 0 || i > 0 && host[i-1] == ']' {
		return i
	}
	return len(host)
}

// each hands the whole matches of a form to use, and blanks those that it took. A match within a longer word or
// number is none.
func (f *finder) each(rest *[]byte, form *regexp.Regexp, use func(string) bool) {
	for _, at := range form.FindAllIndex(*rest, -1) {
		from, to := at[0], at[1]
		if from > 0 && joins((*rest)[from-1]) || to < len(*rest) && joins((*rest)[to]) {
			continue
		}
		if form == ipForm && to+1 < len(*rest) && (*rest)[to] == '.' && (*rest)[to+1] >= '0' && (*rest)[to+1] <= '9' {
			continue // one number more than an address has
		}
		if use(string((*rest)[from:to])) {
			for i := from; i < to; i++ {
				(*rest)[i] = ' '
			}
		}
	}
}

func joins(c byte) bool {
	return isLetter(rune(c)) || (c >= '0' && c <= '9') || c == '_' || c >= 0x80
}

// commonTLDs are the endings that make a bare name in a text a domain. The list is fixed, so that a text always has
// the same indicators. Two letters are a country; those that are more often a file's ending are left out.
var commonTLDs = words(`com net org info biz edu gov mil int name pro xyz top site online club shop store icu live vip
	app dev cloud tech space website work fun link click buzz rest cyou monster quest bond sbs cfd lol lat zone page
	host press news blog wiki media agency company network systems support services solutions digital email group
	world today center life art design global security finance bank onion local internal corp lan arpa`)

var fileEndings = words(`py js ts cs rs rb sh ps pl md so gz db h c vb mk cc`)

func words(text string) map[string]bool {
	out := make(map[string]bool)
	for _, word := range strings.Fields(text) {
		out[word] = true
	}
	return out
}

func likelyDomain(host string) bool {
	ending := host[strings.LastIndexByte(host, '.')+1:]
	return commonTLDs[ending] || len(ending) == 2 && !fileEndings[ending]
}
