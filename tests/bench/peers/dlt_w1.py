"""One sync with dlt: the table `budget_line` of one PostgreSQL into another, merged by id.

Arguments: source URL, destination URL, folder for dlt's state, and `full` or `cursor`.
"""
import os
import sys

os.environ.update({"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "WARNING"})

import dlt
from dlt.sources.credentials import ConnectionStringCredentials
from dlt.sources.sql_database import sql_table

source, destination, folder, how = sys.argv[1:]
table = sql_table(
    credentials=ConnectionStringCredentials(source.replace("postgres://", "postgresql+psycopg2://")),
    table="budget_line",
    # The fastest of dlt's ways to read a table, with the chunk size that its manual advises.
    backend="pyarrow",
    chunk_size=10_000,
    **({"incremental": dlt.sources.incremental("updated_at")} if how == "cursor" else {}),
)
table.apply_hints(
    primary_key="id",
    write_disposition={"disposition": "merge", "strategy": "upsert"},
    columns={"cash_plan": {"data_type": "json"}},
)
pipeline = dlt.pipeline(
    "w1",
    destination=dlt.destinations.postgres(destination.replace("postgres://", "postgresql://")),
    dataset_name="dlt",
    pipelines_dir=folder,
)
print(pipeline.run(table))
