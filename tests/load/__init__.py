"""Many callers at once: threads, processes, processes that are killed, and hostile sizes."""
