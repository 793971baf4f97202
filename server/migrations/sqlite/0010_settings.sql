-- What was chosen in the console in place of what the settings file says, section by section.
CREATE TABLE settings (
    -- Such as `hours` or `sites.main`.
    section    TEXT PRIMARY KEY,
    -- As JSON; nothing since somebody went back to the file.
    value      TEXT,
    -- Counts the changes of all sections. A section has that of its last one.
    revision   INTEGER NOT NULL,
    updated_by TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
