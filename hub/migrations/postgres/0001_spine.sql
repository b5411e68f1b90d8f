-- The spine: streams and their runs, records, the log, quarantine, readers and the first read model.
-- Times are microseconds since 1970. Text compares by bytes, so that both engines sort alike.

create table installation (
  one bigint primary key check (one = 1),
  secret bytea not null,
  created_at bigint not null
);

create table log_head (
  one bigint primary key check (one = 1),
  epoch text collate "C" not null,
  seq bigint not null,
  at bigint not null
);

create table streams (
  stream bigint generated always as identity primary key,
  region text collate "C" not null,
  system text collate "C" not null,
  name text collate "C" not null,
  record_type text collate "C" not null,
  agency text collate "C",
  rank bigint not null default 100,
  definition text collate "C",
  document text,
  every_secs bigint,
  announced_at bigint,
  heartbeat_at bigint,
  failure text,
  run bytea,
  refused_run bytea,
  verdict text collate "C" not null default 'none',
  proof_state text collate "C" not null default 'none',
  resets bigint not null default 0,
  reset_at bigint,
  full_at bigint,
  constraint streams_name unique (region, system, name)
);

create table runs (
  run bytea primary key,
  stream bigint not null references streams (stream),
  prev bytea,
  kind text collate "C" not null,
  definition text collate "C" not null,
  state text collate "C" not null,
  started_at bigint not null,
  ended_at bigint,
  pages_seen bigint not null default 0,
  pages bigint,
  read bigint not null default 0,
  published bigint not null default 0,
  applied bigint not null default 0,
  unchanged bigint not null default 0,
  quarantined bigint not null default 0,
  left_out bigint not null default 0,
  deleted bigint not null default 0,
  held bigint not null default 0,
  proof_count bigint,
  proof_digest text collate "C",
  hub_count bigint,
  hub_digest text collate "C",
  limits_share bigint not null default 200,
  limits_count bigint not null default 5,
  failure text
);
create index runs_stream on runs (stream, started_at);

create table run_pages (
  run bytea not null,
  page bigint not null,
  constraint run_pages_key primary key (run, page)
);

create table records (
  record bigint primary key,
  stream bigint not null,
  key text collate "C" not null,
  id bytea not null,
  agency text collate "C",
  fiscal_year bigint,
  business text collate "C",
  hash bytea not null,
  version bigint not null,
  seq bigint not null,
  body_seq bigint not null,
  deleted_at bigint,
  held bigint not null default 0
);
create unique index records_id on records (id);
create unique index records_key on records (stream, key);
create index records_business on records (business);
-- Next to nothing is held, and each complete read asks for it.
create index records_held on records (stream) where held <> 0;

create table changes (
  seq bigint primary key,
  kind text collate "C" not null,
  record bigint,
  version bigint,
  stream bigint,
  op text collate "C" not null,
  agency text collate "C",
  prev_agency text collate "C",
  fiscal_year bigint,
  hash bytea,
  body json,
  pointer text,
  run bytea,
  at bigint not null
);
create unique index changes_version on changes (record, version);

create table quarantine (
  entry bigint generated always as identity primary key,
  stream bigint not null,
  key text collate "C",
  raw_hash bytea not null,
  raw bytea not null,
  pointer text not null,
  errors json not null,
  agency text collate "C",
  fiscal_year bigint,
  amount text collate "C",
  run bytea not null,
  definition text collate "C" not null,
  state text collate "C" not null,
  opened_at bigint not null,
  closed_at bigint
);
create unique index quarantine_open_key on quarantine (stream, key) where state = 'open' and key is not null;
create unique index quarantine_open_raw on quarantine (stream, raw_hash) where state = 'open' and key is null;
create index quarantine_state on quarantine (state, entry);

create table parked (
  parked bigint generated always as identity primary key,
  partition bigint not null,
  message_id text,
  stream text collate "C",
  body bytea not null,
  error text not null,
  at bigint not null
);

create table compared (
  stream bigint not null,
  id bytea not null,
  key text collate "C" not null,
  hash bytea not null,
  constraint compared_key primary key (stream, id)
);

create table findings (
  finding bigint generated always as identity primary key,
  kind text collate "C" not null,
  subject text collate "C" not null,
  stream bigint,
  detail text not null,
  opened_at bigint not null,
  closed_at bigint
);
create unique index findings_open on findings (kind, subject) where closed_at is null;

create table commands (
  command text collate "C" primary key,
  body text not null,
  expires_at bigint not null
);

create table readers (
  name text collate "C" primary key,
  epoch text collate "C" not null,
  cursor bigint not null,
  owner text collate "C",
  lease_until bigint not null default 0
);

create table totals (
  region text collate "C" not null,
  fiscal_year bigint not null,
  measure text collate "C" not null,
  ledger text collate "C" not null,
  system text collate "C" not null,
  agency text collate "C" not null,
  stage bigint not null,
  sub_activity text collate "C" not null,
  fund text collate "C" not null,
  month bigint not null,
  high bigint not null,
  low bigint not null,
  records bigint not null,
  constraint totals_key primary key
    (region, fiscal_year, measure, ledger, system, agency, stage, sub_activity, fund, month)
-- A sum is changed again and again: with room beside it a change stays on its page and out of the index.
) with (fillfactor = 50);

create table budget_stages (
  region text collate "C" not null,
  fiscal_year bigint not null,
  agency text collate "C" not null,
  system text collate "C" not null,
  stage bigint not null,
  lines bigint not null,
  locked bigint not null,
  constraint budget_stages_key primary key (region, fiscal_year, agency, system, stage)
) with (fillfactor = 50);

create table authority (
  record_type text collate "C" not null,
  region text collate "C" not null,
  agency text collate "C" not null,
  fiscal_year bigint not null,
  system text collate "C" not null,
  constraint authority_key primary key (record_type, region, agency, fiscal_year)
);

create table api_keys (
  id text collate "C" primary key,
  secret_hash bytea not null,
  name text not null,
  grants text not null,
  created_at bigint not null,
  expires_at bigint,
  revoked_at bigint,
  used_at bigint
);
