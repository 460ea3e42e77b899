package ingest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/soc"
)

func TestWhatIsNoAlertIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	many := "[" + strings.TrimSuffix(strings.Repeat(`{"title":"a"},`, MaxAlerts+1), ",") + "]"
	for name, c := range map[string]struct {
		kind    Kind
		body    string
		class   Class
		pointer string
	}{
		"an empty body":                            {Generic, "", Unprocessable, ""},
		"a body of spaces":                         {Generic, "  \n", Unprocessable, ""},
		"text that is not JSON":                    {Generic, "hello", Unprocessable, ""},
		"JSON that ends too early":                 {Generic, `{"title":"x"`, Unprocessable, ""},
		"two documents":                            {Generic, `{"title":"x"}{"title":"y"}`, Unprocessable, ""},
		"a body above the bound":                   {Generic, `{"title":"` + strings.Repeat("x", MaxBody) + `"}`, TooLarge, ""},
		"bytes that are not UTF-8":                 {Generic, "{\"title\":\"\xff\xfe\"}", Unprocessable, ""},
		"arrays nested a hundred thousand deep":    {Generic, strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000), Unprocessable, ""},
		"objects nested one too deep":              {Generic, strings.Repeat(`{"a":`, MaxDepth+1) + "1" + strings.Repeat("}", MaxDepth+1), Unprocessable, ""},
		"more values than the bound":               {Generic, `{"title":"x","a":[` + strings.TrimSuffix(strings.Repeat("1,", MaxNodes), ",") + `]}`, Unprocessable, ""},
		"a key that stands twice":                  {Generic, `{"title":"x","user":{"name":"a","name":"b"}}`, Unprocessable, "/user/name"},
		"a number":                                 {Generic, "42", Unprocessable, ""},
		"null":                                     {Wazuh, "null", Unprocessable, ""},
		"an empty list":                            {Wazuh, "[]", Unprocessable, ""},
		"a list with something else in it":         {Wazuh, `[{"rule":{"id":"1","level":3,"description":"x"}},7]`, Unprocessable, "/1"},
		"more alerts than the bound":               {Generic, many, TooLarge, ""},
		"a generic alert without a title":          {Generic, `{"severity":"high"}`, Unprocessable, "/title"},
		"a Wazuh alert without a rule":             {Wazuh, `{"agent":{"name":"x"}}`, Unprocessable, "/rule"},
		"a Wazuh alert with a text for a rule":     {Wazuh, `{"rule":"x"}`, Unprocessable, "/rule"},
		"a Wazuh rule that says nothing":           {Wazuh, `{"rule":{}}`, Unprocessable, "/rule/description"},
		"a Microsoft alert without a name":         {Defender, `{"Entities":[]}`, Unprocessable, "/AlertName"},
		"a GuardDuty finding without a type":       {GuardDuty, `{"id":"x","severity":8}`, Unprocessable, "/type"},
		"a GuardDuty finding without an id":        {GuardDuty, `{"type":"Recon:EC2/Portscan"}`, Unprocessable, "/id"},
		"an event of another kind from AWS":        {GuardDuty, `{"detail-type":"EC2 Instance State-change Notification","detail":{}}`, Unprocessable, "/detail-type"},
		"an event of AWS without its detail":       {GuardDuty, `{"detail-type":"GuardDuty Finding"}`, Unprocessable, "/detail"},
		"a second alert without what it must have": {GuardDuty, `[{"id":"1","type":"Recon:EC2/Portscan"},{"id":"2"}]`, Unprocessable, "/1/type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Normalise(Source{Name: "s", Kind: c.kind}, []byte(c.body), received)
			require.Empty(t, got)
			refused, ok := errors.AsType[*Error](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, c.class, refused.Class, err.Error())
			require.Equal(t, c.pointer, refused.Pointer)
			require.Equal(t, soc.Invalid, soc.KindOf(err))
			require.Less(t, len(err.Error()), 600)
		})
	}
}

