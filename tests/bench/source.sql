-- The legacy table of the bench: budget lines in the shape of Indonesian regional budgets, 22 columns, about 1.07 KB a
-- row as JSON. Names of agencies are of a kind, not of a place; codes are well formed and freely combined.
-- Rows: the setting `bench.rows`, as in `psql -c "set bench.rows = 200000" -f source.sql`.
create table budget_line (
  id bigint primary key,
  fiscal_year int not null,
  region_code text not null,
  agency_code text not null,
  agency_name text not null,
  unit_code text not null,
  unit_name text not null,
  function_code text not null,
  program_code text not null,
  program_name text not null,
  activity_code text not null,
  activity_name text not null,
  sub_activity_code text not null,
  sub_activity_name text not null,
  account_code text not null,
  account_name text not null,
  funding_source text not null,
  description text,
  amount numeric(18, 2) not null,
  revised_amount numeric(18, 2) not null,
  cash_plan json not null,
  updated_at timestamptz not null
);

insert into budget_line
select
  i,
  2024 + i % 3,
  '33.02',
  agency || '0000',
  names[1 + i % 5] || ' Wilayah ' || i % 40,
  agency || lpad((i % 50)::text, 4, '0'),
  'Unit Pelaksana Teknis Daerah Nomor ' || i % 50,
  bidang,
  program,
  'Program Pemenuhan Upaya Kesehatan Perorangan dan Upaya Kesehatan Masyarakat ' || i % 12,
  activity,
  'Penyediaan Layanan Kesehatan untuk UKM dan UKP Rujukan Tingkat Daerah Kabupaten/Kota ' || i % 30,
  -- 2 after the program: the authority of a regency; four digits at the end, as since fiscal year 2024.
  activity || '.' || lpad((1 + i % 60)::text, 4, '0'),
  'Pengelolaan Pelayanan Kesehatan bagi Penduduk pada Kondisi Tertentu ' || i % 60,
  format('5.%s.%s.%s.%s.%s', 1 + i % 3, lpad((1 + i % 6)::text, 2, '0'), lpad((1 + i % 4)::text, 2, '0'),
    lpad((1 + i % 7)::text, 2, '0'), lpad((1 + i % 70)::text, 4, '0')),
  'Belanja Alat/Bahan untuk Kegiatan Kantor-Alat Tulis Kantor ' || i % 70,
  (array['PAD', 'DAU', 'DAK_FISIK', 'DAK_NONFISIK', 'DBH', 'HIBAH', 'BLUD'])[1 + i % 7],
  case when i % 4 > 0 then 'Rincian belanja ' || md5(i::text) end,
  amount,
  1000000 + (i * 104729) % 900000000 + (i % 97) / 100.0,
  ('[' || (select string_agg(round(amount / 12 + month, 2)::text, ',') from generate_series(1, 12) month) || ']')::json,
  timestamptz '2024-01-01 00:00:00+07' + (i % 5000000) * interval '1 second'
from
  generate_series(1, current_setting('bench.rows')::bigint) i,
  lateral (select
    array['Dinas Kesehatan', 'Dinas Pendidikan dan Kebudayaan', 'Dinas Pekerjaan Umum dan Penataan Ruang',
      'Badan Pengelolaan Keuangan dan Aset Daerah', 'Dinas Sosial'] as names,
    format('%s.%s', 1 + i % 5, lpad((1 + i % 9)::text, 2, '0')) as bidang,
    1000000 + (i * 7919) % 900000000 + (i % 100) / 100.0 as amount) head,
  lateral (select
    format('%s.0.00.0.00.%s.', bidang, lpad((1 + i % 40)::text, 2, '0')) as agency,
    format('%s.%s', bidang, lpad((1 + i % 12)::text, 2, '0')) as program) codes,
  lateral (select format('%s.2.%s', program, lpad((1 + i % 9)::text, 2, '0')) as activity) activities;

create index on budget_line (updated_at);
vacuum freeze analyze budget_line;
