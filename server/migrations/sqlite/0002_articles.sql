-- The articles in force. The database owns them from now on; a folder is imported into it.

-- The whole article as JSON. Texts that were kept by older programs have none; they can be read, not brought into force.
ALTER TABLE article_versions ADD COLUMN contents TEXT;

CREATE TABLE articles (
    article  TEXT NOT NULL,
    language TEXT NOT NULL,
    version  TEXT NOT NULL,
    -- Where it came from: `folder`, or `file`. An import of a folder withdraws what the folder does not hold any more,
    -- and leaves alone what came from elsewhere.
    origin   TEXT NOT NULL,
    PRIMARY KEY (article, language),
    FOREIGN KEY (article, language, version) REFERENCES article_versions (article, language, version)
) STRICT;

-- What came into force when. Rows of one change have one revision; the last one is that of the articles in force.
CREATE TABLE article_history (
    revision INTEGER NOT NULL,
    article  TEXT NOT NULL,
    language TEXT NOT NULL,
    -- Nothing when the article was withdrawn.
    version  TEXT,
    -- Which version it replaced, if there was one.
    replaced TEXT,
    at       INTEGER NOT NULL,
    PRIMARY KEY (revision, article, language)
) STRICT;

-- Vectors of passages, by a hash of the encoder, the role and the text: little-endian f32.
CREATE TABLE passage_vectors (
    hash   BLOB PRIMARY KEY,
    vector BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What was computed from the articles as a whole and need not be computed again, with a hash of all that it was made from.
CREATE TABLE derived (
    name        TEXT PRIMARY KEY,
    made_from   TEXT NOT NULL,
    value       TEXT NOT NULL
) STRICT;
