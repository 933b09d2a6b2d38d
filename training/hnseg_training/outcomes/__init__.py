"""Models of what a challenge asks beside the label map: one module a challenge that asks."""
