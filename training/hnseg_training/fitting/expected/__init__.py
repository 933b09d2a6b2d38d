"""What a planned training will need: memory, time, and whether this machine has it."""
