"""Files of predictions, references and scores: found, paired, checked, written."""
