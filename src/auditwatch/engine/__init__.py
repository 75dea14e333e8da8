"""Where tables live and where expressions run: the only rooms that know Delta, DuckDB and Spark."""
