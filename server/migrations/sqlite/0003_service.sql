-- From the first chat to a service: events instead of messages alone, tickets that agents work on, and who may do what.
-- Ids are UUIDs (version 7) in their text form, times are milliseconds since 1970 in UTC, the same in both databases.

CREATE TABLE new_conversations (
    id              TEXT PRIMARY KEY,
    state           TEXT NOT NULL CHECK (state IN ('bot', 'waiting_for_human', 'with_human', 'closed')),
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    -- The number of its last event; events are numbered from 1 without gaps.
    last_sequence   INTEGER NOT NULL,
    site            TEXT NOT NULL,
    channel         TEXT NOT NULL,
    language        TEXT,
    -- The shop's id of its customer, as proven by the shop's signature.
    customer        TEXT,
    customer_name   TEXT,
    -- What the page says beside the message, such as an order: JSON.
    context         TEXT,
    contact         TEXT,
    -- How many answers in a row did not help.
    failed_answers  INTEGER NOT NULL DEFAULT 0,
    shopper_read    INTEGER NOT NULL DEFAULT 0,
    agent_read      INTEGER NOT NULL DEFAULT 0,
    rating          INTEGER,
    rating_contents TEXT
) STRICT;
INSERT INTO new_conversations (id, state, created_at, updated_at, last_sequence, site, channel)
SELECT id, state, created_at,
       (SELECT COALESCE(MAX(messages.created_at), conversations.created_at) FROM messages WHERE messages.conversation = conversations.id),
       (SELECT COALESCE(MAX(sequence), 0) FROM messages WHERE messages.conversation = conversations.id), 'main', 'page'
FROM conversations;

-- Everything that happened in a conversation and that whoever follows it must learn of.
CREATE TABLE events (
    id                TEXT PRIMARY KEY,
    conversation      TEXT NOT NULL REFERENCES new_conversations (id),
    sequence          INTEGER NOT NULL,
    kind              TEXT NOT NULL,
    at                INTEGER NOT NULL,
    -- Of messages: who wrote it, and what.
    sender            TEXT CHECK (sender IN ('shopper', 'bot', 'agent')),
    text              TEXT,
    -- The shopper's own id for a message, so that one sent twice is answered once.
    client_message_id TEXT,
    -- Of a shopper's message: the program's reply, or `human` when it is a human's to answer. Nothing as long as the program owes a reply.
    settled_by        TEXT,
    -- Whether the shopper found an answer helpful: 0 or 1.
    helpful           INTEGER,
    -- All else, as JSON.
    contents          TEXT,
    UNIQUE (conversation, sequence),
    UNIQUE (conversation, client_message_id)
) STRICT;
INSERT INTO events (id, conversation, sequence, kind, at, sender, text, client_message_id, settled_by, contents)
SELECT id, conversation, sequence, 'message', created_at, sender, text, client_message_id,
       CASE WHEN sender = 'shopper' THEN COALESCE(
           (SELECT reply.id FROM messages AS reply WHERE reply.reply_to = messages.id),
           (SELECT 'human' FROM conversations WHERE conversations.id = messages.conversation AND state <> 'bot')
       ) END,
       CASE WHEN reply IS NOT NULL THEN json_set(reply, '$.kind',
           CASE reply ->> '$.assessment.decision' WHEN 'answer' THEN 'answer' WHEN 'clarify' THEN 'clarify' ELSE 'handover' END
       ) END
FROM messages;
CREATE INDEX events_unsettled ON events (conversation, sequence)
    WHERE kind = 'message' AND sender = 'shopper' AND settled_by IS NULL;

CREATE TABLE new_tickets (
    id                 TEXT PRIMARY KEY,
    -- What people call it.
    number             INTEGER NOT NULL UNIQUE,
    conversation       TEXT NOT NULL REFERENCES new_conversations (id),
    -- The message that was not answered.
    message            TEXT NOT NULL REFERENCES events (id),
    state              TEXT NOT NULL CHECK (state IN ('open', 'assigned', 'snoozed', 'closed', 'merged')),
    -- 0 is the most urgent.
    priority           INTEGER NOT NULL,
    intent             TEXT,
    reason             TEXT NOT NULL,
    language           TEXT,
    sentiment          TEXT,
    customer           TEXT,
    assignee           TEXT,
    opened_at          INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL,
    first_response_due INTEGER,
    first_response_at  INTEGER,
    resolution_due     INTEGER,
    closed_at          INTEGER,
    -- Which deadlines were warned of or missed already; see the deadline watch.
    alerts             INTEGER NOT NULL DEFAULT 0,
    snoozed_until      INTEGER,
    merged_into        TEXT,
    last_log           INTEGER NOT NULL DEFAULT 0,
    -- What a search looks through: the number, the shopper's messages, names, entities; in small letters and one Chinese script.
    search             TEXT NOT NULL,
    -- Reason, intents, suggestions: all that the pipeline knew, as JSON.
    contents           TEXT NOT NULL
) STRICT;
INSERT INTO new_tickets (id, number, conversation, message, state, priority, intent, reason, language, opened_at, updated_at, alerts, search, contents)
SELECT id, ROW_NUMBER() OVER (ORDER BY opened_at, id), conversation, message, 'open', priority,
       contents ->> '$.assessment.intents[0].id', contents ->> '$.reason', contents ->> '$.assessment.language',
       -- Their shoppers were told long ago what there is to tell.
       opened_at, opened_at, 16,
       '#' || ROW_NUMBER() OVER (ORDER BY opened_at, id) || char(10) || LOWER(contents ->> '$.text'), contents
