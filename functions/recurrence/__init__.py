"""Each minute: templates whose turn has come become jobs."""
