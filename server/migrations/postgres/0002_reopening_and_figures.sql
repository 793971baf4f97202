-- A ticket that a shopper opens again has new deadlines and waits for a first answer anew.
ALTER TABLE tickets ADD COLUMN reopened_at BIGINT;
-- How it went the first time, kept for figures once the ticket was opened again.
ALTER TABLE tickets ADD COLUMN opening_response_due BIGINT;
ALTER TABLE tickets ADD COLUMN opening_response_at BIGINT;
ALTER TABLE tickets ADD COLUMN opening_resolution_due BIGINT;
ALTER TABLE tickets ADD COLUMN opening_closed_at BIGINT;

-- Whose tickets are whose.
CREATE INDEX tickets_of_agent ON tickets (assignee, state);

-- When the watch has to look at a ticket again: 0 for at once, nothing when there is nothing to alert of. Only tickets that somebody should
-- work on have it, and only those that were put off have a time until when, so that one index finds those that are due.
ALTER TABLE tickets ADD COLUMN next_alert_at BIGINT DEFAULT 0;
UPDATE tickets SET next_alert_at = NULL WHERE state NOT IN ('open', 'assigned');
UPDATE tickets SET snoozed_until = NULL WHERE state <> 'snoozed';
CREATE INDEX tickets_to_alert ON tickets (next_alert_at) WHERE next_alert_at IS NOT NULL;
CREATE INDEX tickets_put_off ON tickets (snoozed_until) WHERE snoozed_until IS NOT NULL;

-- Of a reply of the program's: what it is, and the likeliest intent, so that figures are counted without reading what replies say.
ALTER TABLE events ADD COLUMN reply_kind TEXT;
ALTER TABLE events ADD COLUMN intent TEXT;
UPDATE events SET reply_kind = contents::json ->> 'kind', intent = contents::json #>> '{assessment,intents,0,id}' WHERE kind = 'message' AND sender = 'bot';
CREATE INDEX events_for_figures ON events (kind, at, sender, reply_kind, intent, helpful);
CREATE INDEX conversations_for_figures ON conversations (created_at, rating);
CREATE INDEX tickets_for_figures ON tickets (opened_at);