func TestAnUnknownKindOfSourceIsAFaultOfTheConfiguration(t *testing.T) {
	t.Parallel()
	_, err := Normalise(Source{Name: "x", Kind: "splunk"}, []byte(`{"title":"x"}`), received)
	require.Equal(t, soc.Invalid, soc.KindOf(err))
	_, ok := errors.AsType[*Error](err)
	require.False(t, ok)
	require.Error(t, Source{Name: "x", Kind: Wazuh, Mapping: &Mapping{}}.Validate())
	require.Error(t, Source{Kind: Wazuh}.Validate())
	require.NoError(t, Source{Name: "x", Kind: Wazuh}.Validate())
}

func TestAGenericAlertIsReadWithoutAMapping(t *testing.T) {
	t.Parallel()
	body := `{"alert_id":"17-4","title":"Suspicious outbound connection","severity":"high","src_ip":"198.51.0.4","host":"ws-4","user":"alice",
	 "sha256":"0000000000000000000000000000000000000000000000000000000000000004","timestamp":"2025-11-18T14:00:00.123456789+01:00"}`
	n := one(t, Generic, []byte(body))
	require.Equal(t, "generic/id:17-4", n.DedupKey)
	a := n.Alert
	require.Equal(t, "Suspicious outbound connection", a.Title)
	require.Equal(t, soc.SeverityHigh, a.Severity)
	require.Equal(t, "198.51.0.4", a.SrcIP)
	require.Equal(t, "ws-4", a.Host.Name)
	require.Equal(t, "alice", a.User.Name)
	require.True(t, strings.HasSuffix(a.File.SHA256, "0004"))
	require.Equal(t, "2025-11-18T13:00:00.123456789Z", a.Time.Format(time.RFC3339Nano))
	require.JSONEq(t, body, string(a.Raw))
}

func TestAMappingReadsAnotherShape(t *testing.T) {
	t.Parallel()
	src := Source{Name: "edr", Kind: Generic, Mapping: &Mapping{
		Alerts: "/payload/items",
		Fields: map[string]string{
			"title": "/what~1happened", "severity": "score", "src_ip": "net.0.from", "user.name": "/who", "time": "at",
			"source_id": "ref.no", "file.sha256": "obj.digest", "attack": "ttp",
		},
		Severity: map[string]string{"9": "critical", "*": "low"},
		Values:   map[string]string{"vendor": "Acme", "product": "Acme EDR"},
	}}
	require.NoError(t, src.Validate())
	got, err := Normalise(src, []byte(`{"payload":{"items":[
	  {"what/happened":"one","score":9,"net":[{"from":"hxxp no"},{"from":"x"}],"who":"CORP\\eve","at":1731931200,"ref":{"no":77},"obj":{"digest":"`+strings.Repeat("AB", 32)+`"},"ttp":"T1003; T1059.001, nonsense"},
	  {"what/happened":"two","score":"3","at":1731931200123,"title":"not this one"}]}}`), received)
	require.NoError(t, err)
	require.Len(t, got, 2)
	sound(t, got[0])
	sound(t, got[1])
	a := got[0].Alert
	require.Equal(t, "Acme", a.Vendor)
	require.Equal(t, soc.SeverityCritical, a.Severity)
	require.Empty(t, a.SrcIP)
	require.Equal(t, soc.User{Name: "eve", Domain: "CORP"}, a.User)
	require.Equal(t, "edr/id:77", got[0].DedupKey)
	require.Equal(t, strings.Repeat("ab", 32), a.File.SHA256)
	require.Equal(t, []string{"T1003", "T1059.001"}, a.Attack)
	require.Equal(t, int64(1731931200), a.Time.Unix())
	require.Equal(t, "two", got[1].Alert.Title)
	require.Equal(t, soc.SeverityLow, got[1].Alert.Severity)
	require.Equal(t, int64(1731931200123), got[1].Alert.Time.UnixMilli())
	require.Contains(t, got[1].DedupKey, "edr/sha256:")

	_, err = Normalise(src, []byte(`{"payload":{}}`), received)
	require.ErrorContains(t, err, "/payload/items")
	for _, bad := range []*Mapping{
		{Fields: map[string]string{"src": "/x"}}, {Fields: map[string]string{"src_ip": ""}},
		{Severity: map[string]string{"1": "terrible"}}, {Values: map[string]string{"nope": "x"}},
	} {
		require.Error(t, Source{Name: "x", Kind: Generic, Mapping: bad}.Validate())
	}
}

