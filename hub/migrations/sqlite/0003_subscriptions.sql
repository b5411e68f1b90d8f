-- Applications that are told of changes: each subscription is a reader of the log with a cursor of its own, and what
-- became of each telling is kept beside it.

create table subscriptions (
  subscription integer primary key autoincrement,
  id text not null,
  name text not null,
  kind text not null,
  key text not null,
  target text not null,
  filter text not null,
  fields text,
  state text not null,
  reason text,
  epoch text not null,
  cursor integer not null,
  snapshot integer,
  resync text,
  replay_at integer,
  replay_until integer,
  trouble text,
  health text,
  created_by text not null,
  created_at integer not null,
  changed_at integer not null,
  told_at integer,
  told integer not null default 0,
  failed integer not null default 0,
  owner text,
  lease_until integer not null default 0
) strict;
create unique index subscriptions_id on subscriptions (id);
create index subscriptions_state on subscriptions (state, subscription);

create table deliveries (
  delivery integer primary key autoincrement,
  subscription integer not null,
  event text not null,
  type text not null,
  subject text not null,
  seq integer not null,
  state text not null,
  body text,
  attempts integer not null,
  tries text not null,
  next_at integer,
  created_at integer not null,
  ended_at integer
) strict;
create unique index deliveries_event on deliveries (subscription, event);
create index deliveries_list on deliveries (subscription, delivery);
create index deliveries_due on deliveries (subscription, next_at) where state = 'waiting';
-- What waits behind an earlier telling of the same record; next to nothing of all deliveries.
create index deliveries_behind on deliveries (subscription, subject, delivery) where state in ('waiting', 'held');
create index deliveries_state on deliveries (subscription, state, delivery);
