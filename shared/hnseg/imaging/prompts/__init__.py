"""Clicks with which a user corrects a segmentation, and the channels in which a network sees them."""
