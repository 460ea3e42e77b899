package sandbox

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// defenderRoutes speaks the part of Defender for Endpoint's API that the connector uses.
// See https://learn.microsoft.com/en-us/defender-endpoint/api/exposed-apis-list.
func (s *Server) defenderRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/machines", s.listMachines)
	mux.HandleFunc("GET /api/machines/{id}", s.getMachine)
	mux.HandleFunc("POST /api/machines/{id}/isolate", func(w http.ResponseWriter, r *http.Request) { s.machineAction(w, r, callIsolate) })
	mux.HandleFunc("POST /api/machines/{id}/unisolate", func(w http.ResponseWriter, r *http.Request) { s.machineAction(w, r, callUnisolate) })
	mux.HandleFunc("GET /api/machineactions", s.listActions)
	mux.HandleFunc("GET /api/machineactions/{id}", s.getAction)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		defenderError(w, http.StatusNotFound, "NotFound", "The sandbox has no such resource.")
	})
}

type machine struct {
	ID           string   `json:"id"`
	Name         string   `json:"computerDnsName"`
	FirstSeen    string   `json:"firstSeen"`
	LastSeen     string   `json:"lastSeen"`
	OS           string   `json:"osPlatform"`
	IP           string   `json:"lastIpAddress"`
	ExternalIP   string   `json:"lastExternalIpAddress"`
	Health       string   `json:"healthStatus"`
	Risk         string   `json:"riskScore"`
	Exposure     string   `json:"exposureLevel"`
	DeviceValue  string   `json:"deviceValue"`
	Tags         []string `json:"machineTags"`
	AadDeviceID  *string  `json:"aadDeviceId"`
	RbacGroup    string   `json:"rbacGroupName"`
	AgentVersion string   `json:"agentVersion"`
}

func (s *Server) machineView(h *Host) machine {
	return machine{
		ID: h.ID, Name: h.Name, FirstSeen: "2024-01-05T09:15:11.0000000Z", LastSeen: s.opts.Now().UTC().Format(defenderTime),
		OS: h.OS, IP: h.IP, ExternalIP: "203.0.113.10", Health: "Active", Risk: h.Risk, Exposure: "Medium", DeviceValue: "Normal",
		Tags: h.Tags, RbacGroup: "Sandbox", AgentVersion: "10.8760.26100.0",
	}
}

const defenderTime = "2006-01-02T15:04:05.0000000Z"

// comparison is one term of an OData filter. Of the language the sandbox knows FIELD eq 'TEXT', FIELD ne 'TEXT' and
// startswith(FIELD,'TEXT'), joined by and, with groups of or.
var comparison = regexp.MustCompile(`^(?:(\w+) (eq|ne) '((?:[^']|'')*)'|(startswith)\((\w+),\s?'((?:[^']|'')*)'\))`)

// odata tells whether a record passes a filter; ok is false for a filter that the sandbox does not understand.
func odata(filter string, record map[string]string) (pass, ok bool) {
	rest := filter
	pass, rest, ok = odataOr(rest, record)
	return pass, ok && rest == ""
}

func odataOr(text string, record map[string]string) (pass bool, rest string, ok bool) {
	pass, rest, ok = odataAnd(text, record)
	for ok && strings.HasPrefix(rest, " or ") {
		var next bool
		next, rest, ok = odataAnd(rest[len(" or "):], record)
		pass = pass || next
	}
	return pass, rest, ok
}

func odataAnd(text string, record map[string]string) (pass bool, rest string, ok bool) {
	pass, rest, ok = odataTerm(text, record)
	for ok && strings.HasPrefix(rest, " and ") {
		var next bool
		next, rest, ok = odataTerm(rest[len(" and "):], record)
		pass = pass && next
	}
	return pass, rest, ok
}

func odataTerm(text string, record map[string]string) (pass bool, rest string, ok bool) {
	if strings.HasPrefix(text, "(") {
		pass, rest, ok = odataOr(text[1:], record)
		if !ok || !strings.HasPrefix(rest, ")") {
			return false, rest, false
		}
		return pass, rest[1:], true
	}
	m := comparison.FindStringSubmatch(text)
	if m == nil {
		return false, text, false
	}
	name, operator, literal := m[1], m[2], m[3]
	if m[4] != "" {
		name, operator, literal = m[5], m[4], m[6]
	}
	value, known := record[name]
	literal = strings.ReplaceAll(literal, "''", "'")
	switch operator {
	case "eq":
		pass = value == literal
	case "ne":
		pass = value != literal
	default:
		pass = strings.HasPrefix(value, literal)
	}
	return pass, text[len(m[0]):], known
}

func (s *Server) listMachines(w http.ResponseWriter, r *http.Request) {
	filter := r.URL.Query().Get("$filter")
	var out []machine
	s.state.mu.Lock()
	for _, h := range s.state.hosts {
		pass, ok := filter == "", true
		if filter != "" {
			pass, ok = odata(filter, map[string]string{
				"computerDnsName": h.Name, "id": h.ID, "lastIpAddress": h.IP, "osPlatform": h.OS, "riskScore": h.Risk, "healthStatus": "Active",
			})
		}
		if !ok {
			s.state.mu.Unlock()
			odataError(w)
			return
		}
		if pass {
			out = append(out, s.machineView(h))
		}
	}
	s.state.mu.Unlock()
	slices.SortFunc(out, func(a, b machine) int { return strings.Compare(a.Name, b.Name) })
	writeList(w, r, "Machines", out)
}

