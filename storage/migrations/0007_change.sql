-- The log of changes as watches read it, and answers to batches by their names.

-- Of all states: a retraction is a change.
DROP INDEX event_position_idx;
CREATE INDEX event_position_idx ON event (position DESC, id DESC) INCLUDE (state);
CREATE INDEX event_revision_position_idx ON event_revision (position DESC, id DESC);

CREATE TABLE feed_purge (
  position bigint NOT NULL CONSTRAINT feed_purge_pk PRIMARY KEY,
  feed text COLLATE "C" NOT NULL,
  restricted boolean NOT NULL,
  readers text[] NOT NULL
);
COMMENT ON TABLE feed_purge IS
  'Feeds deleted with their events, and who saw them: what a watch from before the position cannot be told any more.';

CREATE TABLE batch_answer (
  principal text COLLATE "C" NOT NULL,
  batch_id text COLLATE "C" NOT NULL,
  create_time timestamptz NOT NULL,
  batch_hash bytea NOT NULL,
  answer bytea NOT NULL,
  CONSTRAINT batch_answer_pk PRIMARY KEY (principal, batch_id)
);
CREATE INDEX batch_answer_time_idx ON batch_answer (create_time);
COMMENT ON TABLE batch_answer IS
  'What batches that their senders gave a name were answered, written in the transaction of the batch. batch_hash is of the rows; answer is a serialized annals.internal.BatchAnswer. Kept for 7 days.';
