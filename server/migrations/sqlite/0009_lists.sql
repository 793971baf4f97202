-- Lists of what was delivered and of what people labelled are read by indexes, however much there is.

-- The next delivery to an endpoint, and how many there are in which state.
DROP INDEX deliveries_waiting;
CREATE INDEX deliveries_to_endpoint ON deliveries (endpoint, state, next_at);
CREATE INDEX deliveries_by_state ON deliveries (state, created_at, id);
CREATE INDEX deliveries_by_time ON deliveries (created_at, id);
CREATE INDEX corrections_by_state ON corrections (state, at, id);
CREATE INDEX corrections_by_time ON corrections (at, id);
CREATE INDEX reviews_by_state ON reviews (state, at, message) WHERE state IS NOT NULL;
