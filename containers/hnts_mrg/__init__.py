"""HNTS-MRG 2024 task 2: GTVp and GTVn on mid-treatment T2w MRI."""
