"""Finds what stopped moving, each minute (`handler`; its steps stand in `wiring`), and does what follows from a change
of a job (`journal_handler`; its readers stand in `journal/`)."""
