-- Events: the current row of each, what it was before, and the access paths of questions.

CREATE TABLE event (
  id bigint NOT NULL CONSTRAINT event_pk PRIMARY KEY,
  revision bigint NOT NULL,
  position bigint NOT NULL,
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  occurred_start timestamptz NOT NULL,
  occurred_end timestamptz NOT NULL,
  reported_time timestamptz,
  source_version bigint,
  lon double precision,
  lat double precision,
  persons_low bigint,
  persons_best bigint,
  persons_high bigint,
  fatalities_low bigint,
  fatalities_best bigint,
  fatalities_high bigint,
  feed_id integer NOT NULL,
  cell_8 integer,
  cell_12 integer,
  kind smallint NOT NULL,
  state smallint NOT NULL,
  is_long boolean NOT NULL,
  event text COLLATE "C" NOT NULL,
  region text COLLATE "C",
  point_region text COLLATE "C",
  actor_keys bigint[] NOT NULL,
  actor_roles smallint[] NOT NULL,
  content_hash bytea NOT NULL,
  record bytea NOT NULL
);
COMMENT ON TABLE event IS
  'The current revision of each event. id is the first 63 bits of SHA-256 of its name (no second index on the name is kept: the writer compares names and refuses a collision). record is the serialized annals.v1.Event as it is answered; the other columns are derived from it by storage/event_columns.h.';
COMMENT ON COLUMN event.is_long IS
  'The window is longer than kShortWindowMax: such events have indexes of their own, so that a question about a range looks only a little before its start for all others.';
COMMENT ON COLUMN event.state IS 'annals.v1.EventState: 1 ACTIVE, 2 RETRACTED.';
COMMENT ON COLUMN event.actor_roles IS 'Parallel to actor_keys: annals.v1.ParticipantRole.';
COMMENT ON COLUMN event.content_hash IS 'Of the content last ingested, which a retraction leaves alone.';

CREATE TABLE event_revision (
  LIKE event,
  until_position bigint NOT NULL,
  end_time timestamptz NOT NULL,
  CONSTRAINT event_revision_pk PRIMARY KEY (id, revision)
);
COMMENT ON TABLE event_revision IS
  'Superseded revisions: each was current for positions in [position, until_position). With the rows of event they are the record as of any position.';

CREATE TABLE event_actor (
  actor_key bigint NOT NULL,
  occurred_start timestamptz NOT NULL,
  event_id bigint NOT NULL,
  is_long boolean NOT NULL,
  CONSTRAINT event_actor_pk PRIMARY KEY (actor_key, occurred_start, event_id)
);
COMMENT ON TABLE event_actor IS
  'Current ACTIVE events by participant, in the order of questions (walked backwards for newest first).';
CREATE INDEX event_actor_long_idx ON event_actor (actor_key, occurred_start, event_id)
  WHERE is_long;

CREATE TABLE participant (
  actor_key bigint NOT NULL CONSTRAINT participant_pk PRIMARY KEY,
  text text NOT NULL
);
COMMENT ON TABLE participant IS
  'What each actor_key of events stands for: "actors/x", or a label as it was first given.';

-- Questions see ACTIVE events first of all, so that these indexes are partial. INCLUDE holds what
-- most questions test besides, so that a candidate costs no visit to the table.
CREATE INDEX event_occurred_idx ON event (occurred_start DESC, id DESC)
  INCLUDE (kind, feed_id, occurred_end, lon, lat, is_long) WHERE state = 1;
CREATE INDEX event_cell_8_idx ON event (cell_8, occurred_start DESC, id DESC)
  INCLUDE (kind, feed_id, occurred_end, lon, lat, is_long) WHERE state = 1 AND cell_8 IS NOT NULL;
CREATE INDEX event_cell_12_idx ON event (cell_12, occurred_start DESC, id DESC)
  INCLUDE (kind, feed_id, occurred_end, lon, lat, is_long) WHERE state = 1 AND cell_12 IS NOT NULL;
CREATE INDEX event_region_idx ON event (region, occurred_start DESC, id DESC)
  INCLUDE (kind, feed_id, occurred_end, is_long) WHERE state = 1 AND region IS NOT NULL;
