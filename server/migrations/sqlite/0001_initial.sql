-- Conversations, their messages, the tickets that humans take over, and every text that was ever answered with.
-- Times are milliseconds since 1970 in UTC. Ids are UUIDs (version 7) in their text form.

CREATE TABLE conversations (
    id         TEXT PRIMARY KEY,
    state      TEXT NOT NULL CHECK (state IN ('bot', 'waiting_for_human')),
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE article_versions (
    article  TEXT NOT NULL,
    language TEXT NOT NULL,
    version  TEXT NOT NULL,
    title    TEXT NOT NULL,
    answer   TEXT NOT NULL,
    body     TEXT NOT NULL,
    PRIMARY KEY (article, language, version)
) STRICT;

CREATE TABLE messages (
    id                TEXT PRIMARY KEY,
    conversation      TEXT NOT NULL REFERENCES conversations (id),
    sequence          INTEGER NOT NULL,
    sender            TEXT NOT NULL CHECK (sender IN ('shopper', 'bot')),
    text              TEXT NOT NULL,
    created_at        INTEGER NOT NULL,
    -- The shopper's own id for a message, so that one sent twice is answered once.
    client_message_id TEXT,
    -- Which message a reply of the bot answers, and all else that the reply says, as JSON.
    reply_to          TEXT REFERENCES messages (id),
    reply             TEXT,
    UNIQUE (conversation, sequence),
    UNIQUE (conversation, client_message_id),
    UNIQUE (reply_to)
) STRICT;

CREATE TABLE tickets (
    id           TEXT PRIMARY KEY,
    conversation TEXT NOT NULL REFERENCES conversations (id),
    -- The message that was not answered.
    message      TEXT NOT NULL UNIQUE REFERENCES messages (id),
    -- 0 is the most urgent.
    priority     INTEGER NOT NULL,
    opened_at    INTEGER NOT NULL,
    -- Reason, intents, suggestions: all that the pipeline knew, as JSON.
    contents     TEXT NOT NULL
) STRICT;

CREATE INDEX tickets_by_urgency ON tickets (priority, opened_at);
