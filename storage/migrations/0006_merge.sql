-- Merged events: a third state, counted apart, and found like retracted ones only where asked for.

COMMENT ON COLUMN event.state IS 'annals.v1.EventState: 1 ACTIVE, 2 RETRACTED, 3 MERGED.';
COMMENT ON COLUMN event.content_hash IS
  'Of the content last ingested, which a retraction or a merge leaves alone; all zero where the event was redacted.';

ALTER TABLE feed_count ADD COLUMN merged_count bigint NOT NULL DEFAULT 0;
ALTER TABLE feed_count ALTER COLUMN merged_count DROP DEFAULT;
COMMENT ON TABLE feed_count IS
  'What each feed holds: active, retracted and merged events and superseded revisions, one row for each position that changed the feed. The row before or at a position holds as of it.';

-- All that does not stand.
DROP INDEX event_retracted_idx;
CREATE INDEX event_retracted_idx ON event (occurred_start DESC, id DESC) WHERE state <> 1;
DROP INDEX event_revision_retracted_idx;
CREATE INDEX event_revision_retracted_idx ON event_revision (occurred_start DESC, id DESC)
  WHERE state <> 1;

COMMENT ON TABLE feed IS
  'Where records come from. Deleted only with everything that was recorded in it.';
COMMENT ON TABLE audit IS
  'Who changed what, when, from where and why, written in the transaction of the change. A change of events has a position, one of the catalogue a subject (feeds/x, actors/x) instead; a feed that was deleted with its events has both. Changes from before this table existed have no row.';
