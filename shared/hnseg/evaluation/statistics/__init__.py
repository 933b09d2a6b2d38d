"""Statistics that challenges rank and score by, each checked against a published implementation."""