-- Events whose source names another region than the one that holds their point: few.
CREATE INDEX event_point_region_idx ON event (point_region, occurred_start DESC, id DESC)
  WHERE state = 1 AND point_region IS NOT NULL AND point_region IS DISTINCT FROM region;
CREATE INDEX event_pointless_idx ON event (region, occurred_start DESC, id DESC)
  WHERE state = 1 AND lon IS NULL AND region IS NOT NULL;
CREATE INDEX event_feed_idx ON event (feed_id, occurred_start DESC, id DESC)
  INCLUDE (kind, occurred_end, is_long) WHERE state = 1;
CREATE INDEX event_position_idx ON event (position DESC, id DESC) WHERE state = 1;

-- Windows that may start long before the range they are asked for: few, so that they are looked
-- through.
CREATE INDEX event_long_occurred_idx ON event (occurred_start DESC, id DESC)
  INCLUDE (kind, feed_id, occurred_end, lon, lat) WHERE state = 1 AND is_long;
CREATE INDEX event_long_cell_8_idx ON event (cell_8, occurred_start DESC, id DESC)
  INCLUDE (kind, feed_id, occurred_end, lon, lat)
  WHERE state = 1 AND is_long AND cell_8 IS NOT NULL;
CREATE INDEX event_long_cell_12_idx ON event (cell_12, occurred_start DESC, id DESC)
  INCLUDE (kind, feed_id, occurred_end, lon, lat)
  WHERE state = 1 AND is_long AND cell_12 IS NOT NULL;
CREATE INDEX event_long_region_idx ON event (region, occurred_start DESC, id DESC)
  INCLUDE (kind, feed_id, occurred_end) WHERE state = 1 AND is_long AND region IS NOT NULL;

CREATE INDEX event_retracted_idx ON event (occurred_start DESC, id DESC) WHERE state = 2;

CREATE INDEX event_revision_occurred_idx ON event_revision (occurred_start DESC, id DESC)
  WHERE state = 1;
CREATE INDEX event_revision_cell_8_idx ON event_revision (cell_8, occurred_start DESC, id DESC)
  WHERE state = 1 AND cell_8 IS NOT NULL;
CREATE INDEX event_revision_region_idx ON event_revision (region, occurred_start DESC, id DESC)
  WHERE state = 1 AND region IS NOT NULL;
CREATE INDEX event_revision_point_region_idx ON event_revision
  (point_region, occurred_start DESC, id DESC)
  WHERE state = 1 AND point_region IS NOT NULL AND point_region IS DISTINCT FROM region;
CREATE INDEX event_revision_retracted_idx ON event_revision (occurred_start DESC, id DESC)
  WHERE state = 2;

CREATE VIEW event_flat AS
SELECT 'feeds/' || f.feed || '/events/' || e.event AS name,
       f.feed,
       (ARRAY['CAPTURE', 'DEPLOYMENT', 'EXCHANGE_OFFER', 'EXCHANGE', 'RELEASE', 'ESCAPE', 'BATTLE',
              'STRIKE', 'VIOLENCE_AGAINST_CIVILIANS', 'TERRITORY_CHANGE', 'CASUALTY_REPORT', 'STATEMENT',
              'AGREEMENT', 'DETENTION', 'PROTEST', 'RIOT', 'OTHER'])[e.kind] AS kind,
       (ARRAY['ACTIVE', 'RETRACTED'])[e.state] AS state,
       e.occurred_start, e.occurred_end, e.reported_time,
       e.region, e.point_region,
       e.persons_low, e.persons_best, e.persons_high,
       e.fatalities_low, e.fatalities_best, e.fatalities_high,
       (SELECT array_agg(p.text) FROM participant p
        WHERE p.actor_key = ANY (e.actor_keys)) AS participants,
       e.create_time, e.update_time, e.revision, e.position,
       ST_SetSRID(ST_MakePoint(e.lon, e.lat), 4326)::geometry(Point, 4326) AS geom
FROM event e JOIN feed f ON f.id = e.feed_id;
COMMENT ON VIEW event_flat IS 'Events in readable columns, for psql, Grafana and QGIS.';
