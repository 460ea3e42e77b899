package expr

// AlertType is the type of the root alert: the JSON of an alert as Picket keeps it. Its raw member, the source's own
// document, may be anything.
func AlertType() Type {
	text := Optional(String())
	number := Optional(Integer())
	texts := List(String())
	return Object(map[string]Type{
		"id": String(), "source": String(), "vendor": text, "product": text, "source_id": text,
		"class_uid": Integer(), "title": String(), "description": text,
		"severity": Severity(), "time": Time(), "received_at": Time(),
		"rule":   Object(map[string]Type{"id": text, "name": text, "level": number, "groups": texts}),
		"user":   Object(map[string]Type{"name": text, "domain": text, "email": text, "uid": text}),
		"host":   Object(map[string]Type{"name": text, "ip": text, "id": text, "os": text}),
		"src_ip": text, "dst_ip": text,
		"file":    Object(map[string]Type{"name": text, "path": text, "sha256": text, "sha1": text, "md5": text}),
		"process": Object(map[string]Type{"name": text, "path": text, "command_line": text, "pid": number, "parent": text}),
		"url":     text,
		"mail": Object(map[string]Type{
			"message_id": text, "from": text, "reply_to": text, "to": texts, "subject": text, "body": text,
			"urls": texts, "spf": text, "dkim": text, "dmarc": text,
		}),
		"cloud":  Object(map[string]Type{"provider": text, "account": text, "region": text, "resource": text}),
		"attack": texts, "labels": texts,
		"observables": List(Object(map[string]Type{"type": String(), "value": String(), "role": text})),
		"raw":         Any(),
	})
}
