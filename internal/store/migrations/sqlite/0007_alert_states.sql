-- What has been made of an alert since it came; severity is from now on the one that it has, doc keeps the source's.
ALTER TABLE alerts ADD COLUMN status TEXT NOT NULL DEFAULT 'open';
ALTER TABLE alerts ADD COLUMN state TEXT NOT NULL DEFAULT ''; -- soc.AlertState without status and severity; '' before the first change
CREATE INDEX alerts_status ON alerts (status, received_ns, id);
