-- When somebody was last there, to the minute, and an audit log that can be looked through.
ALTER TABLE agents ADD COLUMN last_seen_at BIGINT;
CREATE INDEX audit_by_actor ON audit (actor, at);
CREATE INDEX audit_by_action ON audit (action, at);
CREATE INDEX sessions_of_agent ON sessions (agent);