func (s *Server) getMachine(w http.ResponseWriter, r *http.Request) {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	h := s.state.findHost(r.PathValue("id"))
	if h == nil {
		defenderUnknown(w, r.PathValue("id"))
		return
	}
	writeJSON(w, http.StatusOK, s.machineView(h))
}

// createHost is the sandbox's own, since hosts enrol themselves with the real service: {"name": "ws-18"}.
func (s *Server) createHost(w http.ResponseWriter, r *http.Request) {
	var body struct{ Name string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || !hostName.MatchString(body.Name) {
		defenderError(w, http.StatusBadRequest, "InvalidRequestBody", "Invalid request body: name is required.")
		return
	}
	name := strings.ToLower(body.Name)
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	if s.state.findHost(name) == nil {
		if _, err := s.state.record(Call{Kind: callCreateHost, Name: name, Status: http.StatusCreated}); err != nil {
			defenderError(w, http.StatusInternalServerError, "InternalServerError", "The sandbox could not keep its state.")
			return
		}
	}
	writeJSON(w, http.StatusCreated, s.machineView(s.state.findHost(name)))
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,200}$`)

type action struct {
	ID        string `json:"id"`
	Type      string `json:"type"`
	Scope     string `json:"scope"`
	Requestor string `json:"requestor"`
	Comment   string `json:"requestorComment"`
	Status    string `json:"status"`
	MachineID string `json:"machineId"`
	Name      string `json:"computerDnsName"`
	Created   string `json:"creationDateTimeUtc"`
	Updated   string `json:"lastUpdateDateTimeUtc"`
	Source    string `json:"requestSource"`
}

// actionView shows a call as the action it made. The sandbox's hosts obey at once.
func actionView(c Call) action {
	at := c.At.Format(defenderTime)
	kind := map[string]string{callIsolate: "Isolate", callUnisolate: "Unisolate"}[c.Kind]
	return action{
		ID: c.ID, Type: kind, Scope: c.Scope, Requestor: "picket", Comment: c.Comment, Status: "Succeeded",
		MachineID: c.Target, Name: c.Name, Created: at, Updated: at, Source: "PublicApi",
	}
}

func (s *Server) machineAction(w http.ResponseWriter, r *http.Request, kind string) {
	var body struct{ Comment, IsolationType string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Comment == "" {
		defenderError(w, http.StatusBadRequest, "InvalidRequestBody", "Invalid request body: Comment is required.")
		return
	}
	if kind == callIsolate && body.IsolationType != "Full" && body.IsolationType != "Selective" {
		defenderError(w, http.StatusBadRequest, "InvalidRequestBody", "Invalid request body: IsolationType is Full or Selective.")
		return
	}
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	h := s.state.findHost(r.PathValue("id"))
	if h == nil {
		defenderUnknown(w, r.PathValue("id"))
		return
	}
	call, err := s.state.record(Call{
		Kind: kind, Target: h.ID, Name: h.Name, Status: http.StatusCreated, ID: newGUID(), Comment: body.Comment, Scope: body.IsolationType,
	})
	if err != nil {
		defenderError(w, http.StatusInternalServerError, "InternalServerError", "The sandbox could not keep its state.")
		return
	}
	answer := actionView(call)
	answer.Status = "Pending" // as documented: the answer stands for the request, not for its end
	writeJSON(w, http.StatusCreated, answer)
}

func (s *Server) actions() (out []action) {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	for _, c := range slices.Backward(s.state.calls) {
		if c.Kind == callIsolate || c.Kind == callUnisolate {
			out = append(out, actionView(c))
		}
	}
	return out
}

func (s *Server) listActions(w http.ResponseWriter, r *http.Request) {
	filter := r.URL.Query().Get("$filter")
	var out []action
	if _, ok := odata(filter, map[string]string{"id": "", "type": "", "machineId": "", "status": "", "requestor": ""}); filter != "" && !ok {
		odataError(w)
		return
	}
	for _, a := range s.actions() {
		pass, _ := odata(filter, map[string]string{"id": a.ID, "type": a.Type, "machineId": a.MachineID, "status": a.Status, "requestor": a.Requestor})
		if filter == "" || pass {
			out = append(out, a)
		}
	}
	writeList(w, r, "MachineActions", out)
}

func (s *Server) getAction(w http.ResponseWriter, r *http.Request) {
	for _, a := range s.actions() {
		if a.ID == r.PathValue("id") {
			writeJSON(w, http.StatusOK, a)
			return
		}
	}
	defenderUnknown(w, r.PathValue("id"))
}

func writeList[T any](w http.ResponseWriter, r *http.Request, kind string, items []T) {
	if top, err := strconv.Atoi(r.URL.Query().Get("$top")); err == nil && top >= 0 && top < len(items) {
		items = items[:top]
	}
	if items == nil {
		items = []T{}
	}
	writeJSON(w, http.StatusOK, map[string]any{"@odata.context": "https://api.security.microsoft.com/api/$metadata#" + kind, "value": items})
}

func newGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, says crypto/rand
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func defenderUnknown(w http.ResponseWriter, id string) {
	defenderError(w, http.StatusNotFound, "ResourceNotFound", "Resource "+id+" was not found.")
}

func odataError(w http.ResponseWriter) {
	defenderError(w, http.StatusBadRequest, "ODataError", "Invalid OData URI query.")
}

func defenderUnauthorised(w http.ResponseWriter) {
	defenderError(w, http.StatusUnauthorized, "Unauthorized", "Unauthorized (invalid or expired authorization header).")
}

func defenderError(w http.ResponseWriter, status int, code, message string) {
	writeJSON(w, status, map[string]any{"error": map[string]string{"code": code, "message": message, "target": newGUID()}})
}
