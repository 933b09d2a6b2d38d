"""Challenge with editions, a value and answers, for the tests: the method of HNTS-MRG, asked for more."""
