-- What the record says besides: verification, uncertain places, words and sources, each as columns
-- that questions read. Rows of before are filled by the program (derivation_version).

ALTER TABLE store ADD COLUMN derivation_version integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN store.derivation_version IS
  'By which version of storage/event_columns.h the columns of events were derived; older ones are derived anew when annalsd opens the store.';

ALTER TABLE event
  ADD COLUMN verification smallint NOT NULL DEFAULT 1,
  ADD COLUMN radius_m double precision,
  ADD COLUMN place_uncertainty_m double precision,
  ADD COLUMN area_region text COLLATE "C",
  ADD COLUMN reach_keys bigint[],
  ADD COLUMN reach_regions text[] COLLATE "C",
  ADD COLUMN beyond_regions boolean,
  ADD COLUMN circle geometry(Polygon, 4326),
  ADD COLUMN source_keys bigint[] NOT NULL DEFAULT '{}',
  ADD COLUMN words tsvector NOT NULL DEFAULT '';
COMMENT ON COLUMN event.verification IS 'annals.v1.Verification.';
COMMENT ON COLUMN event.area_region IS
  'The region whose polygon is the area of uncertainty; else it is circle, else the bare point.';
COMMENT ON COLUMN event.circle IS
  'The circle of radius_m round the point as a polygon; longitudes go on past 180. reach_regions are the first-level regions it meets, beyond_regions whether some of it lies in none.';
COMMENT ON COLUMN event.words IS 'What text is searched in, folded; without positions.';

ALTER TABLE event_revision
  ADD COLUMN verification smallint NOT NULL DEFAULT 1,
  ADD COLUMN radius_m double precision,
  ADD COLUMN place_uncertainty_m double precision,
  ADD COLUMN area_region text COLLATE "C",
  ADD COLUMN reach_keys bigint[],
  ADD COLUMN reach_regions text[] COLLATE "C",
  ADD COLUMN beyond_regions boolean,
  ADD COLUMN circle geometry(Polygon, 4326),
  ADD COLUMN source_keys bigint[] NOT NULL DEFAULT '{}',
  ADD COLUMN words tsvector NOT NULL DEFAULT '';

-- One table of what leads to events in the order of questions.
ALTER TABLE event_actor RENAME TO event_posting;
ALTER TABLE event_posting RENAME COLUMN actor_key TO key;
ALTER INDEX event_actor_pk RENAME TO event_posting_pk;
ALTER INDEX event_actor_long_idx RENAME TO event_posting_long_idx;
COMMENT ON TABLE event_posting IS
  'Current ACTIVE events by what leads to them, in the order of questions (walked backwards for newest first): keys of participants (event.actor_keys), of URLs (source_keys), and of the cells and regions that an uncertain place reaches (reach_keys).';

DROP INDEX event_pointless_idx;
CREATE INDEX event_area_region_idx ON event (area_region, occurred_start DESC, id DESC)
  INCLUDE (kind, feed_id, occurred_end, lon, lat, is_long)
  WHERE state = 1 AND area_region IS NOT NULL;
CREATE INDEX event_words_idx ON event USING gin (words) WHERE state = 1;
CREATE INDEX event_revision_area_region_idx ON event_revision
  (area_region, occurred_start DESC, id DESC) WHERE state = 1 AND area_region IS NOT NULL;
CREATE INDEX event_revision_circle_idx ON event_revision (occurred_start DESC, id DESC)
  WHERE state = 1 AND radius_m IS NOT NULL;

DROP VIEW event_flat;
CREATE VIEW event_flat AS
SELECT 'feeds/' || f.feed || '/events/' || e.event AS name,
       f.feed,
       (ARRAY['CAPTURE', 'DEPLOYMENT', 'EXCHANGE_OFFER', 'EXCHANGE', 'RELEASE', 'ESCAPE', 'BATTLE',
              'STRIKE', 'VIOLENCE_AGAINST_CIVILIANS', 'TERRITORY_CHANGE', 'CASUALTY_REPORT', 'STATEMENT',
              'AGREEMENT', 'DETENTION', 'PROTEST', 'RIOT', 'OTHER'])[e.kind] AS kind,
       (ARRAY['ACTIVE', 'RETRACTED', 'MERGED'])[e.state] AS state,
       (ARRAY['UNCLAIMED', 'CLAIMED', 'CORROBORATED', 'CONFIRMED', 'DISPUTED',
              'DENIED'])[e.verification] AS verification,
       e.occurred_start, e.occurred_end, e.reported_time,
       e.region, e.point_region, e.area_region, e.radius_m, e.place_uncertainty_m,
       e.persons_low, e.persons_best, e.persons_high,
       e.fatalities_low, e.fatalities_best, e.fatalities_high,
       (SELECT array_agg(p.text) FROM participant p
        WHERE p.actor_key = ANY (e.actor_keys) AND p.feed_id = e.feed_id) AS participants,
       e.create_time, e.update_time, e.revision, e.position,
       ST_SetSRID(ST_MakePoint(e.lon, e.lat), 4326)::geometry(Point, 4326) AS geom
FROM event e JOIN feed f ON f.id = e.feed_id;
COMMENT ON VIEW event_flat IS
  'Events in readable columns, for psql, Grafana and QGIS: of every feed, restricted ones too.';
