package api

// Routes lists the routes of the API as "METHOD /path/{parameter}".
func (s *Server) Routes() []string {
	var routes []string
	for _, r := range s.engine.Routes() {
		routes = append(routes, r.Method+" "+r.Path)
	}
	return routes
}
