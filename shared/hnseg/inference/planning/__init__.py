"""The schedule of a prediction: time, memory, and how tiles cover the volume. Pure decisions; no network runs here."""
