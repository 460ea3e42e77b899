package api_test

import (
	"regexp"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
)

func TestEveryRouteIsDescribedAndEveryDescriptionIsARoute(t *testing.T) {
	t.Parallel()
	p := start(t)
	parameter := regexp.MustCompile(`:(\w+)`)
	var routes []string
	for _, r := range p.server.Routes() {
		routes = append(routes, parameter.ReplaceAllString(r, "{$1}"))
	}
	doc, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	require.NoError(t, err)
	var described []string
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			described = append(described, method+" "+path)
		}
	}
	require.ElementsMatch(t, described, routes)
}

func TestTheDescriptionIsServedToAnybody(t *testing.T) {
	t.Parallel()
	p := start(t)
	got := p.nobody().get("/v1/openapi.yaml").is(200)
	require.Equal(t, string(mustRead(t, "openapi.yaml")), string(got.body))
}
