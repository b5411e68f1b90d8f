-- Quarantine is grouped by cause, replayed and discarded: what that has to know of an entry, and the replays themselves.
-- The cause of an entry is its first reason. Money stands in two integers beside its text, so that both engines add exactly.

alter table quarantine add column form text not null default 'json';
alter table quarantine add column code text not null default '';
alter table quarantine add column target text not null default '';
alter table quarantine add column source text not null default '';
alter table quarantine add column high integer;
alter table quarantine add column low integer;
alter table quarantine add column closed_by text;
alter table quarantine add column reason text;

update quarantine set agency = null where length(agency) > 60;
update quarantine set code = substr(coalesce(errors ->> '$[0].code', ''), 1, 120), target = substr(coalesce(errors ->> '$[0].target', ''), 1, 120),
  source = substr(coalesce(errors ->> '$[0].source', ''), 1, 120);
update quarantine set
  high = case when amount like '-%' then -1 else 1 end * case when length(replace(replace(amount, '-', ''), '.', '')) > 12
    then cast(substr(replace(replace(amount, '-', ''), '.', ''), 1, length(replace(replace(amount, '-', ''), '.', '')) - 12) as integer) else 0 end,
  low = case when amount like '-%' then -1 else 1 end * cast(substr(replace(replace(amount, '-', ''), '.', ''), max(length(replace(replace(amount, '-', ''), '.', '')) - 11, 1)) as integer)
  where amount is not null;

create index quarantine_key on quarantine (stream, state, key);
create index quarantine_raw on quarantine (stream, state, raw_hash);
-- Holds all that groups and figures need, so that they read no raw record.
create index quarantine_cause on quarantine
  (state, stream, code, target, source, agency, fiscal_year, high, low, opened_at);

create table replays (
  replay integer primary key,
  dry integer not null,
  filter text not null,
  asked_by text not null,
  asked_at integer not null,
  state text not null,
  stopped_by text,
  ended_at integer,
  owner text,
  lease_until integer not null default 0
) strict;
create index replays_state on replays (state);

create table replay_entries (
  replay integer not null references replays (replay),
  entry integer not null,
  stream integer not null,
  raw_hash blob not null,
  dry integer not null,
  command text,
  expires_at integer,
  sent_at integer,
  outcome text,
  code text not null default '',
  target text not null default '',
  source text not null default '',
  constraint replay_entries_key primary key (replay, entry)
) strict;
-- An entry is under way in one replay at a time.
create unique index replay_entries_entry on replay_entries (entry) where outcome is null and dry = 0;
create index replay_entries_left on replay_entries (replay, stream) where outcome is null;
create index replay_entries_command on replay_entries (command) where outcome is null;
create index replay_entries_outcome on replay_entries (replay, outcome, code, target, source);
