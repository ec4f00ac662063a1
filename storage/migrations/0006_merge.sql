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

DROP VIEW event_flat;
CREATE VIEW event_flat AS
SELECT 'feeds/' || f.feed || '/events/' || e.event AS name,
       f.feed,
       (ARRAY['CAPTURE', 'DEPLOYMENT', 'EXCHANGE_OFFER', 'EXCHANGE', 'RELEASE', 'ESCAPE', 'BATTLE',
              'STRIKE', 'VIOLENCE_AGAINST_CIVILIANS', 'TERRITORY_CHANGE', 'CASUALTY_REPORT', 'STATEMENT',
              'AGREEMENT', 'DETENTION', 'PROTEST', 'RIOT', 'OTHER'])[e.kind] AS kind,
       (ARRAY['ACTIVE', 'RETRACTED', 'MERGED'])[e.state] AS state,
       e.occurred_start, e.occurred_end, e.reported_time,
       e.region, e.point_region,
       e.persons_low, e.persons_best, e.persons_high,
       e.fatalities_low, e.fatalities_best, e.fatalities_high,
       (SELECT array_agg(p.text) FROM participant p
        WHERE p.actor_key = ANY (e.actor_keys) AND p.feed_id = e.feed_id) AS participants,
       e.create_time, e.update_time, e.revision, e.position,
       ST_SetSRID(ST_MakePoint(e.lon, e.lat), 4326)::geometry(Point, 4326) AS geom
FROM event e JOIN feed f ON f.id = e.feed_id;
COMMENT ON VIEW event_flat IS
  'Events in readable columns, for psql, Grafana and QGIS: of every feed, restricted ones too.';
