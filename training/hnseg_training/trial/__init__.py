"""Trial of the whole way from public data to a rehearsed bundle, on a few patients and in minutes."""
