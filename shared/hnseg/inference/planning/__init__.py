"""Planning of a prediction: time, effort, memory, and tiles over the volume. No network runs here."""