FROM tickets;
DROP TABLE tickets;
ALTER TABLE new_tickets RENAME TO tickets;
CREATE INDEX tickets_by_urgency ON tickets (state, priority, opened_at);
CREATE INDEX tickets_of_conversation ON tickets (conversation);
CREATE INDEX tickets_of_customer ON tickets (customer);
CREATE INDEX tickets_of_message ON tickets (message);
CREATE INDEX tickets_answered ON tickets (opened_at) WHERE first_response_at IS NOT NULL;
DROP TABLE messages;
DROP TABLE conversations;
ALTER TABLE new_conversations RENAME TO conversations;
CREATE INDEX conversations_of_customer ON conversations (customer);

CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
INSERT INTO counters (name, value) SELECT 'ticket', COALESCE(MAX(number), 0) FROM tickets;

-- What happened to a ticket: for its readers, and for figures.
CREATE TABLE ticket_log (
    ticket   TEXT NOT NULL REFERENCES tickets (id),
    sequence INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    actor    TEXT,
    contents TEXT NOT NULL,
    PRIMARY KEY (ticket, sequence)
) STRICT;

-- What agents said the program got wrong: labelled data, once a supervisor approves of it.
CREATE TABLE corrections (
    id       TEXT PRIMARY KEY,
    ticket   TEXT NOT NULL REFERENCES tickets (id),
    text     TEXT NOT NULL,
    language TEXT,
    field    TEXT NOT NULL CHECK (field IN ('intent', 'priority')),
    old      TEXT,
    new      TEXT NOT NULL,
    actor    TEXT NOT NULL,
    at       INTEGER NOT NULL,
    state    TEXT NOT NULL CHECK (state IN ('waiting', 'approved', 'rejected'))
) STRICT;

CREATE INDEX corrections_of_ticket ON corrections (ticket);

CREATE TABLE agents (
    id         TEXT PRIMARY KEY,
    login      TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    role       TEXT NOT NULL CHECK (role IN ('agent', 'supervisor', 'admin')),
    -- An argon2id hash; nothing until the invitation was taken.
    password   TEXT,
    -- Intents and languages that the agent takes, and how many tickets at once, as JSON.
    skills     TEXT NOT NULL,
    is_active  INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- Links that let somebody choose a password, once.
CREATE TABLE invitations (
    hash       TEXT PRIMARY KEY,
    agent      TEXT NOT NULL REFERENCES agents (id),
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    hash       TEXT PRIMARY KEY,
    agent      TEXT NOT NULL REFERENCES agents (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE api_keys (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    hash       TEXT NOT NULL,
    scopes     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;

-- Who looked at, changed or took out what.
CREATE TABLE audit (
    id       TEXT PRIMARY KEY,
    at       INTEGER NOT NULL,
    actor    TEXT NOT NULL,
    action   TEXT NOT NULL,
    subject  TEXT,
    contents TEXT
) STRICT;
CREATE INDEX audit_by_time ON audit (at);

-- Messages to the shop's own systems, kept until they were taken or given up.
CREATE TABLE deliveries (
    id         TEXT PRIMARY KEY,
    endpoint   TEXT NOT NULL,
    -- The conversation that it tells of, which may be erased.
    conversation TEXT NOT NULL,
    kind       TEXT NOT NULL,
    body       TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead')),
    attempts   INTEGER NOT NULL DEFAULT 0,
    next_at    INTEGER NOT NULL,
    last_error TEXT,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX deliveries_of_conversation ON deliveries (conversation);
CREATE INDEX deliveries_waiting ON deliveries (next_at) WHERE state = 'waiting';

-- What this installation made for itself, such as the key that signs visitors' tokens.
CREATE TABLE installation (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
