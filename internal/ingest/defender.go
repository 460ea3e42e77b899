package ingest

import (
	"slices"
	"strings"
)

// defender reads what Microsoft's security products raise: rows of the tables SecurityAlert and SecurityIncident in
// Sentinel, the same as resources of Azure's API, and alerts and incidents of Graph and of Defender's own API. They
// differ in the case and the prefix of names more than in what they say.
type defender struct{}

func (defender) volatile() []string {
	return []string{"TimeGenerated", "ProcessingEndTime", "LastModifiedTime", "lastModifiedDateTime", "lastUpdateDateTime", "lastUpdateTime", "LastUpdated", "rn"}
}

// The names of an alert's and of an incident's id and title, by the APIs in which they occur.
var (
	alertIDs       = []string{"SystemAlertId", "alertId", "providerAlertId", "VendorOriginalId"}
	alertTitles    = []string{"AlertName", "DisplayName", "AlertDisplayName", "title"}
	incidentIDs    = []string{"IncidentName", "ProviderIncidentId", "IncidentNumber", "incidentId"}
	incidentTitles = []string{"Title", "displayName", "incidentName"}
)

func (defender) documents(d doc) ([]doc, error) {
	if !d.object() {
		return nil, fail(Unprocessable, d.at, "an object was expected: a Microsoft alert or incident")
	}
	inner := d
	for _, name := range []string{"data", "body", "object", "event"} { // Logic Apps, Event Hubs, automation rules
		if next := inner.key(name).embedded(); next.object() && (next.key("properties").object() || isMicrosoft(next)) {
			inner = next
		}
	}
	for _, name := range []string{"value", "records"} { // a page of Graph's, a batch of an Event Hub
		if _, ok := inner.key(name).v.([]any); ok && !isMicrosoft(inner) {
			out := inner.key(name).list()
			for i := range out {
				if props := out[i].key("properties"); props.object() && isMicrosoft(props) {
					out[i] = props
				}
			}
			return out, nil
		}
	}
	// an incident with the alerts of which it consists is one alert: that is how the product raises it
	if incident := inner.key("incident"); incident.object() {
		return []doc{withRaw(inner, d)}, nil
	}
	if list, ok := inner.key("alerts").v.([]any); ok && !isMicrosoft(inner) && len(list) > 0 {
		return inner.key("alerts").list(), nil
	}
	return []doc{withRaw(inner, d)}, nil
}

func isMicrosoft(d doc) bool {
	return d.first(alertTitles...) != "" || d.first(incidentTitles...) != ""
}

func (defender) alert(d doc, b *builder) error {
	alerts := d.key("alerts").list()
	if incident := d.key("incident"); incident.object() {
		d = incident
		if own := d.key("alerts").list(); len(alerts) == 0 {
			alerts = own
		}
	}
	if props := d.key("properties"); props.object() && !isMicrosoft(d) || d.key("properties").object() && isMicrosoft(d.key("properties")) {
		if b.SourceID = d.first("name"); len(alerts) == 0 {
			alerts = d.get("properties.alerts").list()
		}
		d = props
	}
	if !isMicrosoft(d) {
		return fail(Unprocessable, d.at+"/AlertName", "missing: a Microsoft alert has an AlertName or a title, an incident a Title")
	}
	isIncident := d.first("SystemAlertId", "alertId", "AlertName", "AlertDisplayName") == "" &&
		(d.first("IncidentNumber", "IncidentName", "ProviderIncidentId") != "" || len(alerts) > 0 || d.get("AdditionalData.alertsCount").there())
	b.Vendor, b.Product = "Microsoft", d.first("ProductName", "serviceSource", "ProviderName", "detectionSource")
	if isIncident {
		b.Title = d.first(incidentTitles...)
		if id := d.first(append(slices.Clone(incidentIDs), "id")...); id != "" {
			b.SourceID = id
		}
		b.identity = "incident/" + b.SourceID
		b.group("incident")
	} else {
		b.Title = d.first(alertTitles...)
		if id := d.first(append(slices.Clone(alertIDs), "id")...); id != "" {
			b.SourceID = id
		}
	}
	if b.SourceID == "" {
		b.identity = ""
	}
	if b.Title == "" {
		b.Title = d.first(append(slices.Clone(alertTitles), incidentTitles...)...)
	}
	b.Severity = severity(d.first("AlertSeverity", "Severity", "reportedSeverity"))
	b.Time = d.whenFirst("StartTime", "StartTimeUtc", "firstActivityDateTime", "FirstActivityTime", "FirstActivityTimeUtc", "firstEventTime",
		"eventDateTime", "CreatedTime", "CreatedTimeUtc", "createdDateTime", "alertCreationTime", "creationTime", "TimeGenerated", "TimeGeneratedUtc")
	defenderFacts(d, b)
	e := newEntities(b)
	e.add(d)
	for _, alert := range alerts {
		if props := alert.key("properties"); props.object() {
			alert = props
		}
		if !alert.object() {
			continue
		}
		if b.Description == "" {
			b.Description = alert.first("Description")
		}
		attackOf(alert, b)
		e.add(alert)
	}
	e.choose(d)
	return nil
}

// defenderFacts reads what stands beside the entities.
func defenderFacts(d doc, b *builder) {
	b.Description = d.first("Description", "summary")
	b.Rule.ID = d.first("AlertType", "detectorId", "RelatedAnalyticRuleIds.0", "alertPolicyId")
	b.Rule.Name = b.Title
	attackOf(d, b)
	extended := d.key("ExtendedProperties").embedded()
	for _, category := range []string{d.first("category"), extended.first("Category", "MicrosoftDefenderAtp.Category")} {
		if category != "" && !slices.Contains(b.Rule.Groups, category) {
			b.group(category)
		}
	}
	for _, tactic := range d.key("Tactics").texts() {
		if tactic != "Unknown" && !slices.Contains(b.Rule.Groups, tactic) {
			b.group(tactic)
		}
	}
	for _, item := range d.key("Labels").list() {
		b.label(item.first("labelName"), item.text())
	}
	for _, tag := range append(d.key("customTags").list(), d.key("systemTags").list()...) {
		b.label(tag.text())
	}
	b.observe("ip", extended.first("Client IP Address"), "client_ip")
	for _, ip := range extended.key("IP Addresses").texts() {
		b.observe("ip", ip, "extended.ip_addresses")
	}
	if name := first(extended.first("ThreatName"), d.first("threatName", "threatDisplayName")); name != "" {
		b.label(name)
	}
	if resource := d.first("ResourceId", "AzureResourceId", "resourceIdentifiers.0.azureResourceId"); strings.HasPrefix(resource, "/subscriptions/") {
		b.Cloud.Provider, b.Cloud.Resource = "azure", resource
	}
	b.Cloud.Account = d.first("TenantId", "azureTenantId")
	if b.Cloud.Account != "" && b.Cloud.Provider == "" {
		b.Cloud.Provider = "azure"
	}
}

func attackOf(d doc, b *builder) {
	extended := d.key("ExtendedProperties").embedded()
	for _, place := range []doc{
		d.key("Techniques"), d.key("SubTechniques"), d.key("mitreTechniques"), extended.key("MitreTechniques"),
		d.get("AdditionalData").embedded().key("techniques"),
	} {
		b.attack(place.texts()...)
	}
}

func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
