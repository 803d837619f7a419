"""What the API and the watcher both do about jobs that failed for good: find them, and carry bulk actions out."""
