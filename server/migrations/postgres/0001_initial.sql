-- Everything that the service keeps. Ids are UUIDs (version 7) in their text form, times are milliseconds since 1970 in UTC: the same
-- as in SQLite, so that one set of queries serves both.

-- Every text that was ever answered with.
CREATE TABLE article_versions (
    article  TEXT NOT NULL,
    language TEXT NOT NULL,
    version  TEXT NOT NULL,
    title    TEXT NOT NULL,
    answer   TEXT NOT NULL,
    body     TEXT NOT NULL,
    -- The whole article as JSON.
    contents TEXT NOT NULL,
    PRIMARY KEY (article, language, version)
);

CREATE TABLE articles (
    article  TEXT NOT NULL,
    language TEXT NOT NULL,
    version  TEXT NOT NULL,
    -- Where it came from: `folder`, or `file`. An import of a folder withdraws what the folder does not hold any more,
    -- and leaves alone what came from elsewhere.
    origin   TEXT NOT NULL,
    PRIMARY KEY (article, language),
    FOREIGN KEY (article, language, version) REFERENCES article_versions (article, language, version)
);

-- What came into force when. Rows of one change have one revision; the last one is that of the articles in force.
CREATE TABLE article_history (
    revision BIGINT NOT NULL,
    article  TEXT NOT NULL,
    language TEXT NOT NULL,
    -- Nothing when the article was withdrawn.
    version  TEXT,
    -- Which version it replaced, if there was one.
    replaced TEXT,
    at       BIGINT NOT NULL,
    PRIMARY KEY (revision, article, language)
);

-- Vectors of passages, by a hash of the encoder, the role and the text: little-endian f32.
CREATE TABLE passage_vectors (
    hash   BYTEA PRIMARY KEY,
    vector BYTEA NOT NULL
);

-- What was computed from the articles as a whole and need not be computed again, with a hash of all that it was made from.
CREATE TABLE derived (
    name        TEXT PRIMARY KEY,
    made_from   TEXT NOT NULL,
    value       TEXT NOT NULL
);
CREATE TABLE conversations (
    id              TEXT PRIMARY KEY,
    state           TEXT NOT NULL CHECK (state IN ('bot', 'waiting_for_human', 'with_human', 'closed')),
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    -- The number of its last event; events are numbered from 1 without gaps.
    last_sequence   BIGINT NOT NULL,
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
    failed_answers  BIGINT NOT NULL DEFAULT 0,
    shopper_read    BIGINT NOT NULL DEFAULT 0,
    agent_read      BIGINT NOT NULL DEFAULT 0,
    rating          BIGINT,
    rating_contents TEXT
);

-- Everything that happened in a conversation and that whoever follows it must learn of.
CREATE TABLE events (
    id                TEXT PRIMARY KEY,
    conversation      TEXT NOT NULL REFERENCES conversations (id),
    sequence          BIGINT NOT NULL,
    kind              TEXT NOT NULL,
    at                BIGINT NOT NULL,
    -- Of messages: who wrote it, and what.
    sender            TEXT CHECK (sender IN ('shopper', 'bot', 'agent')),
    text              TEXT,
    -- The shopper's own id for a message, so that one sent twice is answered once.
    client_message_id TEXT,
    -- Of a shopper's message: the program's reply, or `human` when it is a human's to answer. Nothing as long as the program owes a reply.
    settled_by        TEXT,
    -- Whether the shopper found an answer helpful: 0 or 1.
    helpful           BIGINT,
    -- All else, as JSON.
    contents          TEXT,
    UNIQUE (conversation, sequence),
    UNIQUE (conversation, client_message_id)
);
CREATE INDEX events_unsettled ON events (conversation, sequence)
    WHERE kind = 'message' AND sender = 'shopper' AND settled_by IS NULL;

CREATE TABLE tickets (
    id                 TEXT PRIMARY KEY,
    -- What people call it.
    number             BIGINT NOT NULL UNIQUE,
    conversation       TEXT NOT NULL REFERENCES conversations (id),
    -- The message that was not answered.
    message            TEXT NOT NULL REFERENCES events (id),
    state              TEXT NOT NULL CHECK (state IN ('open', 'assigned', 'snoozed', 'closed', 'merged')),
    -- 0 is the most urgent.
    priority           BIGINT NOT NULL,
    intent             TEXT,
    reason             TEXT NOT NULL,
    language           TEXT,
    sentiment          TEXT,
    customer           TEXT,
    assignee           TEXT,
    opened_at          BIGINT NOT NULL,
    updated_at         BIGINT NOT NULL,
    first_response_due BIGINT,
    first_response_at  BIGINT,
    resolution_due     BIGINT,
    closed_at          BIGINT,
    -- Which deadlines were warned of or missed already; see the deadline watch.
    alerts             BIGINT NOT NULL DEFAULT 0,
    snoozed_until      BIGINT,
    merged_into        TEXT,
    last_log           BIGINT NOT NULL DEFAULT 0,
    -- What a search looks through: the number, the shopper's messages, names, entities; in small letters and one Chinese script.
    search             TEXT NOT NULL,
    -- Reason, intents, suggestions: all that the pipeline knew, as JSON.
    contents           TEXT NOT NULL
);
CREATE INDEX tickets_by_urgency ON tickets (state, priority, opened_at);
CREATE INDEX tickets_of_conversation ON tickets (conversation);
CREATE INDEX tickets_of_customer ON tickets (customer);
CREATE INDEX tickets_of_message ON tickets (message);
CREATE INDEX tickets_answered ON tickets (opened_at) WHERE first_response_at IS NOT NULL;
CREATE INDEX conversations_of_customer ON conversations (customer);

CREATE TABLE counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL);
INSERT INTO counters (name, value) VALUES ('ticket', 0);

-- What happened to a ticket: for its readers, and for figures.
CREATE TABLE ticket_log (
    ticket   TEXT NOT NULL REFERENCES tickets (id),
    sequence BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    kind     TEXT NOT NULL,
    actor    TEXT,
    contents TEXT NOT NULL,
    PRIMARY KEY (ticket, sequence)
);

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
    at       BIGINT NOT NULL,
    state    TEXT NOT NULL CHECK (state IN ('waiting', 'approved', 'rejected'))
);

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
    is_active  BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Links that let somebody choose a password, once.
CREATE TABLE invitations (
    hash       TEXT PRIMARY KEY,
    agent      TEXT NOT NULL REFERENCES agents (id),
    expires_at BIGINT NOT NULL
);

CREATE TABLE sessions (
    hash       TEXT PRIMARY KEY,
    agent      TEXT NOT NULL REFERENCES agents (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE api_keys (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    hash       TEXT NOT NULL,
    scopes     TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);

-- Who looked at, changed or took out what.
CREATE TABLE audit (
    id       TEXT PRIMARY KEY,
    at       BIGINT NOT NULL,
    actor    TEXT NOT NULL,
    action   TEXT NOT NULL,
    subject  TEXT,
    contents TEXT
);
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
    attempts   BIGINT NOT NULL DEFAULT 0,
    next_at    BIGINT NOT NULL,
    last_error TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX deliveries_of_conversation ON deliveries (conversation);
CREATE INDEX deliveries_waiting ON deliveries (next_at) WHERE state = 'waiting';

-- What this installation made for itself, such as the key that signs visitors' tokens.
CREATE TABLE installation (name TEXT PRIMARY KEY, value TEXT NOT NULL);