func TestTheSameAlertHasTheSameKey(t *testing.T) {
	t.Parallel()
	for name, pair := range map[string][3]string{
		"a Wazuh alert without an id that fired again": {string(Wazuh), `{"rule":{"id":"1","level":3,"description":"x","firedtimes":1}}`, `{"rule":{"firedtimes":2,"level":3,"description":"x","id":"1"}}`},
		"a generic alert delivered again":              {string(Generic), `{"title":"x","a":1.50,"received_at":"1"}`, `{"received_at":"2","a":1.50,"title":"x"}`},
		"a GuardDuty finding that was updated":         {string(GuardDuty), `{"id":"1","type":"A:B/C","updatedAt":"2025-01-01T00:00:00Z"}`, `{"id":"1","type":"A:B/C","updatedAt":"2025-01-02T00:00:00Z","service":{"count":9}}`},
		"a Microsoft alert that was resolved":          {string(Defender), `{"SystemAlertId":"1","AlertName":"x","Status":"New"}`, `{"SystemAlertId":"1","AlertName":"x","Status":"Resolved"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, one(t, Kind(pair[0]), []byte(pair[1])).DedupKey, one(t, Kind(pair[0]), []byte(pair[2])).DedupKey)
		})
	}
	require.NotEqual(t, one(t, Generic, []byte(`{"title":"x"}`)).DedupKey, one(t, Generic, []byte(`{"title":"y"}`)).DedupKey)
	long := one(t, Generic, []byte(`{"title":"x","id":"`+strings.Repeat("9", 5000)+`"}`))
	require.Less(t, len(long.DedupKey), 100)
}

func TestWazuhComesInEnvelopes(t *testing.T) {
	t.Parallel()
	bare := `{"id":"17.4","timestamp":"2025-11-18T09:41:27.318+0000","rule":{"level":"12","description":"x","id":5763,"mitre":{"id":"T1110"},"groups":"sshd,"},"agent":{"id":"000","name":"m","ip":"any"},"data":{"srcip":"::ffff:203.0.113.9","dstuser":"root"}}`
	quoted, _ := json.Marshal(bare)
	for name, body := range map[string]string{
		"bare":                          bare,
		"as a list":                     "[" + bare + "]",
		"as Shuffle gets it":            `{"severity":3,"title":"x","rule_id":"5763","id":"17.4","all_fields":` + bare + `}`,
		"as the indexer stores it":      `{"_index":"wazuh-alerts-4.x","_id":"abc","_source":` + bare + `}`,
		"under a key of its own":        `{"alert":` + bare + `}`,
		"as a text inside of an object": `{"message":` + string(quoted) + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := one(t, Wazuh, []byte(body))
			require.Equal(t, "wazuh/id:/17.4", n.DedupKey)
			require.Equal(t, soc.SeverityHigh, n.Alert.Severity)
			require.Equal(t, "203.0.113.9", n.Alert.SrcIP)
			require.Equal(t, "root", n.Alert.User.Name)
			require.Equal(t, "5763", n.Alert.Rule.ID)
			require.Equal(t, 12, n.Alert.Rule.Level)
			require.Equal(t, []string{"T1110"}, n.Alert.Attack)
			require.Empty(t, n.Alert.Host.IP)
		})
	}
}

func TestWazuhLevelsFollowItsDashboard(t *testing.T) {
	t.Parallel()
	for level, want := range map[string]soc.Severity{
		"0": "informational", "1": "low", "6": "low", "7": "medium", "11": "medium", "12": "high", "14": "high", "15": "critical", "16": "critical", "null": "unknown", `"x"`: "informational",
	} {
		require.Equal(t, want, one(t, Wazuh, []byte(`{"rule":{"description":"x","level":`+level+`}}`)).Alert.Severity, level)
	}
}

func TestMicrosoftSpeaksInManyForms(t *testing.T) {
	t.Parallel()
	graph := `{"@odata.type":"#microsoft.graph.security.alert","id":"da637551227677560813_-961444813","title":"Suspicious execution","severity":"high","incidentId":"28282","serviceSource":"microsoftDefenderForEndpoint",
	 "mitreTechniques":["T1564.001"],"createdDateTime":"2025-04-27T12:19:27.7211305Z","firstActivityDateTime":"2025-04-26T07:45:50.116Z","alertWebUrl":"https://security.microsoft.com/",
	 "evidence":[
	  {"@odata.type":"#microsoft.graph.security.deviceEvidence","hostName":"ws-17","deviceDnsName":"ws-17.example.test","mdeDeviceId":"73e7","osPlatform":"Windows10","lastIpAddress":"10.1.2.3","verdict":"unknown"},
	  {"@odata.type":"#microsoft.graph.security.fileEvidence","verdict":"malicious","fileDetails":{"fileName":"a.exe","filePath":"C:\\Temp","sha256":"` + strings.Repeat("aB", 32) + `"}},
	  {"@odata.type":"#microsoft.graph.security.processEvidence","processId":4780,"processCommandLine":"a.exe -x http://evil.example.test/a","imageFile":{"fileName":"a.exe","filePath":"C:\\Temp"},"userAccount":{"accountName":"bob","domainName":"CORP","userPrincipalName":"bob@example.test"}},
	  {"@odata.type":"#microsoft.graph.security.userEvidence","roles":["compromised"],"userAccount":{"accountName":"bob","domainName":"CORP","azureAdUserId":"u-1","userPrincipalName":"bob@example.test"}},
	  {"@odata.type":"#microsoft.graph.security.ipEvidence","ipAddress":"203.0.113.4"}]}`
	a := one(t, Defender, []byte(graph)).Alert
	require.Equal(t, "ws-17", a.Host.Name)
	require.Equal(t, "bob@example.test", a.User.Email)
	require.Equal(t, "203.0.113.4", a.SrcIP)
	require.Equal(t, strings.Repeat("ab", 32), a.File.SHA256)
	require.Equal(t, `C:\Temp\a.exe`, a.File.Path)
	require.Equal(t, 4780, a.Process.PID)
	require.Equal(t, []string{"T1564.001"}, a.Attack)
	require.Contains(t, a.Observables, soc.Observable{Type: "domain", Value: "evil.example.test", Role: "entity.process.command_line.host"})

	page, err := Normalise(Source{Name: "d", Kind: Defender}, []byte(`{"@odata.context":"x","value":[`+graph+`,`+graph+`]}`), received)
	require.NoError(t, err)
	require.Len(t, page, 2)

	endpoint := `{"id":"da1","incidentId":5,"severity":"Medium","category":"Execution","title":"Low-reputation code","description":"d","alertCreationTime":"2025-01-26T20:33:57.7220239Z","machineId":"111e","computerDnsName":"ws-23.example.test",
	 "relatedUser":{"userName":"carol","domainName":"CORP"},"mitreTechniques":["T1064"],"evidence":[{"entityType":"File","sha1":"ff836cfb1af40252bd2a2ea843032e99a5b262ed","fileName":"rundll32.exe","filePath":"C:\\Windows\\SysWOW64"},{"entityType":"Ip","ipAddress":"203.0.113.5"}]}`
	a = one(t, Defender, []byte(endpoint)).Alert
	require.Equal(t, "carol", a.User.Name)
	require.Equal(t, "ws-23.example.test", a.Host.Name)
	require.Equal(t, "ff836cfb1af40252bd2a2ea843032e99a5b262ed", a.File.SHA1)

	azure := `{"id":"/subscriptions/x/providers/Microsoft.Security/alerts/1","name":"n-1","type":"Microsoft.Security/alerts","properties":{"alertDisplayName":"Suspicious activity","severity":"High","startTimeUtc":"2025-02-22T00:00:00.0000000Z","systemAlertId":"s-1",
	 "entities":[{"$id":"1","address":"203.0.113.6","type":"ip"},{"$id":"2","hostName":"srv-db-2","type":"host"}],"techniques":["T1059"]}}`
	n := one(t, Defender, []byte(azure))
	require.Equal(t, "defender/id:s-1", n.DedupKey)
	require.Equal(t, "srv-db-2", n.Alert.Host.Name)
	require.Equal(t, soc.SeverityHigh, n.Alert.Severity)

	incident := `{"object":{"id":"/subscriptions/x","name":"inc-guid","properties":{"title":"Multi-stage","severity":"High","incidentNumber":42,"createdTimeUtc":"2025-02-22T00:00:00Z","additionalData":{"techniques":["T1110"]},
	 "alerts":[{"properties":{"alertDisplayName":"A","severity":"High","entities":[{"$id":"1","name":"alice","upnSuffix":"example.test","type":"account"}]}}]}}}`
	n = one(t, Defender, []byte(incident))
	require.Equal(t, "alice@example.test", n.Alert.User.Email)
	require.Equal(t, "Multi-stage", n.Alert.Title)
	require.Equal(t, []string{"T1110"}, n.Alert.Attack)
}

func TestReferencesThatLeadInCirclesEnd(t *testing.T) {
	t.Parallel()
	one(t, Defender, []byte(`{"AlertName":"x","Entities":[{"$id":"1","Type":"process","CommandLine":"a b c d e","ParentProcess":{"$ref":"2"}},{"$id":"2","Type":"process","ParentProcess":{"$ref":"1"}},{"$id":"3","$ref":"3"},{"$ref":"nowhere"}]}`))
	one(t, Defender, []byte(`{"AlertName":"x","Entities":"not a list"}`))
	one(t, Defender, []byte(`{"AlertName":"x","Entities":{"Type":"ip","Address":17}}`))
}

func TestGuardDutyReadsItsForms(t *testing.T) {
	t.Parallel()
	finding := `{"SchemaVersion":"2.0","AccountId":"111122223333","Region":"eu-west-1","Id":"f1","Arn":"a","Type":"CryptoCurrency:EC2/BitcoinTool.B!DNS","Severity":"8.0","CreatedAt":"2025-02-14T18:12:22.316Z","Title":"t","Description":"d",
	 "Resource":{"InstanceDetails":{"InstanceId":"i-1","Tags":[{"Key":"Name","Value":"srv-db-2"}],"NetworkInterfaces":[{"PrivateIpAddress":"10.0.0.1","PublicIp":"198.51.100.1"}]}},
	 "Service":{"Action":{"ActionType":"NETWORK_CONNECTION","NetworkConnectionAction":{"ConnectionDirection":"OUTBOUND","RemoteIpDetails":{"IpAddressV4":"203.0.113.7"}},"DnsRequestAction":{"Domain":"Pool.Example.TEST."}},"AdditionalInfo":{"Sample":true}}}`
	for _, body := range []string{finding, `{"Findings":[` + finding + `]}`, `{"version":"0","detail-type":"GuardDuty Finding","detail":` + finding + `}`} {
		a := one(t, GuardDuty, []byte(body)).Alert
		require.Equal(t, soc.SeverityHigh, a.Severity)
		require.Equal(t, "203.0.113.7", a.DstIP)
		require.Empty(t, a.SrcIP)
		require.Equal(t, "srv-db-2", a.Host.Name)
		require.Equal(t, "10.0.0.1", a.Host.IP)
		require.Contains(t, a.Observables, soc.Observable{Type: "domain", Value: "pool.example.test", Role: "dnsRequestAction.domain"})
		require.Equal(t, []string{"sample"}, a.Labels)
	}
	event, _ := json.Marshal(`{"detail-type":"GuardDuty Finding","detail":` + finding + `}`)
	require.Equal(t, "111122223333", one(t, GuardDuty, []byte(`{"Type":"Notification","TopicArn":"x","Message":`+string(event)+`}`)).Alert.Cloud.Account)
}

func TestTextsAreBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 100_000)
	body, _ := json.Marshal(map[string]any{"title": "x\x00y\x1b[31m" + long, "description": long, "user": long, "cmd": long, "url": "http://a/" + long, "tags": strings.Split(strings.Repeat("a,", 5000), ",")})
	a := one(t, Generic, body).Alert
	require.LessOrEqual(t, len(a.Title), shortText)
	require.True(t, strings.HasSuffix(a.Title, truncated))
	require.True(t, strings.HasPrefix(a.Title, "xy[31m"))
	require.LessOrEqual(t, len(a.Description), longText)
	require.Empty(t, a.URL)
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&b, "http://h%d.example.test/ ", i)
	}
	body, _ = json.Marshal(map[string]any{"title": "x", "description": b.String()})
	require.LessOrEqual(t, len(one(t, Generic, body).Alert.Observables), maxObservables)
}

func TestValuesAreNormalised(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"1.2.3.4": "1.2.3.4", " 1[.]2[.]3[.]4 ": "1.2.3.4", "1.2.3.4:443": "1.2.3.4", "[2001:DB8::1]:80": "2001:db8::1", "fe80::1%eth0": "fe80::1",
		"::ffff:1.2.3.4": "1.2.3.4", "0.0.0.0": "", "1.2.3": "", "256.1.1.1": "", "any": "", "1.2.3.04": "",
	} {
		require.Equal(t, want, address(in), in)
	}
	for in, want := range map[string]string{
		"hxxps://evil[.]example/x": "https://evil.example/x", "http[:]//a.b/c": "http://a.b/c", "javascript:alert(1)": "", "file:///etc/passwd": "", "//x/y": "", "http://": "", "HTTP://A/b": "HTTP://A/b", "http://a b/": "",
	} {
		require.Equal(t, want, link(in), in)
	}
	for in, want := range map[string]string{"Evil.Example.": "evil.example", "a": "", "1.2.3.4": "", "-a.b": "", "a..b": "", "x y.z": ""} {
		require.Equal(t, want, domainName(in), in)
	}
	for in, want := range map[string]string{
		"Bob <Bob@Example.Test>": "bob@example.test", "a@b": "a@b", "no": "", "IT (x) [y] <z@example.test>": "z@example.test", "\"a b\"@c.d": "", "bob[@]example[.]test": "bob@example.test",
	} {
		require.Equal(t, want, mailAddress(in), in)
	}
	for in, want := range map[string]string{
		"2025-07-04T10:01:45.245+0000": "2025-07-04T10:01:45.245Z", "2024-07-04 22:35:00.593840+00:00": "2024-07-04T22:35:00.59384Z", "07/04/2024 22:33:56": "2024-07-04T22:33:56Z",
		"7/22/2024 9:44:22 AM": "2024-07-22T09:44:22Z", "2024-07-22T09:43:26.6233333": "2024-07-22T09:43:26.6233333Z", "1731931200": "2024-11-18T12:00:00Z",
		"1731931200.5": "2024-11-18T12:00:00.5Z", "1731931200123456789": "2024-11-18T12:00:00.123456789Z", "12": "0001-01-01T00:00:00Z", "tomorrow": "0001-01-01T00:00:00Z", "NaN": "0001-01-01T00:00:00Z", "1e308": "0001-01-01T00:00:00Z",
		"9999-12-31T23:59:59Z": "0001-01-01T00:00:00Z",
	} {
		require.Equal(t, want, when(in).Format(time.RFC3339Nano), in)
	}
	require.Equal(t, `\\127.0.0.1\ADMIN$\o 2>&1`, windowsText(`\\\\127.0.0.1\\ADMIN$\\o 2&gt;&amp;1`))
	require.Equal(t, `C:\a`, windowsText(`C:\a`))
}

func TestContentTypes(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"", "application/json", "Application/JSON; charset=UTF-8", "application/vnd.x+json", "text/plain; charset=\"utf-8\""} {
		require.NoError(t, CheckContentType(good), good)
	}
	for _, bad := range []string{"text/html", "application/xml", "application/json; charset=utf-16", "multipart/form-data; boundary=x"} {
		err, ok := errors.AsType[*Error](CheckContentType(bad))
		require.True(t, ok, bad)
		require.Equal(t, UnsupportedType, err.Class)
	}
}
