-- Who may see feeds, who changed what, and what each feed holds at each position: a caller is told
-- only of the feeds it sees.

ALTER TABLE feed
  ADD COLUMN restricted boolean NOT NULL DEFAULT false,
  ADD COLUMN readers text[] NOT NULL DEFAULT '{}',
  ADD CONSTRAINT feed_readers_check CHECK (restricted OR readers = '{}');
COMMENT ON COLUMN feed.readers IS
  'Who may see a restricted feed beside administrators and those who may write to it: principals/x or roles/x.';

CREATE TABLE audit (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT audit_pk PRIMARY KEY,
  position bigint CONSTRAINT audit_position_key UNIQUE,
  change_time timestamptz NOT NULL,
  principal text NOT NULL,
  address text NOT NULL,
  method text NOT NULL,
  request_id text NOT NULL,
  subject text,
  reason text NOT NULL
);
COMMENT ON TABLE audit IS
  'Who changed what, when, from where and why, written in the transaction of the change. A change of events has a position, one of the catalogue a subject (feeds/x, actors/x) instead. Changes from before this table existed have no row.';

CREATE TABLE feed_count (
  feed_id integer NOT NULL,
  position bigint NOT NULL,
  active_count bigint NOT NULL,
  retracted_count bigint NOT NULL,
  superseded_count bigint NOT NULL,
  CONSTRAINT feed_count_pk PRIMARY KEY (feed_id, position)
);
COMMENT ON TABLE feed_count IS
  'What each feed holds: active and retracted events and superseded revisions, one row for each position that changed the feed. The row before or at a position holds as of it.';
WITH change AS (
  SELECT feed_id, position, (state = 1)::int AS active, (state = 2)::int AS retracted,
         (revision > 1)::int AS superseded
  FROM event
  UNION ALL
  SELECT feed_id, position, (state = 1)::int, (state = 2)::int, (revision > 1)::int
  FROM event_revision
  UNION ALL
  SELECT feed_id, until_position, -(state = 1)::int, -(state = 2)::int, 0
  FROM event_revision
)
INSERT INTO feed_count (feed_id, position, active_count, retracted_count, superseded_count)
SELECT feed_id, position,
       sum(sum(active)) OVER before, sum(sum(retracted)) OVER before,
       sum(sum(superseded)) OVER before
FROM change GROUP BY feed_id, position
WINDOW before AS (PARTITION BY feed_id ORDER BY position);

ALTER TABLE commit_log
  DROP COLUMN active_count,
  DROP COLUMN retracted_count,
  DROP COLUMN superseded_count;
COMMENT ON TABLE commit_log IS
  'One row for each atomic write: positions are dense and commit_time increases with them. request_id is random: a writer whose COMMIT got no answer looks it up.';

-- A label's spelling is known from the feed that gave it: another feed's is not told to those who
-- may not see that feed.
DROP VIEW event_flat;
ALTER TABLE participant RENAME TO participant_before;
ALTER INDEX participant_pk RENAME TO participant_before_pk;
CREATE TABLE participant (
  actor_key bigint NOT NULL,
  feed_id integer NOT NULL,
  text text COLLATE "C" NOT NULL,
  CONSTRAINT participant_pk PRIMARY KEY (actor_key, feed_id)
);
COMMENT ON TABLE participant IS
  'What each actor_key of a feed''s events stands for: "actors/x", or a label as the feed first gave it (in events from before this table: as any feed did).';
INSERT INTO participant (actor_key, feed_id, text)
SELECT p.actor_key, used.feed_id, p.text
FROM participant_before p
JOIN (SELECT DISTINCT unnest(actor_keys) AS actor_key, feed_id FROM event
      UNION SELECT DISTINCT unnest(actor_keys), feed_id FROM event_revision) AS used
  ON used.actor_key = p.actor_key;
DROP TABLE participant_before;

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
        WHERE p.actor_key = ANY (e.actor_keys) AND p.feed_id = e.feed_id) AS participants,
       e.create_time, e.update_time, e.revision, e.position,
       ST_SetSRID(ST_MakePoint(e.lon, e.lat), 4326)::geometry(Point, 4326) AS geom
FROM event e JOIN feed f ON f.id = e.feed_id;
COMMENT ON VIEW event_flat IS
  'Events in readable columns, for psql, Grafana and QGIS: of every feed, restricted ones too.';
