"""Libraries that run the networks: torch, and OpenVINO on a processor."""
