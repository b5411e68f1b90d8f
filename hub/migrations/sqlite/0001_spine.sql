-- The spine: streams and their runs, records, the log, quarantine, readers and the first read model.
-- Times are microseconds since 1970. Text compares by bytes, as on the other engine.

create table installation (
  one integer primary key check (one = 1),
  secret blob not null,
  created_at integer not null
) strict;

create table log_head (
  one integer primary key check (one = 1),
  epoch text not null,
  seq integer not null,
  at integer not null
) strict;

create table streams (
  stream integer primary key,
  region text not null,
  system text not null,
  name text not null,
  record_type text not null,
  agency text,
  rank integer not null default 100,
  definition text,
  document text,
  every_secs integer,
  announced_at integer,
  heartbeat_at integer,
  failure text,
  run blob,
  refused_run blob,
  verdict text not null default 'none',
  proof_state text not null default 'none',
  resets integer not null default 0,
  reset_at integer,
  full_at integer,
  constraint streams_name unique (region, system, name)
) strict;

create table runs (
  run blob primary key,
  stream integer not null references streams (stream),
  prev blob,
  kind text not null,
  definition text not null,
  state text not null,
  started_at integer not null,
  ended_at integer,
  pages_seen integer not null default 0,
  pages integer,
  read integer not null default 0,
  published integer not null default 0,
  applied integer not null default 0,
  unchanged integer not null default 0,
  quarantined integer not null default 0,
  left_out integer not null default 0,
  deleted integer not null default 0,
  held integer not null default 0,
  proof_count integer,
  proof_digest text,
  hub_count integer,
  hub_digest text,
  limits_share integer not null default 200,
  limits_count integer not null default 5,
  failure text
) strict;
create index runs_stream on runs (stream, started_at);

create table run_pages (
  run blob not null,
  page integer not null,
  constraint run_pages_key primary key (run, page)
) strict;

create table records (
  record integer primary key,
  stream integer not null,
  key text not null,
  id blob not null,
  agency text,
  fiscal_year integer,
  business text,
  hash blob not null,
  version integer not null,
  seq integer not null,
  body_seq integer not null,
  deleted_at integer,
  held integer not null default 0
) strict;
create unique index records_id on records (id);
create unique index records_key on records (stream, key);
create index records_business on records (business);
-- Next to nothing is held, and each complete read asks for it.
create index records_held on records (stream) where held <> 0;

create table changes (
  seq integer primary key,
  kind text not null,
  record integer,
  version integer,
  stream integer,
  op text not null,
  agency text,
  prev_agency text,
  fiscal_year integer,
  hash blob,
  body text,
  pointer text,
  run blob,
  at integer not null
) strict;
create unique index changes_version on changes (record, version);

create table quarantine (
  entry integer primary key,
  stream integer not null,
  key text,
  raw_hash blob not null,
  raw blob not null,
  pointer text not null,
  errors text not null,
  agency text,
  fiscal_year integer,
  amount text,
  run blob not null,
  definition text not null,
  state text not null,
  opened_at integer not null,
  closed_at integer
) strict;
create unique index quarantine_open_key on quarantine (stream, key) where state = 'open' and key is not null;
create unique index quarantine_open_raw on quarantine (stream, raw_hash) where state = 'open' and key is null;
create index quarantine_state on quarantine (state, entry);

create table parked (
  parked integer primary key,
  partition integer not null,
  message_id text,
  stream text,
  body blob not null,
  error text not null,
  at integer not null
) strict;

create table compared (
  stream integer not null,
  id blob not null,
  key text not null,
  hash blob not null,
  constraint compared_key primary key (stream, id)
) strict;

create table findings (
  finding integer primary key,
  kind text not null,
  subject text not null,
  stream integer,
  detail text not null,
  opened_at integer not null,
  closed_at integer
) strict;
create unique index findings_open on findings (kind, subject) where closed_at is null;

create table commands (
  command text primary key,
  body text not null,
  expires_at integer not null
) strict;

create table readers (
  name text primary key,
  epoch text not null,
  cursor integer not null,
  owner text,
  lease_until integer not null default 0
) strict;

create table totals (
  region text not null,
  fiscal_year integer not null,
  measure text not null,
  ledger text not null,
  system text not null,
  agency text not null,
  stage integer not null,
  sub_activity text not null,
  fund text not null,
  month integer not null,
  high integer not null,
  low integer not null,
  records integer not null,
  constraint totals_key primary key
    (region, fiscal_year, measure, ledger, system, agency, stage, sub_activity, fund, month)
) strict;

create table budget_stages (
  region text not null,
  fiscal_year integer not null,
  agency text not null,
  system text not null,
  stage integer not null,
  lines integer not null,
  locked integer not null,
  constraint budget_stages_key primary key (region, fiscal_year, agency, system, stage)
) strict;

create table authority (
  record_type text not null,
  region text not null,
  agency text not null,
  fiscal_year integer not null,
  system text not null,
  constraint authority_key primary key (record_type, region, agency, fiscal_year)
) strict;

create table api_keys (
  id text primary key,
  secret_hash blob not null,
  name text not null,
  grants text not null,
  created_at integer not null,
  expires_at integer,
  revoked_at integer,
  used_at integer
) strict;
