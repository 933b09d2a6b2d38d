"""Judgement of uploads, runs and outputs, as the platform makes it: findings, never pictures."""
