"""Study of robustness: each case as it is and with each image perturbed, through the pipeline of its container."""
