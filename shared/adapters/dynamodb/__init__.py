"""The jobs and control tables: `codec` (job ↔ item), `expressions` (change → expressions), one file per store."""
