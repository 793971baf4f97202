-- What agents keep to work faster, and indexes for lists of many tickets.

-- Searches of the inbox that an agent keeps under a name.
CREATE TABLE saved_views (
    id         TEXT PRIMARY KEY,
    agent      TEXT NOT NULL REFERENCES agents (id),
    name       TEXT NOT NULL,
    -- The part of the inbox's address after the question mark.
    query      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (agent, name)
) STRICT;

-- What all agents write again and again.
CREATE TABLE canned_replies (
    id         TEXT PRIMARY KEY,
    title      TEXT NOT NULL,
    text       TEXT NOT NULL,
    language   TEXT NOT NULL,
    -- The login of whoever wrote it last.
    updated_by TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- With the id at its end, a page of tickets is chosen from the index alone.
DROP INDEX tickets_by_urgency;
CREATE INDEX tickets_by_urgency ON tickets (state, priority, opened_at, id);
CREATE INDEX tickets_by_time ON tickets (state, opened_at, id);
