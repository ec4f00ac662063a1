-- Whether a feed may be handed on as a whole.

ALTER TABLE feed ADD COLUMN redistribution_forbidden boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN feed.redistribution_forbidden IS
  'The feed''s licence forbids to pass its events on: only those who may write to it, and administrators, export it.';
