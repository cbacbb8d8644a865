"""What was recorded, for other tools: metrics (OTLP, OpenMetrics) and a table of cells (Parquet)."""
