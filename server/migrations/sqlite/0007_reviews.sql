-- What supervisors say of automatic answers, drawn at random; and who approved of a correction, and when.

-- Finds the answers of some days.
CREATE INDEX events_of_bot ON events (at) WHERE kind = 'message' AND sender = 'bot';

CREATE TABLE reviews (
    -- The answer. It is reviewed once.
    message   TEXT PRIMARY KEY REFERENCES events (id),
    verdict   TEXT NOT NULL CHECK (verdict IN ('right', 'wrong', 'unclear')),
    -- What the program took the question for.
    old       TEXT,
    -- Of a wrong answer: what the question was about, where that was said. `out_of_scope` for none of the shop's intents.
    new       TEXT,
    actor     TEXT NOT NULL,
    at        INTEGER NOT NULL,
    -- Of a wrong answer with `new`: labelled data, once a supervisor approves of it.
    state     TEXT CHECK (state IN ('waiting', 'approved', 'rejected')),
    judged_at INTEGER,
    judged_by TEXT
) STRICT;

ALTER TABLE corrections ADD COLUMN judged_at INTEGER;
ALTER TABLE corrections ADD COLUMN judged_by TEXT;
