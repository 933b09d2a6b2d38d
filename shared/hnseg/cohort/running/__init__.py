"""Running of cases: a process that has loaded the work, its supervisor, and the engine that has many of them."""
