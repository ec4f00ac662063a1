-- What a store is made of apart from its events: its identity, its commit order, feeds, actors and
-- regions.
CREATE EXTENSION IF NOT EXISTS postgis;

CREATE TABLE store (
  singleton boolean NOT NULL DEFAULT true
    CONSTRAINT store_pk PRIMARY KEY
    CONSTRAINT store_singleton_check CHECK (singleton),
  store_id text NOT NULL CONSTRAINT store_id_check CHECK (store_id ~ '^[0-9a-f]{32}$'),
  create_time timestamptz NOT NULL,
  catalog_version bigint NOT NULL,
  actors_seeded boolean NOT NULL,
  region_version text
);
COMMENT ON TABLE store IS
  'One row: who this store is. catalog_version moves with every change of a feed or an actor; region_version names the gazetteer that region was loaded from.';
INSERT INTO store (store_id, create_time, catalog_version, actors_seeded)
VALUES (replace(gen_random_uuid()::text, '-', ''), clock_timestamp(), 1, false);

CREATE TABLE token_key (
  key bytea NOT NULL
    CONSTRAINT token_key_pk PRIMARY KEY
    CONSTRAINT token_key_length_check CHECK (octet_length(key) = 32),
  create_time timestamptz NOT NULL
);
COMMENT ON TABLE token_key IS 'Secret keys that page tokens and positions are sealed with; the newest seals.';
-- Three random UUIDs hold 366 random bits, which the hash brings to 256.
INSERT INTO token_key (key, create_time)
VALUES (sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
               || uuid_send(gen_random_uuid())), clock_timestamp());

CREATE TABLE commit_log (
  position bigint NOT NULL CONSTRAINT commit_log_pk PRIMARY KEY,
  commit_time timestamptz NOT NULL CONSTRAINT commit_log_time_key UNIQUE,
  request_id text NOT NULL,
  active_count bigint NOT NULL,
  retracted_count bigint NOT NULL,
  superseded_count bigint NOT NULL
);
COMMENT ON TABLE commit_log IS
  'One row for each atomic write: positions are dense and commit_time increases with them. request_id is random: a writer whose COMMIT got no answer looks it up. The counts are those of the record at the position.';

CREATE TABLE feed (
  id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT feed_pk PRIMARY KEY,
  feed text COLLATE "C" NOT NULL CONSTRAINT feed_feed_key UNIQUE,
  title text NOT NULL,
  licence text NOT NULL,
  attribution text NOT NULL,
  reliability text NOT NULL,
  create_time timestamptz NOT NULL
);
COMMENT ON TABLE feed IS 'Where records come from. Never deleted: events refer to it by id.';

CREATE TABLE actor (
  actor text COLLATE "C" NOT NULL CONSTRAINT actor_pk PRIMARY KEY,
  record bytea NOT NULL
);
COMMENT ON TABLE actor IS 'The actor catalogue: record is a serialized annals.v1.Actor.';

CREATE TABLE region (
  code text COLLATE "C" NOT NULL CONSTRAINT region_pk PRIMARY KEY,
  title text NOT NULL,
  parent text COLLATE "C",
  country text COLLATE "C" NOT NULL,
  level smallint NOT NULL,
  geom geometry(MultiPolygon, 4326)
);
CREATE INDEX region_geom_idx ON region USING gist (geom);
COMMENT ON TABLE region IS
  'A copy of the compiled-in gazetteer for psql and QGIS; no question reads it. geom is null on countries: they are the union of their units.';
