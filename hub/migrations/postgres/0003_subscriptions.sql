-- Applications that are told of changes: each subscription is a reader of the log with a cursor of its own, and what
-- became of each telling is kept beside it.

create table subscriptions (
  subscription bigint generated always as identity primary key,
  id text collate "C" not null,
  name text not null,
  kind text collate "C" not null,
  key text collate "C" not null,
  target text not null,
  filter text not null,
  fields text,
  state text collate "C" not null,
  reason text,
  epoch text collate "C" not null,
  cursor bigint not null,
  snapshot bigint,
  resync text collate "C",
  replay_at bigint,
  replay_until bigint,
  trouble text,
  health text,
  created_by text not null,
  created_at bigint not null,
  changed_at bigint not null,
  told_at bigint,
  told bigint not null default 0,
  failed bigint not null default 0,
  owner text collate "C",
  lease_until bigint not null default 0
);
create unique index subscriptions_id on subscriptions (id);
create index subscriptions_state on subscriptions (state, subscription);

create table deliveries (
  delivery bigint generated always as identity primary key,
  subscription bigint not null,
  event text collate "C" not null,
  type text collate "C" not null,
  subject text collate "C" not null,
  seq bigint not null,
  state text collate "C" not null,
  body text,
  attempts bigint not null,
  tries text not null,
  next_at bigint,
  created_at bigint not null,
  ended_at bigint
);
create unique index deliveries_event on deliveries (subscription, event);
create index deliveries_list on deliveries (subscription, delivery);
create index deliveries_due on deliveries (subscription, next_at) where state = 'waiting';
-- What waits behind an earlier telling of the same record; next to nothing of all deliveries.
create index deliveries_behind on deliveries (subscription, subject, delivery) where state in ('waiting', 'held');
create index deliveries_state on deliveries (subscription, state, delivery);
