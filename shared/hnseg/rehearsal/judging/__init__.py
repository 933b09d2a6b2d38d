"""Judging what a case left, as the platform does: findings, never pictures."""
