"""Description of a challenge written from one example: a platform's `inputs.json` and an algorithm's output."""
